// Links as every resource of the compute API has them: to itself in the client's version of the API, and for good.
#pragma once

#include <volutus/request.hpp>

namespace volutus::compute {

inline json::object bookmark_to(Request& request, std::string const& path) {
    return {{"rel", "bookmark"}, {"href", request.link("/" + path)}};
}
inline json::array links_to(Request& request, std::string const& path) {
    return {json::object{{"rel", "self"}, {"href", request.link(path)}}, bookmark_to(request, path)};
}

} // namespace volutus::compute

// The version documents, which clients read before they have a token.
#pragma once

#include <volutus/request.hpp>

namespace volutus::compute {

inline constexpr std::string_view lowest_version = "2.1";
// The newest in which every route that is here has its exact shape: 2.86 checks the names of extra specs.
inline constexpr std::string_view newest_version = "2.85";

struct Root : Stored {
    std::string id;
};
Resource const& resource_of(Root const*);

Reply list_versions(Request& request);
Reply show_version(Request& request);

} // namespace volutus::compute

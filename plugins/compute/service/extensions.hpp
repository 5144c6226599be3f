// The list of extensions, a fixed one since the API has microversions; and host aggregates, of which there are none.
#pragma once

#include <volutus/request.hpp>

namespace volutus::compute {

struct Extension : Stored {
    std::string id;
};
Resource const& resource_of(Extension const*);

Reply list_extensions(Request& request);
Reply show_extension(Request& request);
Reply list_aggregates(Request& request);

} // namespace volutus::compute

// The handlers of /traits.
#pragma once

#include "names.hpp"

#include <volutus/request.hpp>

namespace volutus::placement_service {

Reply list_traits(Request& request);
Reply show_trait(Request& request);
Reply ensure_trait(Request& request);
Reply remove_trait(Request& request);

} // namespace volutus::placement_service

// GET /resource_providers: by name, UUID, tree, room, traits and aggregates.
#pragma once

#include <volutus/request.hpp>

namespace volutus::placement_service {

Reply list_providers(Request& request);

} // namespace volutus::placement_service

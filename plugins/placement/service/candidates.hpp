// Where something could be placed: GET /allocation_candidates.
#pragma once

#include <volutus/request.hpp>

namespace volutus::placement_service {

Reply list_candidates(Request& request);

} // namespace volutus::placement_service

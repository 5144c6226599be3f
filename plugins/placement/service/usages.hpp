// GET /usages: what a project, or a user of it, holds in all.
#pragma once

#include <volutus/request.hpp>

namespace volutus::placement_service {

inline constexpr char for_project_readers[] =
    "rule:context_is_admin or role:service or (role:reader and project_id:%(project_id)s)";

Reply list_usages(Request& request);

} // namespace volutus::placement_service

// The checks of Keystone's secure RBAC that several tables share. An administrator of any scope administers the cloud;
// what a table does not name a check for takes admin_or_system_reader to read and admin to write.
#pragma once

#include <string_view>

namespace volutus::identity_service::checks {

inline constexpr std::string_view anyone = "@"; // with a token
inline constexpr std::string_view admin = "rule:admin_required";
inline constexpr std::string_view admin_or_system_reader = "rule:admin_required or (role:reader and system_scope:all)";

} // namespace volutus::identity_service::checks

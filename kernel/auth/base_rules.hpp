// The rules that the tables of all services build on: OpenStack's secure RBAC with its personas.
//
// admin operates the cloud; manager, member and reader work within a project (or a domain); service is what one service
// may do to another. admin implies manager, manager implies member, member implies reader: the caller's roles come with
// what they imply, so "role:reader" holds for a member.
#pragma once

#include <kernel/auth/policy.hpp>

#include <vector>

namespace volutus::kernel::auth {

// Borrowed from static storage.
std::vector<RuleDefault> base_rules();

} // namespace volutus::kernel::auth

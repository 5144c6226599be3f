#pragma once

#include "assignments.hpp"
#include "checks.hpp"

#include <volutus/resource.hpp>

namespace volutus::identity_service {

inline constexpr auto may_grant = policy("identity:create_grant", checks::admin);
inline constexpr auto may_check_grant = policy("identity:check_grant", checks::admin_or_system_reader);
inline constexpr auto may_revoke_grant = policy("identity:revoke_grant", checks::admin);
inline constexpr auto may_list_grants = policy("identity:list_grants", checks::admin_or_system_reader);

inline constexpr auto assignments = resource<Assignment>(
    "role_assignment", "role_assignments", kind("identity.assignment"), unscoped, field<&Assignment::id>("id"),
    field<&Assignment::user_id>("user_id", indexed, owned_by("identity.user")),
    field<&Assignment::group_id>("group_id", indexed, owned_by("identity.group")),
    field<&Assignment::project_id>("project_id", indexed, owned_by("identity.project")),
    field<&Assignment::domain_id>("domain_id", indexed, owned_by("identity.domain")),
    field<&Assignment::system>("system", indexed),
    field<&Assignment::role_id>("role_id", indexed, owned_by("identity.role")),
    field<&Assignment::inherited>("inherited", indexed),

    route<list_assignments>("GET", "/role_assignments",
                            policy("identity:list_role_assignments", checks::admin_or_system_reader)),

    route<grant>("PUT", "/projects/{project_id}/users/{user_id}/roles/{role_id}", may_grant, status(204),
                 alias("/projects/{project_id}/groups/{group_id}/roles/{role_id}")),
    route<check_grant>("GET", "/projects/{project_id}/users/{user_id}/roles/{role_id}", may_check_grant, status(204),
                       alias("/projects/{project_id}/groups/{group_id}/roles/{role_id}")),
    route<revoke_grant>("DELETE", "/projects/{project_id}/users/{user_id}/roles/{role_id}", may_revoke_grant,
                        status(204), alias("/projects/{project_id}/groups/{group_id}/roles/{role_id}")),
    route<list_grants>("GET", "/projects/{project_id}/users/{user_id}/roles", may_list_grants,
                       alias("/projects/{project_id}/groups/{group_id}/roles")),

    route<grant>("PUT", "/domains/{domain_id}/users/{user_id}/roles/{role_id}", may_grant, status(204),
                 alias("/domains/{domain_id}/groups/{group_id}/roles/{role_id}")),
    route<check_grant>("GET", "/domains/{domain_id}/users/{user_id}/roles/{role_id}", may_check_grant, status(204),
                       alias("/domains/{domain_id}/groups/{group_id}/roles/{role_id}")),
    route<revoke_grant>("DELETE", "/domains/{domain_id}/users/{user_id}/roles/{role_id}", may_revoke_grant, status(204),
                        alias("/domains/{domain_id}/groups/{group_id}/roles/{role_id}")),
    route<list_grants>("GET", "/domains/{domain_id}/users/{user_id}/roles", may_list_grants,
                       alias("/domains/{domain_id}/groups/{group_id}/roles")),

    route<grant>("PUT", "/system/users/{user_id}/roles/{role_id}",
                 policy("identity:create_system_grant_for_user", checks::admin), status(204)),
    route<check_grant>("GET", "/system/users/{user_id}/roles/{role_id}",
                       policy("identity:check_system_grant_for_user", checks::admin_or_system_reader), status(204)),
    route<revoke_grant>("DELETE", "/system/users/{user_id}/roles/{role_id}",
                        policy("identity:revoke_system_grant_for_user", checks::admin), status(204)),
    route<list_grants>("GET", "/system/users/{user_id}/roles",
                       policy("identity:list_system_grants_for_user", checks::admin_or_system_reader)),

    route<grant>("PUT", "/system/groups/{group_id}/roles/{role_id}",
                 policy("identity:create_system_grant_for_group", checks::admin), status(204)),
    route<check_grant>("GET", "/system/groups/{group_id}/roles/{role_id}",
                       policy("identity:check_system_grant_for_group", checks::admin_or_system_reader), status(204)),
    route<revoke_grant>("DELETE", "/system/groups/{group_id}/roles/{role_id}",
                        policy("identity:revoke_system_grant_for_group", checks::admin), status(204)),
    route<list_grants>("GET", "/system/groups/{group_id}/roles",
                       policy("identity:list_system_grants_for_group", checks::admin_or_system_reader)),

    route<grant>("PUT", "/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
                 may_grant, status(204),
                 alias("/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects")),
    route<check_grant>(
        "GET", "/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        may_check_grant, status(204),
        alias("/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects")),
    route<revoke_grant>(
        "DELETE", "/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        may_revoke_grant, status(204),
        alias("/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects")),

    route<grant>("PUT", "/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
                 may_grant, status(204),
                 alias("/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects")),
    route<check_grant>(
        "GET", "/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects", may_check_grant,
        status(204), alias("/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects")),
    route<revoke_grant>(
        "DELETE", "/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        may_revoke_grant, status(204),
        alias("/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects")),
    route<list_grants>("GET", "/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects",
                       may_list_grants,
                       alias("/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects")));

} // namespace volutus::identity_service

#pragma once

#include "checks.hpp"
#include "documents.hpp"
#include "groups.hpp"

namespace volutus::identity_service {

inline constexpr auto groups = resource<Group>(
    "group", "groups", kind("identity.group"), unscoped, unique_in("identity.group.name", "domain_id", "name"),
    field<&Group::id>("id"), field<&Group::name>("name", required_on_create, writable, min_length(1), max_length(64)),
    field<&Group::domain_id>("domain_id", on_create, owned_by("identity.domain")),
    field<&Group::description>("description", writable, max_length(4096), fallback("\"\"")),
    field<&Group::extra>("extra", keeps_rest), computed<self_link<Group>>("links"),
    list("/groups", "identity:list_groups", filters("name", "domain_id"), sorted_by("name")),
    show("/groups/{group_id}", "identity:get_group"), create<create_group>("/groups", "identity:create_group"),
    update<update_group>("/groups/{group_id}", "identity:update_group", by("PATCH")),
    remove<remove_group>("/groups/{group_id}", "identity:delete_group"),
    route<list_group_users>("GET", "/groups/{group_id}/users", "identity:list_users_in_group"));

inline constexpr auto memberships = resource<Membership>(
    "membership", "memberships", kind("identity.membership"), unscoped, field<&Membership::id>("id"),
    field<&Membership::group_id>("group_id", indexed, owned_by("identity.group")),
    field<&Membership::user_id>("user_id", indexed, owned_by("identity.user")),
    route<add_group_user>("PUT", "/groups/{group_id}/users/{user_id}",
                          policy("identity:add_user_to_group", checks::admin), status(204)),
    route<check_group_user>("GET", "/groups/{group_id}/users/{user_id}",
                            policy("identity:check_user_in_group", checks::admin_or_system_reader), status(204)),
    route<remove_group_user>("DELETE", "/groups/{group_id}/users/{user_id}",
                             policy("identity:remove_user_from_group", checks::admin), status(204)));

} // namespace volutus::identity_service

#pragma once

#include "checks.hpp"
#include "documents.hpp"
#include "roles.hpp"

namespace volutus::identity_service {

inline json::value shown_domain(Request&, Role const& role) {
    return role.domain_id.empty() ? json::value() : json::value(json::string(role.domain_id));
}

inline constexpr auto roles = resource<Role>(
    "role", "roles", kind("identity.role"), unscoped, unique_in("identity.role.name", "domain_id", "name"),
    field<&Role::id>("id"), field<&Role::name>("name", required_on_create, writable, min_length(1), max_length(255)),
    field<&Role::domain_id>("domain_id", on_create, owned_by("identity.domain"), view<shown_domain>()),
    field<&Role::description>("description", writable, max_length(4096)), field<&Role::options>("options", writable),
    field<&Role::extra>("extra", keeps_rest), computed<self_link<Role>>("links"),
    list<list_roles>("/roles", "identity:list_roles", filters("name", "domain_id"), sorted_by("name")),
    show("/roles/{role_id}", "identity:get_role"), create<create_role>("/roles", "identity:create_role"),
    update<update_role>("/roles/{role_id}", "identity:update_role", by("PATCH")),
    remove<remove_role>("/roles/{role_id}", "identity:delete_role"));

inline constexpr auto implied_roles = resource<ImpliedRole>(
    "role_inference", "role_inferences", kind("identity.implied_role"), unscoped, field<&ImpliedRole::id>("id"),
    field<&ImpliedRole::prior_role_id>("prior_role_id", indexed, owned_by("identity.role")),
    field<&ImpliedRole::implied_role_id>("implied_role_id", indexed, owned_by("identity.role")),
    route<list_inferences>("GET", "/role_inferences",
                           policy("identity:list_role_inference_rules", checks::admin_or_system_reader)),
    route<list_implied>("GET", "/roles/{prior_role_id}/implies",
                        policy("identity:list_implied_roles", checks::admin_or_system_reader)),
    route<imply>("PUT", "/roles/{prior_role_id}/implies/{implied_role_id}",
                 policy("identity:create_implied_role", checks::admin), status(201)),
    route<show_implied>("GET", "/roles/{prior_role_id}/implies/{implied_role_id}",
                        policy("identity:get_implied_role", checks::admin_or_system_reader)),
    route<stop_implying>("DELETE", "/roles/{prior_role_id}/implies/{implied_role_id}",
                         policy("identity:delete_implied_role", checks::admin), status(204)));

} // namespace volutus::identity_service

#pragma once

#include "checks.hpp"
#include "documents.hpp"
#include "users.hpp"

namespace volutus::identity_service {

inline constexpr std::string_view user_or_reader =
    "rule:admin_required or (role:reader and system_scope:all) or "
    "(role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s";

inline constexpr auto users = resource<User>(
    "user", "users", kind("identity.user"), unscoped, unique_in("identity.user.name", "domain_id", "name"),
    field<&User::id>("id"), field<&User::name>("name", required_on_create, writable, min_length(1), max_length(255)),
    field<&User::domain_id>("domain_id", on_create, owned_by("identity.domain")),
    field<&User::password>("password", writable, secret, min_length(1), max_length(4096)),
    field<&User::enabled>("enabled", writable, fallback("true")),
    field<&User::default_project_id>("default_project_id", writable, max_length(64), when_set),
    field<&User::email>("email", writable, max_length(255), when_set),
    field<&User::description>("description", writable, max_length(4096), when_set),
    field<&User::password_expires_at>("password_expires_at"), field<&User::options>("options", writable),
    field<&User::extra>("extra", keeps_rest), field<&User::tokens_from>("tokens_from", hidden),
    computed<self_link<User>>("links"),
    list<list_users>("/users",
                     policy("identity:list_users", "rule:admin_required or (role:reader and system_scope:all) or "
                                                   "(role:reader and domain_id:%(domain_id)s)"),
                     filters("name", "domain_id", "enabled"), sorted_by("name")),
    show("/users/{user_id}", policy("identity:get_user", user_or_reader), asks_of_object),
    create<create_user>("/users", "identity:create_user"),
    update<update_user>("/users/{user_id}", "identity:update_user", by("PATCH")),
    remove<remove_user>("/users/{user_id}", "identity:delete_user"),
    route<change_password>("POST", "/users/{user_id}/password", {}, anonymous, status(204)),
    route<list_projects_of_user>("GET", "/users/{user_id}/projects",
                                 policy("identity:list_user_projects", user_or_reader), asks_of_object),
    route<list_groups_of_user>("GET", "/users/{user_id}/groups",
                               policy("identity:list_groups_for_user", user_or_reader), asks_of_object));

} // namespace volutus::identity_service

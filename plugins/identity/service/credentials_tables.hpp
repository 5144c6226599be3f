#pragma once

#include "checks.hpp"
#include "credentials.hpp"
#include "documents.hpp"

namespace volutus::identity_service {

inline constexpr std::string_view credential_owner = "rule:admin_required or user_id:%(target.credential.user_id)s";

inline constexpr auto credentials = resource<Credential>(
    "credential", "credentials", kind("identity.credential"), unscoped, field<&Credential::id>("id"),
    field<&Credential::user_id>("user_id", writable, owned_by("identity.user")),
    field<&Credential::project_id>("project_id", writable, owned_by("identity.project")),
    field<&Credential::type>("type", required_on_create, writable, min_length(1), max_length(255)),
    field<&Credential::blob>("blob", required_on_create, writable, max_length(65536)),
    field<&Credential::extra>("extra", keeps_rest), computed<self_link<Credential>>("links"),
    list<list_credentials>("/credentials", policy("identity:list_credentials", checks::admin_or_system_reader),
                           checks_itself, filters("user_id", "type")),
    show("/credentials/{credential_id}",
         policy("identity:get_credential", "rule:admin_required or (role:reader and system_scope:all) or "
                                           "user_id:%(target.credential.user_id)s"),
         asks_of_object),
    create<create_credential>("/credentials", policy("identity:create_credential", credential_owner), checks_itself),
    update<update_credential>("/credentials/{credential_id}", policy("identity:update_credential", credential_owner),
                              by("PATCH"), asks_of_object),
    remove("/credentials/{credential_id}", policy("identity:delete_credential", credential_owner), asks_of_object));

inline constexpr auto policies = resource<PolicyBlob>(
    "policy", "policies", kind("identity.policy"), unscoped, field<&PolicyBlob::id>("id"),
    field<&PolicyBlob::type>("type", required_on_create, writable, max_length(255)),
    field<&PolicyBlob::blob>("blob", required_on_create, writable, max_length(65536)),
    field<&PolicyBlob::extra>("extra", keeps_rest), computed<self_link<PolicyBlob>>("links"),
    list("/policies", "identity:list_policies", filters("type")), show("/policies/{policy_id}", "identity:get_policy"),
    create("/policies", "identity:create_policy"),
    update("/policies/{policy_id}", "identity:update_policy", by("PATCH")),
    remove("/policies/{policy_id}", "identity:delete_policy"));

} // namespace volutus::identity_service

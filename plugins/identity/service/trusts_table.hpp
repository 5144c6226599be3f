#pragma once

#include "checks.hpp"
#include "trusts.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace volutus::identity_service {

inline json::value shown_expiry(Request&, Trust const& trust) {
    if (!trust.expires) return nullptr;
    return json::string(timestamp_with_micros(world::WallTime(world::WallTime::duration(*trust.expires))));
}
inline json::object trust_link(Request& request, Trust const& trust) {
    return {{"self", request.link("/OS-TRUST/trusts/" + trust.id)}};
}

inline constexpr std::string_view trust_party =
    "rule:admin_required or (role:reader and system_scope:all) or user_id:%(target.trust.trustor_user_id)s or "
    "user_id:%(target.trust.trustee_user_id)s";

inline constexpr auto trusts = resource<Trust>(
    "trust", "trusts", kind("identity.trust"), unscoped,
    rule("identity:list_trusts_for_trustor", "user_id:%(target.trust.trustor_user_id)s"),
    rule("identity:list_trusts_for_trustee", "user_id:%(target.trust.trustee_user_id)s"), field<&Trust::id>("id"),
    field<&Trust::trustor_user_id>("trustor_user_id", owned_by("identity.user")),
    field<&Trust::trustee_user_id>("trustee_user_id", owned_by("identity.user")),
    field<&Trust::project_id>("project_id", owned_by("identity.project")),
    field<&Trust::impersonation>("impersonation"), field<&Trust::roles>("roles", hidden, owned_by("identity.role")),
    field<&Trust::expires>("expires", hidden), computed<shown_expiry>("expires_at"),
    field<&Trust::remaining_uses>("remaining_uses"), computed<trust_link>("links"),
    list<list_trusts>("/OS-TRUST/trusts", policy("identity:list_trusts", checks::admin_or_system_reader), checks_itself,
                      filters("trustor_user_id", "trustee_user_id")),
    create<create_trust>("/OS-TRUST/trusts",
                         policy("identity:create_trust", "user_id:%(target.trust.trustor_user_id)s"), checks_itself),
    show<show_trust>("/OS-TRUST/trusts/{trust_id}", policy("identity:get_trust", trust_party), checks_itself),
    remove<remove_trust>(
        "/OS-TRUST/trusts/{trust_id}",
        policy("identity:delete_trust", "rule:admin_required or user_id:%(target.trust.trustor_user_id)s"),
        checks_itself),
    route<list_trust_roles>("GET", "/OS-TRUST/trusts/{trust_id}/roles",
                            policy("identity:list_roles_for_trust", trust_party), checks_itself),
    route<show_trust_role>("GET", "/OS-TRUST/trusts/{trust_id}/roles/{role_id}",
                           policy("identity:get_role_for_trust", trust_party), checks_itself));

} // namespace volutus::identity_service

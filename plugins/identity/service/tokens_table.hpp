#pragma once

#include "checks.hpp"
#include "tokens.hpp"

#include <volutus/resource.hpp>

namespace volutus::identity_service {

inline constexpr auto revoked_tokens = resource<RevokedToken>(
    "token", "tokens", kind("identity.revoked_token"), unscoped, field<&RevokedToken::id>("id"),
    field<&RevokedToken::expires>("expires", indexed),
    route<&Tokens::issue>("POST", "/auth/tokens", {}, anonymous, status(201)),
    route<&Tokens::show>("GET", "/auth/tokens",
                         policy("identity:validate_token", "rule:service_admin_or_token_subject"), checks_itself),
    route<&Tokens::revoke>("DELETE", "/auth/tokens", policy("identity:revoke_token", "rule:admin_or_token_subject"),
                           checks_itself, status(204)),
    route<&Tokens::show_catalog>("GET", "/auth/catalog", policy("identity:get_auth_catalog", checks::anyone)),
    route<&Tokens::list_projects>("GET", "/auth/projects", policy("identity:get_auth_projects", checks::anyone)),
    route<&Tokens::list_domains>("GET", "/auth/domains", policy("identity:get_auth_domains", checks::anyone)),
    route<&Tokens::list_system>("GET", "/auth/system", policy("identity:get_auth_system", checks::anyone)));

} // namespace volutus::identity_service

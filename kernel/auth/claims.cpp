#include <kernel/auth/claims.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace volutus::kernel::auth {

namespace {
// In the order of Scope.
constexpr std::array<std::string_view, 4> scopes{"none", "project", "domain", "system"};

std::int64_t microseconds(world::WallTime time) { return time.time_since_epoch().count(); }
world::WallTime time_from(std::int64_t microseconds) {
    return world::WallTime(world::WallTime::duration(microseconds));
}
} // namespace

volutus::auth::Claims claims_of(Token const& token) {
    volutus::auth::Claims out;
    out.user_id = token.user_id;
    out.scope = scopes.at(static_cast<std::size_t>(token.scope));
    out.scope_id = token.scope_id;
    out.methods = token.methods;
    out.audit_ids = token.audit_ids;
    out.trust_id = token.trust_id;
    out.application_credential_id = token.application_credential_id;
    out.issued = microseconds(token.issued);
    out.expires = microseconds(token.expires);
    return out;
}

Token token_from(volutus::auth::Claims const& claims) {
    auto const scope = std::find(scopes.begin(), scopes.end(), claims.scope);
    if (scope == scopes.end())
        throw Error(Code::invalid, fmt::format("a token's scope is {}, not '{}'", fmt::join(scopes, ", "),
                                               claims.scope.substr(0, 64)));
    Token out;
    out.user_id = claims.user_id;
    out.scope = static_cast<Scope>(scope - scopes.begin());
    out.scope_id = claims.scope_id;
    out.methods = claims.methods;
    out.audit_ids = claims.audit_ids;
    out.trust_id = claims.trust_id;
    out.application_credential_id = claims.application_credential_id;
    out.issued = time_from(claims.issued);
    out.expires = time_from(claims.expires);
    return out;
}

} // namespace volutus::kernel::auth

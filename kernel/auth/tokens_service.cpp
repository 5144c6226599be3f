#include <kernel/auth/tokens_service.hpp>

#include <kernel/auth/claims.hpp>

namespace volutus::kernel::auth {

tokens::Sealed TokensService::seal(Call&, tokens::Seal const& wanted) {
    auto token = token_from(wanted.claims);
    auto const now = world::wall_now();
    if (wanted.claims.issued == 0) token.issued = now;
    if (wanted.claims.expires == 0) token.expires = now + times_.lifetime;
    // A key is kept for as long as a token of this length may need it.
    if (token.expires > now + times_.lifetime)
        throw Error(Code::invalid, "a token must not be valid for longer than auth.token_lifetime");
    return {sealer_.seal(token), claims_of(token)};
}

volutus::auth::Claims TokensService::open(Call&, tokens::Open const& wanted) {
    auto const grace = wanted.expired_too ? times_.expired_window : std::chrono::milliseconds(0);
    return claims_of(sealer_.open(wanted.text, std::chrono::duration_cast<std::chrono::seconds>(grace)));
}

tokens::Hash TokensService::hash(Call& call, tokens::Password const& password) {
    if (password.text.empty()) throw Error(Code::invalid, "a password must not be empty");
    return {hasher_.hash(password.text, call.deadline())};
}

tokens::Checked TokensService::check(Call& call, tokens::Check const& asked) {
    if (!asked.hash) {
        hasher_.verify_nobody(asked.password, call.deadline());
        return {};
    }
    tokens::Checked out;
    out.matches = hasher_.verify(asked.password, *asked.hash, call.deadline());
    out.outdated = out.matches && hasher_.needs_rehash(*asked.hash);
    return out;
}

Context TokensService::context(Call& call, tokens::Open const& wanted) {
    return authenticator_.subject(wanted.text, wanted.expired_too, call.trace())->context;
}

} // namespace volutus::kernel::auth

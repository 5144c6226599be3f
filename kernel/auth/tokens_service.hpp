// The contract volutus.tokens/1, for the one plugin that is the identity service.
#pragma once

#include <kernel/auth/authenticator.hpp>
#include <kernel/auth/password.hpp>
#include <kernel/auth/seal.hpp>
#include <volutus/contract/tokens.hpp>

#include <chrono>

namespace volutus::kernel::auth {

struct TokenTimes {
    std::chrono::milliseconds lifetime{};       // the longest that a token may be valid
    std::chrono::milliseconds expired_window{}; // after its end, in which a service may still present it
};

class TokensService final : public tokens::Tokens {
public:
    // All outlive the service.
    TokensService(Sealer const& sealer, PasswordHasher& hasher, Authenticator& authenticator, TokenTimes const& times)
        : sealer_(sealer), hasher_(hasher), authenticator_(authenticator), times_(times) {}

    tokens::Sealed seal(Call& call, tokens::Seal const& wanted) override;
    volutus::auth::Claims open(Call& call, tokens::Open const& wanted) override;
    tokens::Hash hash(Call& call, tokens::Password const& password) override;
    tokens::Checked check(Call& call, tokens::Check const& asked) override;
    Context context(Call& call, tokens::Open const& wanted) override;

private:
    Sealer const& sealer_;
    PasswordHasher& hasher_;
    Authenticator& authenticator_;
    TokenTimes times_;
};

} // namespace volutus::kernel::auth

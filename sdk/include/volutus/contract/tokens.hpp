// volutus.tokens/1: sealed tokens and password hashes. Provided by the kernel, which alone holds the keys; called by the
// identity service.
#pragma once

#include <volutus/contract/auth.hpp>

#include <optional>
#include <string>

namespace volutus::tokens {

struct TokenText {
    std::string text;
};
BOOST_DESCRIBE_STRUCT(TokenText, (), (text))

// `claims.issued` and `claims.expires` are filled in where they are 0: now, and the configured lifetime later. An
// `expires` later than that is refused.
struct Seal {
    auth::Claims claims;
};
BOOST_DESCRIBE_STRUCT(Seal, (), (claims))

struct Sealed {
    std::string text;
    auth::Claims claims;
};
BOOST_DESCRIBE_STRUCT(Sealed, (), (text, claims))

struct Open {
    std::string text;
    bool expired_too = false; // within the configured window
};
BOOST_DESCRIBE_STRUCT(Open, (), (text, expired_too))

struct Password {
    std::string text; // 1 to 4,096 bytes
};
BOOST_DESCRIBE_STRUCT(Password, (), (text))

struct Hash {
    std::string text; // argon2id in its usual form
};
BOOST_DESCRIBE_STRUCT(Hash, (), (text))

struct Check {
    std::string password;
    std::optional<std::string> hash; // absent: there is no such user; takes as long as with one, and does not match
};
BOOST_DESCRIBE_STRUCT(Check, (), (password, hash))

struct Checked {
    bool matches = false;
    bool outdated = false; // the hash is weaker than what is configured now: hash again
};
BOOST_DESCRIBE_STRUCT(Checked, (), (matches, outdated))

struct Tokens {
    virtual ~Tokens() = default;
    virtual Sealed seal(Call&, Seal const&) = 0;
    virtual auth::Claims open(Call&, Open const&) = 0; // unauthenticated: malformed, altered, expired
    virtual Hash hash(Call&, Password const&) = 0;     // rate_limited when too many wait
    virtual Checked check(Call&, Check const&) = 0;
    // What a token stands for, out of the context cache where it is there. unauthenticated: as open(), or revoked, or
    // what it rests on is gone.
    virtual Context context(Call&, Open const&) = 0;
};
inline constexpr auto contract = volutus::contract<Tokens>(
    "volutus.tokens/1", required<&Tokens::seal>("seal"), required<&Tokens::open>("open"),
    required<&Tokens::hash>("hash"), required<&Tokens::check>("check"), required<&Tokens::context>("context"));

} // namespace volutus::tokens

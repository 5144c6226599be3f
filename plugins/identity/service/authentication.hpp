// The proof that a login brings: passwords and tokens.
#pragma once

#include "contexts.hpp"
#include "users.hpp"

#include <volutus/request.hpp>

#include <optional>
#include <string>
#include <vector>

namespace volutus::identity_service {

struct NameOrId {
    std::optional<std::string> id, name;
};
BOOST_DESCRIBE_STRUCT(NameOrId, (), (id, name))

struct ClaimedUser {
    std::optional<std::string> id, name;
    std::optional<NameOrId> domain;
    std::string password;
};
BOOST_DESCRIBE_STRUCT(ClaimedUser, (), (id, name, domain, password))

struct PasswordMethod {
    ClaimedUser user;
};
BOOST_DESCRIBE_STRUCT(PasswordMethod, (), (user))

struct TokenMethod {
    std::string id;
};
BOOST_DESCRIBE_STRUCT(TokenMethod, (), (id))

struct ClaimedIdentity {
    std::vector<std::string> methods;
    std::optional<PasswordMethod> password;
    std::optional<TokenMethod> token;
};
BOOST_DESCRIBE_STRUCT(ClaimedIdentity, (), (methods, password, token))

struct Proof {
    User user;
    std::vector<std::string> methods;
    std::string chain; // audit id of the first token of the chain; "" = this is the first
    std::int64_t expires =
        0; // microseconds since 1970; a token from a token lives no longer than that one. 0 = no bound
};

// The one answer to whatever was wrong with a login. What it was goes to the log, without any secret.
[[noreturn]] void refuse_login(Request& request, std::string_view who, std::string_view why);

class Authentication {
public:
    explicit Authentication(Contexts& contexts) : contexts_(contexts) {}

    // Every method must prove the same user, who must be enabled, as must its domain.
    Proof prove(Request& request, ClaimedIdentity const& claimed);

private:
    User by_password(Request& request, ClaimedUser const& claimed);
    User by_token(Request& request, TokenMethod const& method, Proof& proof);

    Contexts& contexts_;
};

// The domain meant, or nothing.
std::optional<std::string> domain_id_of(Store& store, std::optional<NameOrId> const& domain);

} // namespace volutus::identity_service

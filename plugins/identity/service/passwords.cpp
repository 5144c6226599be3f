#include "passwords.hpp"

#include <volutus/contract/tokens.hpp>

namespace volutus::identity_service {

namespace {
constexpr std::size_t longest = 4096;
} // namespace

std::string password_hash(Host host, Call& call, std::string const& password) {
    return Client<tokens::contract>(host).call<&tokens::Tokens::hash>(call, tokens::Password{password}).text;
}

bool password_matches(Host host, Call& call, std::optional<User> user, std::string const& password) {
    if (password.empty() || password.size() > longest) return false;
    tokens::Check question{password, {}};
    if (user) question.hash = user->password;
    auto const checked = Client<tokens::contract>(host).call<&tokens::Tokens::check>(call, question);
    if (!user || !checked.matches) return false;
    if (checked.outdated) {
        try {
            user->password = password_hash(host, call, password);
            Store(host, call).apply(put(*user));
        } catch (Error const& error) {
            // The login is good all the same; the next one tries again.
            host.log(Level::info, "a password's hash was not renewed", {{"user", user->id}, {"error", error.what()}});
        }
    }
    return true;
}

} // namespace volutus::identity_service

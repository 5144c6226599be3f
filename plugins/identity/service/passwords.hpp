// Passwords of users, by the kernel's hashes.
#pragma once

#include "users.hpp"

#include <string>

namespace volutus::identity_service {

std::string password_hash(Host host, Call& call, std::string const& password);

// Takes as long without a user as with one. A hash that is weaker than what is configured now is made again.
bool password_matches(Host host, Call& call, std::optional<User> user, std::string const& password);

} // namespace volutus::identity_service

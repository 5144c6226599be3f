// Who is asking, from the headers of a request.
#pragma once

#include "kernel/auth/authenticator.hpp"
#include "kernel/auth/settings.hpp"
#include "kernel/gateway/rate_limiter.hpp"
#include "kernel/gateway/service_handler.hpp"

#include <memory>

namespace volutus::kernel::daemon {

// Mode tokens: whom the sealed tokens of X-Auth-Token and X-Service-Token stand for. On an anonymous route a token that
// is not taken counts as none, as clients send their old one when they ask for a new one.
gateway::Authenticate authentication_by_tokens(std::shared_ptr<auth::Authenticator> authenticator);

// Mode tokens without an identity service: nobody can be told from anybody, so all but anonymous routes answer 401.
gateway::Authenticate no_authentication();

// Mode none: whoever the token "<user>:<project>" names, else whom [auth.open] names.
gateway::Authenticate open_authentication(auth::OpenMode const& open, std::shared_ptr<auth::Policy const> policy);

// The same, and RateLimited for a user who asks more often than the rate allows.
gateway::Authenticate at_a_rate(gateway::Authenticate authenticate, std::shared_ptr<gateway::RateLimiter> users);

} // namespace volutus::kernel::daemon

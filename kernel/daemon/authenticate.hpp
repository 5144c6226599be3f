// Who is asking, until an identity service is there to tell.
#pragma once

#include "kernel/auth/settings.hpp"
#include "kernel/gateway/service_handler.hpp"

namespace volutus::kernel::daemon {

// Mode none: whoever the token "<user>:<project>" names, else whom [auth.open] names. Mode tokens: nobody can be told
// from anybody without an identity service, so all but anonymous routes answer 401.
gateway::Authenticate authentication(auth::Settings const& settings);

} // namespace volutus::kernel::daemon

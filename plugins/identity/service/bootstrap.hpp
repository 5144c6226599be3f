// What a cloud without any domain begins with: the default domain, the roles, and an administrator.
#pragma once

#include "settings.hpp"

#include <volutus/store.hpp>

namespace volutus::identity_service {

// Does nothing where a domain is there. Throws invalid for a password file that cannot be used.
void bootstrap(Host host, Call& call, Settings const& settings);

} // namespace volutus::identity_service

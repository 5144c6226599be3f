// What the kernel holds for the identity service, where one is loaded: the keys that seal tokens, the password hashes,
// and whom the tokens stand for.
#pragma once

#include "kernel/auth/authenticator.hpp"
#include "kernel/auth/key_rotation.hpp"
#include "kernel/auth/password.hpp"
#include "kernel/daemon/setup.hpp"

#include <memory>
#include <string>

namespace volutus::kernel::daemon {

// The plugin that provides volutus.auth/1; "" when there is none.
std::string identity_plugin(std::vector<plugin::Planned> const& plugins);

class Identity {
public:
    // Makes or reads the keys; provides volutus.tokens/1 to the plugin, and to nobody else; follows its notes of what
    // changed. The registry and the store outlive this.
    Identity(Setup const& setup, std::string const& plugin, plugin::Registry& registry, store::Store& store);

    std::shared_ptr<auth::Authenticator> authenticator() const { return authenticator_; }

private:
    auth::Sealer sealer_;
    auth::KeyRotation rotation_;
    auth::PasswordHasher hasher_;
    std::shared_ptr<auth::Authenticator> authenticator_;
};

} // namespace volutus::kernel::daemon

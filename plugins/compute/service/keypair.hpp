// A public key of a user, to be put into servers.
#pragma once

#include <volutus/store.hpp>

#include <string>

namespace volutus::compute {

struct Keypair : Stored {
    std::string id, user_id, name, type = "ssh", public_key, fingerprint, created_at;
};
Resource const& resource_of(Keypair const*);

} // namespace volutus::compute

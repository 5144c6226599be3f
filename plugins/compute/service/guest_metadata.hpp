// What guests ask at 169.254.169.254: the formats of EC2 and of OpenStack.
#pragma once

#include "backends.hpp"
#include "server.hpp"

#include <volutus/contract/metadata.hpp>

namespace volutus::compute {

class GuestMetadata : public metadata::Metadata {
public:
    explicit GuestMetadata(Host host) : backends_(host) {}
    metadata::Reply answer(Call& call, metadata::Request const& request) override;

private:
    metadata::Reply post_password(Call& call, Server const& server, std::string const& body) const;

    Backends backends_;
};

// The EC2 tree of a server: objects are folders, strings are files.
json::object ec2_tree_of(Server const& server, ports::Nic const& nic);

} // namespace volutus::compute

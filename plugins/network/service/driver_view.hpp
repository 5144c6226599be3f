// The documents as the driver is told of them: the whole of what is to be.
#pragma once

#include "floating_ip.hpp"
#include "network.hpp"
#include "port.hpp"
#include "router.hpp"
#include "security_group.hpp"
#include "subnet.hpp"

#include <volutus/contract/network.hpp>

namespace volutus::network_service {

network::Network network_for_driver(Store& store, Network const& network);
network::Group group_for_driver(Store& store, SecurityGroup const& group);
network::Port port_for_driver(Port const& port);
network::Router router_for_driver(Store& store, Router const& router);

// Is it to be on the host? A network with a server's bound port or a router's port on it; a group of a bound port, or
// named by a rule of such a group; a router with an interface or a gateway.
bool is_needed(Store& store, Network const& network);
bool is_needed(Store& store, SecurityGroup const& group);
bool is_needed(Store& store, Router const& router);

} // namespace volutus::network_service

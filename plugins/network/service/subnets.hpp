// What is done to subnets, and the port of a network that answers DHCP, ping and metadata on them.
#pragma once

#include "allocation.hpp"
#include "network.hpp"
#include "settings.hpp"

namespace volutus::network_service {

class Subnets {
public:
    explicit Subnets(Settings const& settings) : settings_(settings) {}

    Reply create(Request& request, std::vector<Subnet> const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

private:
    Settings const& settings_;
};

// The network's own port as its subnets with DHCP want it: made, changed or removed. What it loses is kept by `changed`
// where the driver may still use it. Planned in `addresses`: `into` must stay where it is until they are applied.
struct DhcpPort {
    std::optional<Port> port;    // as it is to be; none: there is none to be
    std::optional<Port> removed; // as it was
    Writes freed;
};
void plan_dhcp_port(Store& store, Network const& network, std::vector<Subnet> const& subnets, Allocation& addresses,
                    Changed& changed, DhcpPort& into);

} // namespace volutus::network_service

// What is done to ports.
#pragma once

#include "allocation.hpp"
#include "network.hpp"
#include "settings.hpp"

namespace volutus::network_service {

class SecurityGroups;

class Ports {
public:
    Ports(Settings const& settings, SecurityGroups& groups) : settings_(settings), groups_(groups) {}

    Reply list(Request& request);
    Reply create(Request& request, std::vector<Port> const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

private:
    void check_rights(Request& request, Network const& network, json::object const& body) const;
    void check_security(Request& request, Port const& port) const;

    Settings const& settings_;
    SecurityGroups& groups_;
};

std::string host_of(Request& request, Port const& port);
std::string vif_type_of(Request& request, Port const& port);
json::object vif_details_of(Request& request, Port const& port);

// What has to be told to the driver when this port changes or goes.
void mark_port(Port const& port, Changed& changed);
// Floating IPs that lead to the port lead nowhere from now on.
Writes free_floating_ips(Store& store, Port const& port, Changed& changed);

inline constexpr std::string_view port_quota = "port";

} // namespace volutus::network_service

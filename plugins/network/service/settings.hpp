// What an operator may set of the network service.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace volutus::network_service {

// Limits of a project where nobody has set one; -1 = unlimited.
struct Limits {
    std::int64_t network = 100, subnet = 100, port = 500, router = 10, floatingip = 50, security_group = 10,
                 security_group_rule = 100, subnetpool = -1;
};

struct Settings {
    Limits limits;
    std::string availability_zone = "nova";
    std::string tenant_network_type = "local"; // of networks that name none: "local" or "vxlan"
    std::int64_t mtu = 1500;                   // of networks that name none
    std::int64_t attach_patience_ms = 2000;    // how long the caller of volutus.ports/1 waits for the driver
};

} // namespace volutus::network_service

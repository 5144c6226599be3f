#pragma once

#include "standard.hpp"

namespace volutus::network_service {

struct FloatingIp : Realised {
    std::string floating_network_id, status = "DOWN";
    std::optional<std::string> floating_ip_address, subnet_id, fixed_ip_address, port_id, router_id;
    std::string floating_port_id;       // holds the address
    std::optional<std::string> told_to; // router whose host has it, as far as is known

    // It no longer leads where it did. What no host has is down, whatever kept it from there.
    void lead_away() {
        if (told_to) return;
        status = "DOWN";
        status_reason.reset();
    }
};
Resource const& resource_of(FloatingIp const*);

} // namespace volutus::network_service

#pragma once

#include "standard.hpp"

namespace volutus::network_service {

struct Network : Realised {
    std::string status = "ACTIVE";
    bool admin_state_up = true, shared = false, external = false, is_default = false, port_security_enabled = true;
    std::int64_t mtu = 0;
    std::string network_type;
    std::optional<std::string> physical_network;
    std::optional<std::int64_t> segmentation_id;
    std::vector<std::string> subnets; // ids
    std::vector<std::string> availability_zone_hints;
    std::string audience; // the project, or everybody where it is shared or external
};
Resource const& resource_of(Network const*);

} // namespace volutus::network_service

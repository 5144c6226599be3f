#pragma once

#include "standard.hpp"

namespace volutus::network_service {

struct SecurityGroup : Realised {
    std::optional<std::string> default_of; // the project whose default group it is
};
Resource const& resource_of(SecurityGroup const*);

struct SecurityGroupRule : Standard {
    std::string security_group_id, direction, ethertype = "IPv4";
    std::optional<std::string> protocol, remote_ip_prefix, remote_group_id;
    std::optional<std::int64_t> port_range_min, port_range_max;
    std::string says; // all that decides about packets, so that no group has it twice
};
Resource const& resource_of(SecurityGroupRule const*);

} // namespace volutus::network_service

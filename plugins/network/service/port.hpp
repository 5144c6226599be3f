#pragma once

#include "standard.hpp"

namespace volutus::network_service {

namespace owners {
inline constexpr std::string_view dhcp = "network:dhcp", router_interface = "network:router_interface",
                                  router_gateway = "network:router_gateway", floating_ip = "network:floatingip";
}

struct FixedIp {
    std::optional<std::string> subnet_id, ip_address;
};
constexpr auto fixed_ip_rows = rows(field<&FixedIp::subnet_id>("subnet_id", max_length(255)),
                                    field<&FixedIp::ip_address>("ip_address", formats::ip));
constexpr Fields rows_of(FixedIp const*) { return fields_of(fixed_ip_rows); }

struct AddressPair {
    std::string ip_address;
    std::optional<std::string> mac_address;
};
constexpr auto address_pair_rows =
    rows(field<&AddressPair::ip_address>("ip_address", required_field, formats::ip_or_cidr),
         field<&AddressPair::mac_address>("mac_address", formats::mac));
constexpr Fields rows_of(AddressPair const*) { return fields_of(address_pair_rows); }

struct Port : Realised {
    std::string network_id, mac_address, device_id, device_owner, status = "DOWN";
    bool admin_state_up = true;
    std::optional<bool> port_security_enabled;               // absent while it is made: as the network says
    std::optional<std::vector<std::string>> security_groups; // absent while it is made: the project's default group
    std::vector<AddressPair> allowed_address_pairs;
    std::optional<std::string> host; // clients take it away with null or ""
    std::string vnic_type = "normal";
    json::object profile;

    // Of one length: the addresses, their subnets and texts again for the lists' filters, and under which name the
    // ledger has them ("" where it has not, because the port gives itself the address).
    std::optional<std::vector<FixedIp>> fixed_ips;
    std::vector<std::string> fixed_subnets, fixed_addresses, holders;
    std::int64_t next_holder = 0;

    bool at_driver = false;              // the driver may have heard of it
    bool needs_network = false;          // its network is to be there: a server's bound port, or a router's
    std::string bridge;                  // where it was plugged
    std::string hostname;                // of the server, for DHCP
    std::optional<std::string> made_for; // "<server>/<n>": goes with the server
    std::int64_t nic = 0;                // place among the server's interfaces

    bool is_bound() const { return host && !host->empty(); }
    bool of_the_network() const { return device_owner.rfind("network:", 0) == 0; }
    bool of_a_router() const {
        return device_owner == owners::router_interface || device_owner == owners::router_gateway;
    }
    // Of the tap device; Linux takes 15 characters.
    std::string device() const { return "tap" + id.substr(0, 11); }
    std::vector<std::string> const& groups() const {
        static std::vector<std::string> const none;
        return security_groups ? *security_groups : none;
    }
};
Resource const& resource_of(Port const*);

} // namespace volutus::network_service

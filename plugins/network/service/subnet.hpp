#pragma once

#include "address.hpp"
#include "standard.hpp"

namespace volutus::network_service {

struct Pool {
    std::string start, end;
};
constexpr auto pool_rows = rows(field<&Pool::start>("start", required_field, formats::ip),
                                field<&Pool::end>("end", required_field, formats::ip));
constexpr Fields rows_of(Pool const*) { return fields_of(pool_rows); }

struct HostRoute {
    std::string destination, nexthop;
};
constexpr auto host_route_rows = rows(field<&HostRoute::destination>("destination", required_field, formats::cidr),
                                      field<&HostRoute::nexthop>("nexthop", required_field, formats::ip));
constexpr Fields rows_of(HostRoute const*) { return fields_of(host_route_rows); }

struct Subnet : Standard {
    std::string network_id, cidr;
    std::int64_t ip_version = 4;
    std::optional<std::string> gateway_ip, subnetpool_id, ipv6_ra_mode, ipv6_address_mode;
    std::optional<std::int64_t> prefixlen; // wanted of a pool
    bool use_default_subnetpool = false;
    bool enable_dhcp = true;
    std::vector<Pool> allocation_pools;
    std::vector<std::string> dns_nameservers;
    std::vector<HostRoute> host_routes;
    std::string audience; // the project, or everybody where the network is shared

    Block block() const { return *parse_block(cidr); } // valid in every document
    // Ports give themselves an address here by their MAC.
    bool is_automatic() const {
        return ipv6_address_mode && (*ipv6_address_mode == "slaac" || *ipv6_address_mode == "dhcpv6-stateless");
    }
    // Of taken addresses in the ledger.
    std::string ledger_pool() const { return "network.subnet." + id; }
};
Resource const& resource_of(Subnet const*);

} // namespace volutus::network_service

// The DHCP server and router advertiser of one network: a dnsmasq in the network's namespace, found again by its pid
// file. A new lease is a new line in its list of hosts and a signal; only what dnsmasq cannot read again, and an address
// that passed from one guest to another, starts it anew.
#pragma once

#include <volutus/contract/network.hpp>

#include <string>

namespace volutus::network::on_linux {

struct DhcpPlace {
    std::string directory; // of its own, made on demand
    std::string name_space;
    std::string link; // that it listens on
    std::uint32_t lease_seconds = 86400;
};

void ensure_dhcp(DhcpPlace const& place, Network const& network);
void remove_dhcp(std::string const& directory);
bool dhcp_runs(std::string const& directory, Network const& network); // or need not

// Advertises routers only: for a router's links, each with the IPv6 prefix lengths that stand on it. No links: ended.
struct AdvertisedLink {
    std::string link;
    std::vector<Subnet> subnets;
    std::uint32_t mtu = 1500;
};
void ensure_advertiser(std::string const& directory, std::string const& name_space,
                       std::vector<AdvertisedLink> const& links);
bool advertiser_runs(std::string const& directory); // or need not

} // namespace volutus::network::on_linux

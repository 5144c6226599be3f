// volutus.network/1: networks, ports, security groups and routers on a host. A driver's contract; the network service
// calls it.
//
// Every call says how the thing is to be, whole; the driver changes what differs and leaves the rest alone, so packets
// that flow go on flowing. All calls are repeatable, refuse an epoch lower than the highest seen for that id (stale),
// and removing what is gone succeeds. What was ensured outlives the daemon: it is still there, and works, while the
// daemon is down.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::network {

struct Id {
    std::string id;
};
BOOST_DESCRIBE_STRUCT(Id, (), (id))

struct Route {
    std::string destination, nexthop; // CIDR, address
};
BOOST_DESCRIBE_STRUCT(Route, (), (destination, nexthop))

struct Subnet {
    std::string id, cidr;
    std::string gateway; // "" = none
    bool dhcp = true;
    std::vector<std::string> nameservers;
    std::vector<Route> routes;
    std::string ipv6_address_mode; // "", "slaac", "dhcpv6-stateful", "dhcpv6-stateless"
    std::string ipv6_ra_mode;
};
BOOST_DESCRIBE_STRUCT(Subnet, (), (id, cidr, gateway, dhcp, nameservers, routes, ipv6_address_mode, ipv6_ra_mode))

struct Lease {
    std::string port, mac, address, hostname; // what DHCP tells whom
};
BOOST_DESCRIBE_STRUCT(Lease, (), (port, mac, address, hostname))

struct Network {
    std::string id;
    std::uint32_t mtu = 1500;
    std::string physical; // name of the network outside; "" = this host's own. Its gateway's address is the host's
    std::optional<std::uint32_t> segment; // VLAN on `physical`
    std::vector<Subnet> subnets;
    std::string dhcp_mac; // of the network's own port, which answers DHCP, ping and metadata; "" = has none
    std::vector<std::string> dhcp_addresses; // CIDRs: address and prefix length
    std::vector<Lease> leases;
};
BOOST_DESCRIBE_STRUCT(Network, (), (id, mtu, physical, segment, subnets, dhcp_mac, dhcp_addresses, leases))

struct Rule {
    std::string direction; // "ingress" or "egress"
    std::uint32_t version = 4;
    std::string protocol;                           // "tcp", "udp", "icmp", "ipv6-icmp", a number; "" = any
    std::optional<std::int64_t> port_min, port_max; // of ICMP: type and code
    std::string remote_cidr;                        // "" = any
    std::string remote_group;
};
BOOST_DESCRIBE_STRUCT(Rule, (), (direction, version, protocol, port_min, port_max, remote_cidr, remote_group))

// What a port that has this group may receive and send, and the addresses of all ports that have it.
struct Group {
    std::string id;
    std::vector<Rule> rules;
    std::vector<std::string> members;
};
BOOST_DESCRIBE_STRUCT(Group, (), (id, rules, members))

struct Pair {
    std::string mac, cidr;
};
BOOST_DESCRIBE_STRUCT(Pair, (), (mac, cidr))

struct Port {
    std::string id, network, mac;
    std::string device; // name of the tap device, which the hypervisor makes on the network's bridge
    std::vector<std::string> addresses;
    std::vector<Pair> allowed_pairs; // may send from these too
    std::vector<std::string> groups; // ensured before
    bool security = true;            // false: everything passes, also forged addresses
    bool up = true;                  // false: nothing passes
};
BOOST_DESCRIBE_STRUCT(Port, (), (id, network, mac, device, addresses, allowed_pairs, groups, security, up))

struct Plugged {
    std::string bridge; // that the hypervisor puts the tap device on
};
BOOST_DESCRIBE_STRUCT(Plugged, (), (bridge))

struct RouterPort {
    std::string port, network, mac;
    std::vector<std::string> addresses; // CIDRs: address and prefix length
};
BOOST_DESCRIBE_STRUCT(RouterPort, (), (port, network, mac, addresses))

struct FloatingIp {
    std::string id, address, fixed; // outside, inside
};
BOOST_DESCRIBE_STRUCT(FloatingIp, (), (id, address, fixed))

// A floating IP that goes takes its connections with it.
struct Router {
    std::string id;
    bool up = true;
    std::vector<RouterPort> interfaces;
    std::optional<RouterPort> gateway;
    std::vector<std::string> gateway_nexthops; // of the external subnets
    bool snat = true;
    std::vector<Route> routes;
    std::vector<FloatingIp> floating_ips;
};
BOOST_DESCRIBE_STRUCT(Router, (), (id, up, interfaces, gateway, gateway_nexthops, snat, routes, floating_ips))

struct Host {
    std::string name;                  // as in the binding of ports
    std::vector<std::string> physical; // networks outside that it has
    std::uint32_t mtu = 1500;          // largest that its networks carry
};
BOOST_DESCRIBE_STRUCT(Host, (), (name, physical, mtu))

// Something that is there, but not as it was ensured last: somebody else changed it.
struct Alteration {
    std::string thing, id; // "network", "port", "group", "router"; "host": what networks share
    std::string what;      // for people
};
BOOST_DESCRIBE_STRUCT(Alteration, (), (thing, id, what))

struct Inventory {
    std::vector<std::string> networks, ports, groups, routers; // ids of what is there
    std::vector<std::string> floating_ips;                     // "<router> <address> <fixed address>"
    std::vector<Alteration> altered; // ensuring the thing again, with what stands on it, mends it
};
BOOST_DESCRIBE_STRUCT(Inventory, (), (networks, ports, groups, routers, floating_ips, altered))

struct Driver {
    virtual ~Driver() = default;
    virtual Host host(Call&) = 0;
    virtual Plugged ensure_network(Call&, Network const&) = 0;
    virtual void remove_network(Call&, Id const&) = 0;
    virtual void ensure_group(Call&, Group const&) = 0;
    virtual void remove_group(Call&, Id const&) = 0;
    virtual Plugged ensure_port(Call&, Port const&) = 0; // its network and groups are there
    virtual void remove_port(Call&, Id const&) = 0;
    virtual void ensure_router(Call&, Router const&) = 0; // its networks are there
    virtual void remove_router(Call&, Id const&) = 0;
    virtual Inventory list(Call&) = 0; // for proofs
};
inline constexpr auto contract = volutus::contract<Driver>(
    "volutus.network/1", required<&Driver::host>("host"), required<&Driver::ensure_network>("ensure_network"),
    required<&Driver::remove_network>("remove_network"), required<&Driver::ensure_group>("ensure_group"),
    required<&Driver::remove_group>("remove_group"), required<&Driver::ensure_port>("ensure_port"),
    required<&Driver::remove_port>("remove_port"), required<&Driver::ensure_router>("ensure_router"),
    required<&Driver::remove_router>("remove_router"), required<&Driver::list>("list"));

} // namespace volutus::network

#include "networks.hpp"

#include "addresses.hpp"
#include "commands.hpp"
#include "dhcp.hpp"
#include "legs.hpp"
#include "namespaces.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::network::on_linux {

namespace {

constexpr std::uint32_t least_mtu = 68, most_mtu = 65535; // RFC 791, and what a bridge takes

// The address of a subnet's gateway with the subnet's length.
std::string gateway_cidr(Subnet const& subnet) {
    auto address = Cidr::parse(subnet.gateway, "gateway");
    address.length = Cidr::parse(subnet.cidr, "subnet").length;
    return address.text();
}

} // namespace

Physical const* Networks::physical_of(Network const& network) const {
    if (network.physical.empty()) return nullptr;
    for (auto const& physical : settings_.physical)
        if (physical.name == network.physical) return &physical;
    throw Error(Code::invalid,
                fmt::format("this host has no physical network \"{}\"; name it in the driver's configuration",
                            network.physical));
}

void Networks::check(Network const& network) const {
    checked_id(network.id);
    if (network.mtu < least_mtu || network.mtu > most_mtu)
        throw Error(Code::invalid,
                    fmt::format("MTU {} of network {} is not {} to {}", network.mtu, network.id, least_mtu, most_mtu));
    auto const* physical = physical_of(network);
    if (network.segment && (!physical || physical->interface.empty()))
        throw Error(Code::invalid,
                    fmt::format("network {} has segment {}, but \"{}\" is no network behind an interface", network.id,
                                *network.segment, network.physical));
    if (network.segment && (*network.segment < 1 || *network.segment > 4094))
        throw Error(Code::invalid,
                    fmt::format("segment {} of network {} is not a VLAN of 1 to 4094", *network.segment, network.id));
    for (auto const& subnet : network.subnets) {
        checked_id(subnet.id);
        auto const cidr = Cidr::parse(subnet.cidr, "subnet");
        if (!subnet.gateway.empty() && Cidr::parse(subnet.gateway, "gateway").v6 != cidr.v6)
            throw Error(Code::invalid,
                        fmt::format("gateway {} is not of the version of subnet {}", subnet.gateway, subnet.cidr));
    }
    if (!network.dhcp_mac.empty()) checked_mac(network.dhcp_mac);
    for (auto const& address : network.dhcp_addresses) Cidr::parse(address, "DHCP address");
}

std::string Networks::bridge_of(Network const& network) const {
    auto const* physical = physical_of(network);
    return physical && !physical->bridge.empty() && !network.segment ? physical->bridge : names_.bridge(network.id);
}

std::string Networks::dhcp_directory(std::string const& network) const {
    return fmt::format("{}/dhcp/{}", settings_.state_directory, network);
}

Bridge Networks::firewall_view(Network const& network, unsigned zone) const {
    auto const* physical = physical_of(network);
    Bridge bridge{bridge_of(network), network.id, zone, {}};
    if (physical && physical->interface.empty() && physical->masquerade)
        for (auto const& subnet : network.subnets) bridge.masqueraded.push_back(subnet.cidr);
    return bridge;
}

void Networks::ensure(Network const& network, unsigned zone) {
    ensure_bridge(network);
    firewall_.ensure_bridge(firewall_view(network, zone));
    if (physical_of(network)) ensure_outside(network);
    ensure_own_port(network);
}

void Networks::ensure_bridge(Network const& network) {
    auto const bridge = bridge_of(network);
    if (has_link(bridge)) {
        auto const owner = alias_of(bridge);
        if (owner != network.id)
            throw Error(Code::conflict,
                        fmt::format("bridge {} belongs to {}, not to network {}", bridge,
                                    owner.empty() ? "somebody else on this host" : "network " + owner, network.id));
    } else {
        // Without delay a port forwards at once; a multicast querier, which snooping needs, is not there.
        ip_batch("", {fmt::format("link add name {} type bridge forward_delay 0 stp_state 0 mcast_snooping 0", bridge),
                      fmt::format("link set dev {} alias {}", bridge, network.id)});
        silence(bridge);
    }
    ip_batch("", {fmt::format("link set dev {} type bridge nf_call_iptables 1 nf_call_ip6tables 1", bridge),
                  fmt::format("link set dev {} mtu {} up", bridge, network.mtu)});
}

void Networks::ensure_outside(Network const& network) {
    auto const& physical = *physical_of(network);
    auto const bridge = bridge_of(network);
    if (!physical.interface.empty()) {
        auto port = physical.interface;
        if (!has_link(port))
            throw Error(Code::unavailable,
                        fmt::format("physical network \"{}\": this host has no interface {}", physical.name, port));
        if (network.segment) {
            port = names_.vlan(network.id);
            if (!has_link(port))
                ip_batch("", {fmt::format("link add link {} name {} type vlan id {}", physical.interface, port,
                                          *network.segment)});
        }
        ip_batch("", {fmt::format("link set dev {} up", physical.interface),
                      fmt::format("link set dev {} master {} up", port, bridge)});
        return;
    }
    ensure_leg(*host_leg(network));
    if (physical.masquerade) set_kernel_parameter("ipv4/ip_forward", "1");
}

std::optional<Leg> Networks::host_leg(Network const& network) const {
    auto const* physical = physical_of(network);
    if (!physical || !physical->interface.empty()) return std::nullopt;
    Leg leg;
    leg.port = network.id;
    leg.outside = names_.outside(network.id);
    leg.inside = names_.host_gateway(network.id);
    leg.bridge = bridge_of(network);
    leg.mtu = network.mtu;
    for (auto const& subnet : network.subnets)
        if (!subnet.gateway.empty()) leg.addresses.push_back(gateway_cidr(subnet));
    return leg;
}

std::optional<Leg> Networks::own_leg(Network const& network) const {
    if (network.dhcp_mac.empty()) return std::nullopt;
    Leg leg;
    leg.port = network.id;
    leg.outside = names_.outside(network.id + "/dhcp");
    leg.inside = names_.inside(network.id + "/dhcp");
    leg.name_space = names_.network_namespace(network.id);
    leg.bridge = bridge_of(network);
    leg.mac = checked_mac(network.dhcp_mac);
    leg.mtu = network.mtu;
    leg.addresses = network.dhcp_addresses;
    // Metadata: a guest asks by route, or by ARP where it has none.
    leg.addresses.insert(leg.addresses.end(), {"169.254.169.254/32", "fe80::a9fe:a9fe/64"});
    return leg;
}

void Networks::ensure_own_port(Network const& network) {
    auto const leg = own_leg(network);
    if (!leg) {
        remove_dhcp(dhcp_directory(network.id));
        remove_namespace(names_.network_namespace(network.id));
        return;
    }
    ensure_namespace(leg->name_space);
    ensure_leg(*leg);
    ensure_dhcp({dhcp_directory(network.id), leg->name_space, leg->inside, settings_.lease_seconds}, network);
}

std::vector<std::string> Networks::altered(Network const& network, Links const& host) const {
    std::vector<std::string> all;
    auto const name = bridge_of(network);
    auto const* bridge = host.find(name);
    if (!bridge) return {fmt::format("its bridge {} is missing", name)};
    if (!Links::is_up(*bridge)) all.push_back(fmt::format("its bridge {} is down", name));
    if (bridge->at("mtu").to_number<std::uint32_t>() != network.mtu)
        all.push_back(fmt::format("its bridge {} has another MTU", name));
    auto const& details = bridge->at("linkinfo").at("info_data").as_object();
    for (auto const* calls : {"nf_call_iptables", "nf_call_ip6tables"})
        if (details.at(calls).to_number<int>() != 1)
            all.push_back(
                fmt::format("its bridge {} has {} off, so security groups do not see its packets", name, calls));
    auto const* physical = physical_of(network);
    if (physical && !physical->interface.empty()) {
        auto const port = network.segment ? names_.vlan(network.id) : physical->interface;
        auto const* link = host.find(port);
        if (!link || Links::master_of(*link) != name)
            all.push_back(fmt::format("{} is not on its bridge {}", port, name));
    }
    for (auto const& leg : {host_leg(network), own_leg(network)})
        if (leg)
            for (auto& what : how_altered(*leg, host)) all.push_back(std::move(what));
    if (!network.dhcp_mac.empty() && !dhcp_runs(dhcp_directory(network.id), network))
        all.push_back("its DHCP server does not run");
    return all;
}

void Networks::remove(Network const& network) {
    remove_dhcp(dhcp_directory(network.id));
    remove_namespace(names_.network_namespace(network.id));
    for (auto const& link : {names_.outside(network.id + "/dhcp"), names_.outside(network.id), names_.vlan(network.id)})
        remove_link(link);
    auto bridge = names_.bridge(network.id);
    for (auto const& physical : settings_.physical)
        if (!physical.bridge.empty() && has_link(physical.bridge) && alias_of(physical.bridge) == network.id)
            bridge = physical.bridge;
    remove_link(bridge);
    firewall_.remove_bridge(bridge);
}

std::vector<std::string> Networks::present() const {
    std::vector<std::string> ids;
    for (auto const& item : ip_show("", {"link", "show", "type", "bridge"})) {
        auto const* name = item.as_object().if_contains("ifname");
        auto const* alias = item.as_object().if_contains("ifalias");
        if (!name || !alias) continue;
        auto const link = json::text(*name);
        bool const ours =
            names_.is_link('n', link) || std::any_of(settings_.physical.begin(), settings_.physical.end(),
                                                     [&](Physical const& physical) { return physical.bridge == link; });
        if (ours) ids.push_back(json::text(*alias));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

} // namespace volutus::network::on_linux

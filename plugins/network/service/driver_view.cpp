#include "driver_view.hpp"

#include <algorithm>
#include <map>

namespace volutus::network_service {

namespace {

std::vector<Subnet> subnets_of(Store& store, std::string const& network_id) {
    return store.all<Subnet>(where("network_id", json::string(network_id)));
}

// The port's addresses with the prefix lengths of their subnets.
std::vector<std::string> with_lengths(Port const& port, std::map<std::string, Subnet> const& subnets) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < port.fixed_addresses.size(); ++i) {
        auto const address = parse_address(port.fixed_addresses[i]);
        auto const subnet = subnets.find(port.fixed_subnets[i]);
        if (address && subnet != subnets.end()) out.push_back(subnet->second.block().with_length(*address));
    }
    return out;
}

std::map<std::string, Subnet> by_id(std::vector<Subnet> subnets) {
    std::map<std::string, Subnet> out;
    for (auto& subnet : subnets) out.emplace(subnet.id, std::move(subnet));
    return out;
}

network::Route route_of(HostRoute const& route) { return {route.destination, route.nexthop}; }

bool has_bound_port(Store& store, std::string const& group) {
    return store.find<Port>(where("security_groups", json::string(group)), where("needs_network", true)).has_value();
}

network::RouterPort router_port(Store& store, Port const& port) {
    return {port.id, port.network_id, port.mac_address, with_lengths(port, by_id(subnets_of(store, port.network_id)))};
}

} // namespace

bool is_needed(Store& store, Network const& network) {
    return store.find<Port>(where("network_id", json::string(network.id)), where("needs_network", true)).has_value();
}

bool is_needed(Store& store, SecurityGroup const& group) {
    if (has_bound_port(store, group.id)) return true;
    for (auto const& rule : store.all<SecurityGroupRule>(where("remote_group_id", json::string(group.id))))
        if (has_bound_port(store, rule.security_group_id)) return true;
    return false;
}

bool is_needed(Store& store, Router const& router) {
    if (router.gateway_port_id) return true;
    return store
        .find<Port>(where("device_id", json::string(router.id)),
                    where("device_owner", json::string(owners::router_interface)))
        .has_value();
}

network::Network network_for_driver(Store& store, Network const& network) {
    network::Network out;
    out.id = network.id;
    out.mtu = static_cast<std::uint32_t>(network.mtu);
    out.physical = network.physical_network.value_or("");
    if (network.network_type == "vlan" && network.segmentation_id)
        out.segment = static_cast<std::uint32_t>(*network.segmentation_id);
    auto const subnets = subnets_of(store, network.id);
    for (auto const& subnet : subnets) {
        auto& told = out.subnets.emplace_back();
        told.id = subnet.id;
        told.cidr = subnet.cidr;
        told.gateway = subnet.gateway_ip.value_or("");
        told.dhcp = subnet.enable_dhcp && network.admin_state_up;
        told.nameservers = subnet.dns_nameservers;
        for (auto const& route : subnet.host_routes) told.routes.push_back(route_of(route));
        told.ipv6_address_mode = subnet.ipv6_address_mode.value_or("");
        told.ipv6_ra_mode = subnet.ipv6_ra_mode.value_or("");
    }
    auto const known = by_id(subnets);
    for (auto const& port : store.all<Port>(where("network_id", json::string(network.id)))) {
        if (port.device_owner == owners::dhcp) {
            out.dhcp_mac = port.mac_address;
            out.dhcp_addresses = with_lengths(port, known);
        } else if (port.is_bound()) {
            auto const name = port.name.empty() ? port.device_id : port.name;
            for (auto const& address : port.fixed_addresses)
                out.leases.push_back(
                    {port.id, port.mac_address, address, port.hostname.empty() ? name : port.hostname});
        }
    }
    return out;
}

network::Group group_for_driver(Store& store, SecurityGroup const& group) {
    network::Group out;
    out.id = group.id;
    for (auto const& port : store.all<Port>(where("security_groups", json::string(group.id))))
        out.members.insert(out.members.end(), port.fixed_addresses.begin(), port.fixed_addresses.end());
    std::sort(out.members.begin(), out.members.end());
    out.members.erase(std::unique(out.members.begin(), out.members.end()), out.members.end());
    // Others only ask who its members are.
    if (!has_bound_port(store, group.id)) return out;
    for (auto const& rule : store.all<SecurityGroupRule>(where("security_group_id", json::string(group.id)))) {
        auto& told = out.rules.emplace_back();
        told.direction = rule.direction;
        told.version = rule.ethertype == "IPv6" ? 6 : 4;
        told.protocol = rule.protocol.value_or("");
        if (told.version == 6 && (told.protocol == "icmp" || told.protocol == "icmpv6")) told.protocol = "ipv6-icmp";
        if (told.protocol == "ip") told.protocol.clear();
        told.port_min = rule.port_range_min;
        told.port_max = rule.port_range_max;
        told.remote_cidr = rule.remote_ip_prefix.value_or("");
        if (told.remote_cidr == "0.0.0.0/0" || told.remote_cidr == "::/0") told.remote_cidr.clear();
        told.remote_group = rule.remote_group_id.value_or("");
    }
    return out;
}

network::Port port_for_driver(Port const& port) {
    network::Port out;
    out.id = port.id;
    out.network = port.network_id;
    out.mac = port.mac_address;
    out.device = port.device();
    out.addresses = port.fixed_addresses;
    for (auto const& pair : port.allowed_address_pairs) {
        auto const block = parse_block(pair.ip_address);
        out.allowed_pairs.push_back(
            {pair.mac_address.value_or(port.mac_address), block ? to_string(*block) : pair.ip_address});
    }
    out.groups = port.groups();
    out.security = port.port_security_enabled.value_or(true);
    out.up = port.admin_state_up;
    return out;
}

network::Router router_for_driver(Store& store, Router const& router) {
    network::Router out;
    out.id = router.id;
    out.up = router.admin_state_up;
    for (auto const& port : store.all<Port>(where("device_id", json::string(router.id)))) {
        if (port.device_owner == owners::router_interface && port.admin_state_up)
            out.interfaces.push_back(router_port(store, port));
        if (port.device_owner == owners::router_gateway) {
            out.gateway = router_port(store, port);
            for (auto const& subnet : subnets_of(store, port.network_id))
                if (subnet.gateway_ip && std::find(port.fixed_subnets.begin(), port.fixed_subnets.end(), subnet.id) !=
                                             port.fixed_subnets.end())
                    out.gateway_nexthops.push_back(*subnet.gateway_ip);
        }
    }
    if (router.external_gateway_info) out.snat = router.external_gateway_info->enable_snat.value_or(true);
    for (auto const& route : *router.routes) out.routes.push_back(route_of(route));
    for (auto const& ip : store.all<FloatingIp>(where("router_id", json::string(router.id))))
        if (ip.floating_ip_address && ip.fixed_ip_address)
            out.floating_ips.push_back({ip.id, *ip.floating_ip_address, *ip.fixed_ip_address});
    return out;
}

} // namespace volutus::network_service

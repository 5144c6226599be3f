#include "networks.hpp"

#include "floating_ips.hpp"
#include "port.hpp"
#include "refusal.hpp"
#include "security_groups.hpp"
#include "subnet.hpp"
#include "subnets.hpp"
#include "tags.hpp"

#include <fmt/format.h>

#include <set>

namespace volutus::network_service {

namespace {
constexpr std::int64_t last_vlan = 4094, last_vni = 16777215;
constexpr std::string_view quota_name = "network";
} // namespace

std::vector<std::string> zones_of(Request& request, Network const&) {
    return {request.service<Networks>().settings().availability_zone};
}

std::string audience_of(Network const& network) {
    return network.shared || network.external ? everybody : network.project_id;
}
std::string subnets_audience_of(Network const& network) { return network.shared ? everybody : network.project_id; }

std::string segment_pool(Network const& network) {
    if (network.network_type == "vxlan") return "network.vni";
    if (network.network_type == "vlan" || network.network_type == "flat")
        return fmt::format("network.{}.{}", network.network_type, network.physical_network.value_or(""));
    return {};
}

// What the body left open, and whether the rest fits together.
void Networks::complete(Request& request, Network& network) const {
    begin(request, network);
    if (network.network_type.empty()) {
        if (network.physical_network || network.segmentation_id)
            refuse_input("Invalid input for operation: provider:network_type required.");
        network.network_type = settings_.tenant_network_type;
    }
    auto const& type = network.network_type;
    bool const outside = type == "flat" || type == "vlan";
    if (!outside && type != "local" && type != "vxlan")
        refuse_input(fmt::format(
            "Invalid input for operation: unknown provider:network_type '{}'; there are flat, vlan, vxlan and local.",
            type));
    if (outside && !network.physical_network)
        refuse_input("Invalid input for operation: physical_network required for " + type + " provider network.");
    if (!outside && network.physical_network)
        refuse_input("Invalid input for operation: provider:physical_network specified for " + type + " network.");
    if ((type == "flat" || type == "local") && network.segmentation_id)
        refuse_input("Invalid input for operation: provider:segmentation_id specified for " + type + " network.");
    if (type == "vlan" && network.segmentation_id.value_or(1) > last_vlan)
        refuse_input("Invalid input for operation: segmentation_id out of range (1 through 4094).");
    for (auto const& zone : network.availability_zone_hints)
        if (zone != settings_.availability_zone)
            refuse(Code::not_found, "AvailabilityZoneNotFound", "AvailabilityZone " + zone + " could not be found.");
    auto const room = type == "vxlan" ? settings_.mtu - 50 : settings_.mtu;
    if (network.mtu == 0) network.mtu = room;
    if (network.mtu < 68 || network.mtu > room)
        refuse_input(fmt::format("Invalid input for operation: Requested MTU is not within 68 and {}.", room));
    network.audience = audience_of(network);
}

Writes Networks::segment_of(Network& network) const {
    if (network.network_type == "local") return {};
    if (network.network_type == "flat") return take(segment_pool(network), network.id, 0, 0, 0);
    auto const last = network.network_type == "vlan" ? last_vlan : last_vni;
    if (network.segmentation_id) return take(segment_pool(network), network.id, 1, last, *network.segmentation_id);
    network.segmentation_id = 0; // a place for the one that is taken
    return take_into({"network.network", network.id, "/provider:segmentation_id", ""}, segment_pool(network),
                     network.id, 1, last);
}

Reply Networks::create(Request& request, std::vector<Network> const& wanted) {
    auto made = wanted;
    Writes writes;
    for (auto& network : made) {
        complete(request, network);
        groups_.ensure_default(request.store(), network.project_id);
        auto segment = segment_of(network);
        writes += put(network) + std::move(segment) +
                  claim_quota(network.project_id, quota_name, network.id, 1, settings_.limits.network);
    }
    try {
        auto const applied = request.apply(std::move(writes));
        auto taken = applied.taken.begin();
        for (auto& network : made) {
            if (network.network_type == "local") continue;
            if (network.network_type != "flat") network.segmentation_id = *taken;
            ++taken;
        }
    } catch (Error const& error) {
        if (error.code() == Code::conflict && !detail_of(error, "pool").empty())
            refuse(Code::conflict, "NetworkSegmentInUse",
                   "Unable to create the network. The segment that it asks for is in use.");
        if (error.code() == Code::exhausted)
            refuse(Code::conflict, "NoNetworkAvailable",
                   "Unable to create the network. No available network found in maximum allowed attempts.");
        throw;
    }
    return request.shown_all(made);
}

void Networks::check_change(Request& request, Network const& before, Network const& after) const {
    if (before.audience == after.audience && before.external == after.external) return;
    for (auto const& port : request.store().all<Port>(where("network_id", json::string(after.id)))) {
        if (before.external && !after.external &&
            (port.device_owner == owners::router_gateway || port.device_owner == owners::floating_ip))
            refuse(Code::conflict, "ExternalNetworkInUse",
                   fmt::format("External network {} cannot be updated to be made non-external, since it has existing "
                               "gateway ports.",
                               after.id));
        if (before.shared && !after.shared && !port.of_the_network() && port.project_id != after.project_id)
            refuse(Code::conflict, "InvalidSharedSetting",
                   fmt::format("Unable to reconfigure sharing settings for network {}. Multiple tenants are using it.",
                               after.name));
    }
}

Reply Networks::update(Request& request) {
    return retry_on_conflict([&] {
        auto network = request.require<Network>();
        auto const before = network;
        request.change(network);
        auto const room = network.network_type == "vxlan" ? settings_.mtu - 50 : settings_.mtu;
        if (network.mtu < 68 || network.mtu > room)
            refuse_input(fmt::format("Invalid input for operation: Requested MTU is not within 68 and {}.", room));
        network.audience = audience_of(network);
        check_change(request, before, network);
        touch(network);
        Writes writes = put(network);
        if (before.shared != network.shared)
            for (auto& subnet : request.store().all<Subnet>(where("network_id", json::string(network.id)))) {
                subnet.audience = subnets_audience_of(network);
                writes += put(subnet);
            }
        Changed changed;
        if (before.mtu != network.mtu || before.admin_state_up != network.admin_state_up) changed.network(network.id);
        if (before.mtu != network.mtu)
            for (auto const& port : request.store().all<Port>(where("network_id", json::string(network.id))))
                if (port.of_a_router()) changed.router(port.device_id);
        request.apply(std::move(writes) + changed.writes());
        return request.shown(network);
    });
}

// Its subnets go with it, the ports that the cloud made for it, and the floating IPs that lead nowhere.
Reply Networks::remove(Request& request) {
    return retry_on_conflict([&] {
        auto const network = request.require<Network>();
        auto& store = request.store();
        Changed changed;
        Writes writes = volutus::remove(network) + release(network.id);
        std::string used;
        std::set<std::string> idle; // ports of such floating IPs
        for (auto const& ip : store.all<FloatingIp>(where("floating_network_id", json::string(network.id)))) {
            if (ip.port_id) continue;
            idle.insert(ip.floating_port_id);
            writes += remove_with_port(store, ip, changed);
        }
        for (auto const& port : store.all<Port>(where("network_id", json::string(network.id)))) {
            if (idle.count(port.id) > 0) continue;
            if (port.device_owner == owners::dhcp)
                writes += remove_with_addresses(port, due_id(Thing::network, network.id), changed);
            else
                used += (used.empty() ? "" : ", ") + port.id;
        }
        if (!used.empty())
            refuse(Code::conflict, "NetworkInUse",
                   fmt::format("Unable to complete operation on network {}. There are one or more ports still in use "
                               "on the network, id for these ports is {}.",
                               network.id, used));
        for (auto const& subnet : store.all<Subnet>(where("network_id", json::string(network.id))))
            writes += volutus::remove(subnet) + release(subnet.id);
        if (auto const pool = segment_pool(network); !pool.empty()) {
            Kept segment;
            segment.until = due_id(Thing::network, network.id);
            segment.pool = pool;
            segment.holder = network.id;
            changed.keep(std::move(segment));
        }
        changed.network(network.id);
        try {
            request.apply(std::move(writes) + changed.writes());
        } catch (Error const& error) {
            // A port or a subnet that came while we looked.
            if (error.code() != Code::conflict) throw;
            refuse(
                Code::conflict, "NetworkInUse",
                fmt::format("Unable to complete operation on network {}. It is in use: {}", network.id, error.what()));
        }
        return request.reply();
    });
}

} // namespace volutus::network_service

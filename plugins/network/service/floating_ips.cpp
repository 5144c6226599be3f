#include "floating_ips.hpp"

#include "refusal.hpp"
#include "router.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace volutus::network_service {

namespace {

std::string fixed_of(Port const& port, std::optional<std::string> const& wanted) {
    std::vector<std::string> fours;
    for (auto const& text : port.fixed_addresses)
        if (auto const address = parse_address(text); address && address->version == 4) fours.push_back(text);
    if (wanted) {
        if (std::find(fours.begin(), fours.end(), *wanted) == fours.end())
            refuse_bad_request(fmt::format("Port {} does not have fixed ip {}", port.id, *wanted));
        return *wanted;
    }
    if (fours.empty())
        refuse_bad_request(fmt::format("Cannot add floating IP to port {} that has no fixed IPv4 addresses", port.id));
    if (fours.size() > 1)
        refuse_bad_request(fmt::format("Port {} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 "
                                       "address when assigning a floating IP",
                                       port.id));
    return fours.front();
}

// The router that joins the port's subnet with the floating IP's network.
std::string router_between(Store& store, Port const& port, std::string const& fixed, std::string const& outside) {
    auto const at = std::find(port.fixed_addresses.begin(), port.fixed_addresses.end(), fixed);
    auto const& subnet = port.fixed_subnets.at(static_cast<std::size_t>(at - port.fixed_addresses.begin()));
    for (auto const& interface : store.all<Port>(where("fixed_subnets", json::string(subnet)))) {
        if (interface.device_owner != owners::router_interface) continue;
        auto const router = store.get<Router>(interface.device_id);
        if (router && router->external_gateway_info && router->external_gateway_info->network_id == outside)
            return router->id;
    }
    refuse(Code::not_found, "ExternalGatewayForFloatingIPNotFound",
           fmt::format("External network {} is not reachable from subnet {}.  Therefore, cannot associate Port {} with "
                       "a Floating IP.",
                       outside, subnet, port.id));
}

[[noreturn]] void translate_conflict(Error const& error, FloatingIp const& ip) {
    if (error.code() == Code::conflict && detail_of(error, "kind") == "network.floating_ip")
        refuse(Code::conflict, "FloatingIPPortAlreadyAssociated",
               fmt::format("Cannot associate floating IP with port {} using fixed IP {}, as that fixed IP already has "
                           "a floating IP on external network {}.",
                           ip.port_id.value_or(""), ip.fixed_ip_address.value_or(""), ip.floating_network_id));
    throw error;
}

} // namespace

// Where it leads from now on: to its port, or nowhere.
void FloatingIps::lead(Request& request, FloatingIp& ip, std::optional<std::string> const& fixed) const {
    if (!ip.port_id || ip.port_id->empty()) {
        if (fixed) refuse_bad_request("fixed_ip_address cannot be specified without a port_id");
        ip.port_id.reset();
        ip.fixed_ip_address.reset();
        ip.router_id.reset();
        return;
    }
    auto const port = visible<Port>(request, *ip.port_id, "PortNotFound");
    ip.fixed_ip_address = fixed_of(port, fixed);
    ip.router_id = router_between(request.store(), port, *ip.fixed_ip_address, ip.floating_network_id);
}

Reply FloatingIps::create(Request& request, FloatingIp const& wanted) {
    return retry_on_conflict([&] {
        auto ip = wanted;
        auto& store = request.store();
        auto const network = visible<Network>(request, ip.floating_network_id, "NetworkNotFound");
        if (!network.external)
            refuse_bad_request(fmt::format("Network {} is not a valid external network", network.id));
        begin(request, ip);
        lead(request, ip, ip.fixed_ip_address);

        // Its address is held by a port of its own, as all addresses are.
        Port holder;
        holder.id = new_uuid();
        holder.network_id = network.id;
        holder.device_owner = owners::floating_ip;
        holder.device_id = ip.id;
        holder.status = "N/A";
        holder.port_security_enabled = false;
        holder.security_groups.emplace();
        holder.created_at = holder.updated_at = ip.created_at;
        holder.revision_number = 1;
        Allocation addresses;
        addresses.give_mac(holder);
        auto subnets = store.all<Subnet>(where("network_id", json::string(network.id)));
        subnets.erase(std::remove_if(subnets.begin(), subnets.end(),
                                     [&](Subnet const& one) {
                                         return one.ip_version != 4 || (ip.subnet_id && one.id != *ip.subnet_id);
                                     }),
                      subnets.end());
        if (subnets.empty()) refuse_bad_request(fmt::format("Network {} does not contain any IPv4 subnet", network.id));
        std::optional<std::vector<FixedIp>> asked;
        if (ip.floating_ip_address) asked = {{ip.subnet_id, ip.floating_ip_address}};
        addresses.plan(holder, asked, subnets);
        ip.floating_port_id = holder.id;
        ip.floating_ip_address = "";
        if (asked) ip.floating_ip_address = holder.fixed_addresses.front();
        Changed changed;
        if (ip.router_id) changed.router(*ip.router_id);
        try {
            addresses.apply(store, [&] {
                return put(ip) + put(holder) +
                       addresses.also_into(holder, "network.floating_ip", ip.id, "/floating_ip_address") +
                       changed.writes() +
                       claim_quota(ip.project_id, "floatingip", ip.id, 1, settings_.limits.floatingip);
            });
        } catch (Error const& error) {
            translate_conflict(error, ip);
        }
        ip.floating_ip_address = holder.fixed_addresses.front();
        return request.shown(ip);
    });
}

Reply FloatingIps::update(Request& request) {
    return retry_on_conflict([&] {
        auto ip = request.require<FloatingIp>();
        auto const before = ip;
        request.change(ip);
        auto const& body = request.body();
        Changed changed;
        if (body.contains("port_id") || body.contains("fixed_ip_address")) {
            lead(request, ip, body.contains("fixed_ip_address") ? ip.fixed_ip_address : std::nullopt);
            ip.lead_away();
            if (before.router_id) changed.router(*before.router_id);
            if (ip.router_id) changed.router(*ip.router_id);
        }
        touch(ip);
        try {
            request.apply(put(ip) + changed.writes());
        } catch (Error const& error) {
            translate_conflict(error, ip);
        }
        return request.shown(ip);
    });
}

Writes remove_with_port(Store& store, FloatingIp const& ip, Changed& changed) {
    auto const router = ip.told_to ? ip.told_to : ip.router_id;
    if (router) changed.router(*router);
    Writes writes = volutus::remove(ip) + release(ip.id);
    if (auto holder = store.get<Port>(ip.floating_port_id)) {
        // The driver knows the address by its router.
        holder->at_driver = router.has_value();
        writes += remove_with_addresses(*holder, router ? due_id(Thing::router, *router) : "", changed);
    }
    return writes;
}

Reply FloatingIps::remove(Request& request) {
    return retry_on_conflict([&] {
        Changed changed;
        auto writes = remove_with_port(request.store(), request.require<FloatingIp>(), changed);
        request.apply(std::move(writes) + changed.writes());
        return request.reply();
    });
}

} // namespace volutus::network_service

#include "routers.hpp"

#include "floating_ip.hpp"
#include "ports.hpp"
#include "refusal.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace volutus::network_service {

namespace {

constexpr std::string_view quota_name = "router";

std::vector<Subnet> subnets_on(Store& store, std::string const& network) {
    return store.all<Subnet>(where("network_id", json::string(network)));
}

bool same_route(HostRoute const& a, HostRoute const& b) {
    return parse_block(a.destination) && parse_block(b.destination) &&
           to_string(*parse_block(a.destination)) == to_string(*parse_block(b.destination)) &&
           parse_address(a.nexthop) == parse_address(b.nexthop);
}

// A next hop is on a network that the router has a port on, and is not the router itself.
void check_routes(Store& store, Router const& router) {
    auto const ports = ports_of(store, router);
    for (auto const& route : *router.routes) {
        auto const hop = parse_address(route.nexthop);
        bool reached = false, own = false;
        for (auto const& port : ports)
            for (std::size_t i = 0; i < port.fixed_addresses.size(); ++i) {
                own = own || parse_address(port.fixed_addresses[i]) == hop;
                auto const subnet = store.get<Subnet>(port.fixed_subnets[i]);
                reached = reached || (hop && subnet && subnet->block().contains(*hop));
            }
        if (!reached)
            refuse(Code::invalid, "InvalidRoutes",
                   fmt::format("Invalid format for routes: {} via {}, the nexthop is not connected with router",
                               route.destination, route.nexthop));
        if (own)
            refuse(Code::invalid, "InvalidRoutes",
                   fmt::format("Invalid format for routes: {} via {}, the nexthop is used by router", route.destination,
                               route.nexthop));
    }
}

Port service_port(std::string_view owner, Router const& router, std::string const& network) {
    Port port;
    port.id = new_uuid();
    port.network_id = network;
    port.device_owner = owner;
    port.device_id = router.id;
    port.port_security_enabled = false;
    port.security_groups.emplace();
    port.needs_network = true;
    port.created_at = port.updated_at = timestamp_now();
    port.revision_number = 1;
    return port;
}

void check_no_overlap(Store& store, Router const& router, Subnet const& subnet) {
    for (auto const& port : ports_of(store, router))
        for (auto const& id : port.fixed_subnets) {
            if (id == subnet.id) refuse_bad_request(fmt::format("Router already has a port on subnet {}", subnet.id));
            auto const other = store.get<Subnet>(id);
            if (other && other->block().overlaps(subnet.block()))
                refuse_bad_request(fmt::format("Cidr {} of subnet {} overlaps with cidr {} of subnet {}.", subnet.cidr,
                                               subnet.id, other->cidr, other->id));
        }
}

} // namespace

std::vector<std::string> router_zones(Request& request, Router const&) {
    return {request.service<Routers>().settings().availability_zone};
}

std::vector<Port> ports_of(Store& store, Router const& router) {
    auto ports = store.all<Port>(where("device_id", json::string(router.id)));
    ports.erase(std::remove_if(ports.begin(), ports.end(), [](Port const& port) { return !port.of_a_router(); }),
                ports.end());
    return ports;
}

struct Routers::Gateway {
    std::optional<Port> port; // new or changed
    std::optional<Port> removed;
    Allocation addresses;
    Changed changed;
    Writes freed;
};

// `router` holds what the body asks for, `before` what there is.
void Routers::plan_gateway(Request& request, Router& router, Router const& before, Gateway& into) const {
    auto& store = request.store();
    auto& info = router.external_gateway_info;
    if (info && (!info->network_id || info->network_id->empty())) info.reset();
    std::string const verb = request.route().does == RouteRow::Does::create ? "create_router" : "update_router";
    json::object const owner{{"project_id", router.project_id}};
    if (info && info->enable_snat)
        request.enforce(PolicyRule(std::string_view(verb + ":external_gateway_info:enable_snat")), owner);
    if (info && info->external_fixed_ips)
        request.enforce(PolicyRule(std::string_view(verb + ":external_gateway_info:external_fixed_ips")), owner);

    auto const there = before.gateway_port_id ? store.get<Port>(*before.gateway_port_id) : std::nullopt;
    bool const stays = info && there && there->network_id == *info->network_id;
    if (there && !stays) {
        if (auto const ip = store.find<FloatingIp>(where("router_id", json::string(router.id))))
            refuse(Code::conflict, "RouterExternalGatewayInUseByFloatingIp",
                   fmt::format("Gateway cannot be updated for router {}, since a gateway to external network {} is "
                               "required by one or more floating IPs.",
                               router.id, there->network_id));
        into.removed = there;
        into.changed.network(there->network_id);
        router.gateway_port_id.reset();
    }
    if (!info) return;
    if (!info->enable_snat) info->enable_snat = true;
    auto const network = visible<Network>(request, *info->network_id, "NetworkNotFound");
    if (!network.external) refuse_bad_request(fmt::format("Network {} is not an external network", network.id));
    auto const subnets = subnets_on(store, network.id);
    if (stays && !info->external_fixed_ips) {
        info->external_fixed_ips = there->fixed_ips;
        return;
    }
    into.port = stays ? *there : service_port(owners::router_gateway, router, network.id);
    into.addresses.give_mac(*into.port);
    auto lost = into.addresses.plan(*into.port, info->external_fixed_ips, subnets);
    into.freed = free_addresses(std::move(lost), *into.port, due_id(Thing::router, router.id), into.changed);
    into.changed.network(network.id);
    router.gateway_port_id = into.port->id;
}

Reply Routers::create(Request& request, Router const& wanted) {
    return retry_on_conflict([&] {
        auto router = wanted;
        begin(request, router);
        for (auto const& zone : router.availability_zone_hints)
            if (zone != settings_.availability_zone)
                refuse(Code::not_found, "AvailabilityZoneNotFound",
                       "AvailabilityZone " + zone + " could not be found.");
        Gateway gateway;
        plan_gateway(request, router, Router{}, gateway);
        if (gateway.port) gateway.changed.router(router.id);
        gateway.addresses.apply(request.store(), [&] {
            Writes writes = put(router) +
                            claim_quota(router.project_id, quota_name, router.id, 1, settings_.limits.router) +
                            gateway.changed.writes();
            if (gateway.port) writes += put(*gateway.port);
            return writes;
        });
        return request.shown(router);
    });
}

// The addresses of the gateway stand in its port, which has them from the ledger.
json::value gateway_of(Request& request, Router const& router) {
    if (!router.external_gateway_info) return nullptr;
    auto info = *router.external_gateway_info;
    if (router.gateway_port_id)
        if (auto const port = request.store().get<Port>(*router.gateway_port_id))
            info.external_fixed_ips = port->fixed_ips;
    return json::encode(info);
}

Reply Routers::update(Request& request) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto router = request.require<Router>();
        auto const before = router;
        request.change(router);
        if (!router.routes) router.routes.emplace();
        Gateway gateway;
        if (request.body().contains("external_gateway_info")) plan_gateway(request, router, before, gateway);
        if (request.body().contains("routes")) check_routes(store, router);
        Writes gone;
        if (gateway.removed)
            gone = remove_with_addresses(*gateway.removed, due_id(Thing::router, router.id), gateway.changed);
        gateway.changed.router(router.id);
        touch(router);
        gateway.addresses.apply(store, [&] {
            Writes writes = put(router) + Writes(gone) + Writes(gateway.freed) + gateway.changed.writes();
            if (gateway.port) writes += put(*gateway.port);
            return writes;
        });
        return request.shown(router);
    });
}

Reply Routers::remove(Request& request) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto const router = request.require<Router>();
        Changed changed;
        changed.router(router.id);
        Writes writes = volutus::remove(router) + release(router.id);
        for (auto const& port : ports_of(store, router)) {
            if (port.device_owner == owners::router_interface)
                refuse(Code::conflict, "RouterInUse", fmt::format("Router {} still has ports", router.id));
            changed.network(port.network_id);
            writes += remove_with_addresses(port, due_id(Thing::router, router.id), changed);
        }
        request.apply(std::move(writes) + changed.writes());
        return request.reply();
    });
}

Reply Routers::interface_reply(Request& request, Router const& router, Port const& port,
                               std::string const& subnet) const {
    json::array subnets;
    for (auto const& id : port.fixed_subnets) subnets.push_back(json::string(id));
    return request.reply(json::object{{"id", router.id},
                                      {"tenant_id", router.project_id},
                                      {"project_id", router.project_id},
                                      {"port_id", port.id},
                                      {"network_id", port.network_id},
                                      {"subnet_id", subnet},
                                      {"subnet_ids", std::move(subnets)},
                                      {"tags", json::encode(router.tags)}});
}

Reply Routers::add_interface(Request& request, Interface const& wanted) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto const router = request.require<Router>();
        if (wanted.subnet_id.has_value() == wanted.port_id.has_value())
            refuse_bad_request(wanted.subnet_id ? "Cannot specify both subnet-id and port-id"
                                                : "Either subnet_id or port_id must be specified");
        Allocation addresses;
        Changed changed;
        Port port;
        std::string subnet_id;
        if (wanted.subnet_id) {
            auto const subnet = visible<Subnet>(request, *wanted.subnet_id, "SubnetNotFound");
            if (!subnet.gateway_ip) refuse_bad_request("Subnet for router interface must have a gateway IP");
            check_no_overlap(store, router, subnet);
            port = service_port(owners::router_interface, router, subnet.network_id);
            port.project_id = router.project_id;
            addresses.give_mac(port);
            addresses.plan(port, std::vector<FixedIp>{{subnet.id, subnet.gateway_ip}}, {subnet});
            subnet_id = subnet.id;
        } else {
            port = visible<Port>(request, *wanted.port_id, "PortNotFound");
            if (!port.device_id.empty())
                refuse(Code::conflict, "PortInUse",
                       fmt::format("Unable to complete operation on port {} for network {}. Port already has an "
                                   "attached device {}.",
                                   port.id, port.network_id, port.device_id));
            if (port.fixed_subnets.empty()) refuse_bad_request("Router port must have at least one fixed IP");
            for (auto const& id : port.fixed_subnets) check_no_overlap(store, router, store.require<Subnet>(id));
            subnet_id = port.fixed_subnets.front();
            for (auto const& group : port.groups()) changed.group(group);
            port.device_owner = owners::router_interface;
            port.device_id = router.id;
            port.port_security_enabled = false;
            port.security_groups.emplace();
            port.needs_network = true;
            touch(port);
        }
        changed.network(port.network_id);
        changed.router(router.id);
        try {
            // The router is put too: who adds another interface meanwhile looks again whether they overlap.
            addresses.apply(store, [&] {
                Writes writes = put(port) + put(router) + changed.writes();
                if (port.stored_revision == 0)
                    writes += claim_quota(port.project_id, port_quota, port.id, 1, settings_.limits.port);
                return writes;
            });
        } catch (Error const& error) {
            if (detail_of(error, "type") != "IpAddressAlreadyAllocated") throw;
            refuse(Code::conflict, "IpAddressInUse",
                   fmt::format("Unable to complete operation for network {}. The IP address {} is in use.",
                               port.network_id, port.fixed_addresses.front()));
        }
        return interface_reply(request, router, port, subnet_id);
    });
}

Reply Routers::remove_interface(Request& request, Interface const& wanted) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto const router = request.require<Router>();
        if (!wanted.subnet_id && !wanted.port_id) refuse_bad_request("Either subnet_id or port_id must be specified");
        std::optional<Port> found;
        for (auto const& port : ports_of(store, router)) {
            if (port.device_owner != owners::router_interface) continue;
            bool const on = !wanted.subnet_id || std::find(port.fixed_subnets.begin(), port.fixed_subnets.end(),
                                                           *wanted.subnet_id) != port.fixed_subnets.end();
            if (on && (!wanted.port_id || port.id == *wanted.port_id)) found = port;
        }
        if (!found && wanted.port_id)
            refuse(Code::not_found, "RouterInterfaceNotFound",
                   fmt::format("Router {} does not have an interface with id {}", router.id, *wanted.port_id));
        if (!found)
            refuse(Code::not_found, "RouterInterfaceNotFoundForSubnet",
                   fmt::format("Router {} has no interface on subnet {}", router.id, *wanted.subnet_id));
        for (auto const& ip : store.all<FloatingIp>(where("router_id", json::string(router.id))))
            for (auto const& id : found->fixed_subnets) {
                auto const subnet = store.require<Subnet>(id);
                auto const fixed = parse_address(ip.fixed_ip_address.value_or(""));
                if (fixed && subnet.block().contains(*fixed))
                    refuse(Code::conflict, "RouterInterfaceInUseByFloatingIP",
                           fmt::format("Router interface for subnet {} on router {} cannot be deleted, as it is "
                                       "required by one or more floating IPs.",
                                       id, router.id));
            }
        for (auto const& route : *router.routes)
            for (auto const& id : found->fixed_subnets)
                if (auto const hop = parse_address(route.nexthop);
                    hop && store.require<Subnet>(id).block().contains(*hop))
                    refuse(Code::conflict, "RouterInterfaceInUseByRoute",
                           fmt::format("Router interface for subnet {} on router {} cannot be deleted, as it is "
                                       "required by one or more routes.",
                                       id, router.id));
        Changed changed;
        changed.network(found->network_id);
        changed.router(router.id);
        auto const gone = remove_with_addresses(*found, due_id(Thing::router, router.id), changed);
        request.apply(Writes(gone) + put(router) + changed.writes());
        return interface_reply(
            request, router, *found,
            wanted.subnet_id.value_or(found->fixed_subnets.empty() ? "" : found->fixed_subnets.front()));
    });
}

Router Routers::change_routes(Request& request, std::vector<HostRoute> const& add, std::vector<HostRoute> const& drop) {
    return retry_on_conflict([&] {
        auto router = request.require<Router>();
        auto& routes = *router.routes;
        auto has = [&](std::vector<HostRoute> const& any, HostRoute const& one) {
            return std::any_of(any.begin(), any.end(), [&](HostRoute const& other) { return same_route(other, one); });
        };
        for (auto const& route : add)
            if (!has(routes, route)) routes.push_back(route);
        routes.erase(
            std::remove_if(routes.begin(), routes.end(), [&](HostRoute const& route) { return has(drop, route); }),
            routes.end());
        if (routes.size() > 30)
            refuse(Code::invalid, "RoutesExhausted",
                   fmt::format("Unable to complete operation for {}. The number of routes exceeds the maximum 30.",
                               router.id));
        check_routes(request.store(), router);
        Changed changed;
        changed.router(router.id);
        touch(router);
        request.apply(put(router) + changed.writes());
        return router;
    });
}

Reply Routers::add_routes(Request& request, ExtraRoutes const& wanted) {
    return request.shown(change_routes(request, wanted.routes, {}));
}

Reply Routers::remove_routes(Request& request, ExtraRoutes const& wanted) {
    return request.shown(change_routes(request, {}, wanted.routes));
}

} // namespace volutus::network_service

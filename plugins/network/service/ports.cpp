#include "ports.hpp"

#include "floating_ip.hpp"
#include "refusal.hpp"
#include "security_groups.hpp"
#include "subnet.hpp"
#include "tags.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>

namespace volutus::network_service {

namespace {

// ?fixed_ips=ip_address=10.0.0.5&fixed_ips=subnet_id=...: repeated ones of a key are or-ed.
std::vector<store::Where> address_filters(Request const& request) {
    std::map<std::string_view, json::array> values;
    for (auto const& text : request.queries("fixed_ips")) {
        auto const equals = text.find('=');
        auto const key = text.substr(0, equals);
        auto const value = equals == text.npos ? std::string() : text.substr(equals + 1);
        if (key == "ip_address") {
            auto const address = parse_address(value);
            values["fixed_addresses"].push_back(json::string(address ? to_string(*address) : value));
        } else if (key == "subnet_id") {
            values["fixed_subnets"].push_back(json::string(value));
        } else {
            refuse_bad_request(
                fmt::format("Invalid filter fixed_ips={}: it is ip_address=<address> or subnet_id=<id>.", text));
        }
    }
    std::vector<store::Where> wheres;
    for (auto& [field, any] : values) wheres.push_back(where(field, std::move(any)));
    return wheres;
}

void normalise(Port& port) {
    std::transform(port.mac_address.begin(), port.mac_address.end(), port.mac_address.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
}

// A pair that names no MAC is one of the port's own, and follows it.
void complete_pairs(Port& port, std::string const& mac_before) {
    for (auto& pair : port.allowed_address_pairs)
        if (!pair.mac_address || pair.mac_address == mac_before) pair.mac_address = port.mac_address;
}

[[noreturn]] void translate_conflict(Error const& error, Port const& port) {
    if (error.code() == Code::conflict &&
        (detail_of(error, "kind") == "network.port" || detail_of(error, "kind") == "network.kept"))
        refuse(Code::conflict, "MacAddressInUse",
               fmt::format("Unable to complete operation for network {}. The mac address {} is in use.",
                           port.network_id, port.mac_address));
    throw error;
}

} // namespace

std::string host_of(Request&, Port const& port) { return port.host.value_or(""); }
std::string vif_type_of(Request&, Port const& port) { return port.is_bound() ? "bridge" : "unbound"; }

json::object vif_details_of(Request&, Port const& port) {
    if (!port.is_bound()) return {};
    json::object details{{"port_filter", true}};
    if (!port.bridge.empty()) details["bridge_name"] = port.bridge;
    return details;
}

void mark_port(Port const& port, Changed& changed) {
    if (port.is_bound() || port.at_driver) {
        changed.port(port.id);
        changed.network(port.network_id); // its leases
    }
    for (auto const& group : port.groups()) changed.group(group);
    if (port.of_a_router()) {
        changed.network(port.network_id);
        changed.router(port.device_id);
    }
}

Writes free_floating_ips(Store& store, Port const& port, Changed& changed) {
    Writes writes;
    for (auto& ip : store.all<FloatingIp>(where("port_id", json::string(port.id)))) {
        if (ip.router_id) changed.router(*ip.router_id);
        ip.port_id.reset();
        ip.fixed_ip_address.reset();
        ip.router_id.reset();
        ip.lead_away();
        touch(ip);
        writes += put(ip);
    }
    return writes;
}

Reply Ports::list(Request& request) {
    auto hooks = tag_hooks(request);
    for (auto& address : address_filters(request)) hooks.where.push_back(std::move(address));
    return request.list(std::move(hooks));
}

// What members of the network's own project may ask for, and others not.
void Ports::check_rights(Request& request, Network const& network, json::object const& body) const {
    std::string const verb = request.route().does == RouteRow::Does::create ? "create_port:" : "update_port:";
    json::object const owner{{"project_id", network.project_id}};
    for (auto const* key :
         {"mac_address", "fixed_ips", "port_security_enabled", "allowed_address_pairs", "device_owner"}) {
        auto const* value = body.if_contains(key);
        if (!value || value->is_null()) continue;
        bool const address =
            std::string_view(key) == "fixed_ips" && value->is_array() &&
            std::none_of(value->get_array().begin(), value->get_array().end(), [](json::value const& ip) {
                return ip.is_object() && ip.get_object().contains("ip_address");
            });
        bool const plain = std::string_view(key) == "device_owner" && value->is_string() &&
                           json::view(value->get_string()).substr(0, 8) != "network:";
        if (!address && !plain) request.enforce(PolicyRule(std::string_view(verb + key)), owner);
    }
}

void Ports::check_security(Request& request, Port const& port) const {
    if (port.port_security_enabled.value_or(true)) {
        groups_.check_usable(request, port.groups());
        return;
    }
    if (!port.groups().empty())
        refuse(Code::conflict, "PortSecurityPortHasSecurityGroup",
               "Port has security group associated. Cannot disable port security or IP address until security group is "
               "removed");
    if (!port.allowed_address_pairs.empty())
        refuse(Code::conflict, "AddressPairAndPortSecurityRequired",
               "Port Security must be enabled in order to have allowed address pairs on a port.");
}

Reply Ports::create(Request& request, std::vector<Port> const& wanted) {
    return retry_on_conflict([&] {
        auto made = wanted;
        auto& store = request.store();
        Allocation addresses;
        Changed changed;
        for (std::size_t i = 0; i < made.size(); ++i) {
            auto& port = made[i];
            auto const network = visible<Network>(request, port.network_id, "NetworkNotFound");
            check_rights(request, network, request.bodies()[i]);
            begin(request, port);
            normalise(port);
            auto const group = groups_.ensure_default(store, port.project_id);
            if (!port.port_security_enabled)
                port.port_security_enabled = network.port_security_enabled && !port.of_the_network();
            if (!port.security_groups) port.security_groups.emplace();
            bool const named = request.bodies()[i].contains("security_groups");
            if (!named && *port.port_security_enabled && !group.empty()) port.security_groups->push_back(group);
            check_security(request, port);
            port.needs_network = port.is_bound();
            addresses.give_mac(port);
            complete_pairs(port, port.mac_address);
            auto const asked = port.fixed_ips;
            addresses.plan(port, asked, store.all<Subnet>(where("network_id", json::string(network.id))));
            mark_port(port, changed);
        }
        try {
            addresses.apply(store, [&] {
                Writes writes = changed.writes();
                for (auto const& port : made)
                    writes += put(port) + claim_quota(port.project_id, port_quota, port.id, 1, settings_.limits.port);
                return writes;
            });
        } catch (Error const& error) {
            translate_conflict(error, made.front());
        }
        return request.shown_all(made);
    });
}

Reply Ports::update(Request& request) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto port = request.require<Port>();
        auto const before = port;
        auto const network = store.require<Network>(port.network_id);
        check_rights(request, network, request.body());
        request.change(port);
        normalise(port);
        complete_pairs(port, before.mac_address);
        if (!port.security_groups) port.security_groups.emplace();
        check_security(request, port);
        if (port.is_bound() && before.is_bound() && port.mac_address != before.mac_address)
            refuse(Code::conflict, "PortBound",
                   fmt::format("Unable to complete operation on port {}, port is already bound, port type: bridge, "
                               "old_mac {}, new_mac {}.",
                               port.id, before.mac_address, port.mac_address));
        port.needs_network = port.is_bound() || port.of_a_router();
        Allocation addresses;
        Changed changed;
        Writes freed;
        if (request.body().contains("fixed_ips")) {
            auto const asked = port.fixed_ips;
            port.fixed_ips = before.fixed_ips;
            auto lost = addresses.plan(port, asked ? asked : std::vector<FixedIp>(),
                                       store.all<Subnet>(where("network_id", json::string(network.id))));
            freed = free_addresses(
                std::move(lost), before,
                due_id(port.of_a_router() ? Thing::router : Thing::port, port.of_a_router() ? port.device_id : port.id),
                changed);
        }
        mark_port(before, changed);
        mark_port(port, changed);
        touch(port);
        try {
            addresses.apply(store, [&] { return put(port) + Writes(freed) + changed.writes(); });
        } catch (Error const& error) {
            translate_conflict(error, port);
        }
        return request.shown(port);
    });
}

Reply Ports::remove(Request& request) {
    return retry_on_conflict([&] {
        auto const port = request.require<Port>();
        if (port.of_the_network() && port.device_owner != owners::dhcp)
            refuse(Code::conflict, "ServicePortInUse",
                   fmt::format("Port {} cannot be deleted directly via the port API: has device owner {}.", port.id,
                               port.device_owner));
        Changed changed;
        mark_port(port, changed);
        auto const until =
            port.device_owner == owners::dhcp ? due_id(Thing::network, port.network_id) : due_id(Thing::port, port.id);
        auto const ips = free_floating_ips(request.store(), port, changed);
        auto const gone = remove_with_addresses(port, until, changed);
        request.apply(Writes(gone) + Writes(ips) + changed.writes());
        return request.reply();
    });
}

} // namespace volutus::network_service

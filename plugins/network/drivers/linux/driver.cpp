#include "driver.hpp"

#include "addresses.hpp"
#include "commands.hpp"
#include "legs.hpp"
#include "namespaces.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace volutus::network::on_linux {

namespace {

Settings checked(Settings settings) {
    if (!world::file_exists("/proc/sys/net/bridge/bridge-nf-call-iptables"))
        throw Error(Code::unavailable, "this kernel has no br_netfilter, by which security groups see connections on "
                                       "bridges; load it: modprobe br_netfilter");
    for (auto const& physical : settings.physical) {
        if (!physical.bridge.empty()) checked_device(physical.bridge);
        if (!physical.interface.empty()) checked_device(physical.interface);
    }
    if (settings.host.empty()) {
        std::array<char, 256> name{};
        gethostname(name.data(), name.size() - 1);
        settings.host = name.data();
    }
    return settings;
}

std::string records_in(Settings const& settings, char const* kind) {
    return fmt::format("{}/{}", settings.state_directory, kind);
}

template <class T> std::optional<T> decoded(std::optional<json::object> const& body) {
    if (!body) return std::nullopt;
    return json::decode<T>(body->at("wanted"));
}
template <class T> json::object remembered(T const& wanted) { return {{"wanted", json::encode(wanted)}}; }

bool holds(std::vector<std::string> const& addresses, std::string const& address) {
    return std::any_of(addresses.begin(), addresses.end(), [&](std::string const& text) {
        return Cidr::parse(text, "address").network().contains(Cidr::parse(address, "address"));
    });
}

} // namespace

LinuxNetwork::LinuxNetwork(Settings settings, MetadataServer::Answer answer)
    : settings_(checked(std::move(settings))), names_(settings_.prefix),
      network_records_(records_in(settings_, "networks")), group_records_(records_in(settings_, "groups")),
      port_records_(records_in(settings_, "ports")), router_records_(records_in(settings_, "routers")),
      firewall_(names_), networks_(settings_, names_, firewall_),
      routers_(
          settings_, names_, [this](std::string const& id) { return find_network(id); },
          [this](Network const& network) { return networks_.bridge_of(network); }),
      metadata_(std::move(answer)) {
    for (auto const& id : network_records_.present())
        if (auto const body = network_records_.read(id))
            zones_[static_cast<unsigned>(body->at("zone").as_int64())] = id;
}

void LinuxNetwork::resume() {
    for (auto const& id : network_records_.present())
        if (auto const network = find_network(id); network && has_namespace(names_.network_namespace(id)))
            listen_in_network(*network);
    for (auto const& id : router_records_.present())
        if (auto const router = decoded<Router>(router_records_.read(id));
            router && has_namespace(names_.router_namespace(id)))
            listen_in_router(*router);
}

Host LinuxNetwork::host(Call&) {
    Host host{settings_.host, {}, settings_.mtu};
    for (auto const& physical : settings_.physical) host.physical.push_back(physical.name);
    return host;
}

std::optional<Network> LinuxNetwork::find_network(std::string const& id) const {
    return decoded<Network>(network_records_.read(id));
}

unsigned LinuxNetwork::zone_of(std::string const& network, std::optional<json::object> const& body) {
    if (body) return static_cast<unsigned>(body->at("zone").as_int64());
    constexpr unsigned last = 65535; // a zone has 16 bits
    world::Lock lock(zones_mutex_);
    for (auto zone = settings_.first_zone; zone <= last; ++zone)
        if (zones_.emplace(zone, network).second) return zone;
    throw Error(Code::exhausted,
                "all conntrack zones of this host are taken; lower first_zone or move networks to another host");
}

Plugged LinuxNetwork::ensure_network(Call& call, Network const& network) {
    networks_.check(network);
    auto record = network_records_.hold(network.id, call.operation());
    auto const zone = zone_of(network.id, record.body());
    auto body = remembered(network);
    body["zone"] = zone;
    record.write(std::move(body));
    networks_.ensure(network, zone);
    if (network.dhcp_mac.empty())
        metadata_.forget(names_.network_namespace(network.id));
    else
        listen_in_network(network);
    return {networks_.bridge_of(network)};
}

void LinuxNetwork::remove_network(Call& call, Id const& network) {
    auto record = network_records_.hold(checked_id(network.id), call.operation());
    metadata_.forget(names_.network_namespace(network.id));
    Network gone;
    gone.id = network.id;
    networks_.remove(gone);
    if (!record.body()) return;
    auto const zone = zone_of(network.id, record.body());
    record.remove();
    world::Lock lock(zones_mutex_);
    zones_.erase(zone);
}

void LinuxNetwork::ensure_group(Call& call, Group const& group) {
    auto record = group_records_.hold(checked_id(group.id), call.operation());
    firewall_.ensure_group(group);
    record.write(remembered(group));
}

void LinuxNetwork::remove_group(Call& call, Id const& group) {
    auto record = group_records_.hold(checked_id(group.id), call.operation());
    firewall_.remove_group(group.id);
    if (record.body()) record.remove();
}

Plugged LinuxNetwork::ensure_port(Call& call, Port const& port) {
    checked_device(port.device);
    auto record = port_records_.hold(checked_id(port.id), call.operation());
    auto const network = find_network(port.network);
    if (!network)
        throw Error(Code::not_found,
                    fmt::format("port {} is on network {}, which this host does not have; ensure it first", port.id,
                                port.network));
    auto const before = decoded<Port>(record.body());
    firewall_.ensure_port(port, before ? before->device : std::string());
    record.write(remembered(port));
    auto const bridge = networks_.bridge_of(*network);
    if (has_link(port.device)) // a bridge that was made again has lost its ports
        ip_batch("", {fmt::format("link set dev {} mtu {} master {}", port.device, network->mtu, bridge)});
    return {bridge};
}

void LinuxNetwork::remove_port(Call& call, Id const& port) {
    auto record = port_records_.hold(checked_id(port.id), call.operation());
    auto const before = decoded<Port>(record.body());
    auto const device = before ? before->device : std::string();
    // Without its rules a device would be on the bridge unguarded.
    if (!device.empty() && has_link(device)) ip_batch("", {fmt::format("link set dev {} nomaster", device)});
    firewall_.remove_port(port.id, device);
    if (before) record.remove();
}

void LinuxNetwork::ensure_router(Call& call, Router const& router) {
    routers_.check(router);
    auto record = router_records_.hold(router.id, call.operation());
    record.write(remembered(router));
    routers_.ensure(router);
    listen_in_router(router);
}

void LinuxNetwork::remove_router(Call& call, Id const& router) {
    auto record = router_records_.hold(checked_id(router.id), call.operation());
    metadata_.forget(names_.router_namespace(router.id));
    routers_.remove(router.id);
    if (record.body()) record.remove();
}

Inventory LinuxNetwork::list(Call& call) {
    Inventory there{networks_.present(), firewall_.ports(),       firewall_.groups(),
                    routers_.present(),  routers_.floating_ips(), {}};
    there.altered = altered(call, there);
    return there;
}

// What is missing altogether is not in the lists, and so it is not told here again.
std::vector<Alteration> LinuxNetwork::altered(Call& call, Inventory const& there) const {
    std::vector<Alteration> all;
    auto const tell = [&](char const* thing, std::vector<std::string> const& listed, std::string const& id,
                          std::string what) {
        if (std::find(listed.begin(), listed.end(), id) != listed.end()) all.push_back({thing, id, std::move(what)});
    };
    Links const host("");
    std::vector<Bridge> bridges;
    std::map<std::string, std::string> bridge_names; // by network
    for (auto const& id : network_records_.present()) {
        call.check();
        auto const record = network_records_.read(id);
        auto const network = decoded<Network>(record);
        if (!network) continue;
        try {
            bridges.push_back(networks_.firewall_view(*network, static_cast<unsigned>(record->at("zone").as_int64())));
            bridge_names[id] = bridges.back().name;
            for (auto& what : networks_.altered(*network, host)) tell("network", there.networks, id, std::move(what));
        } catch (Error const& error) { // its physical network is no longer configured
            tell("network", there.networks, id, error.what());
        }
    }
    std::vector<Group> groups;
    for (auto const& id : group_records_.present())
        if (auto const group = decoded<Group>(group_records_.read(id))) groups.push_back(*group);
    std::vector<Port> ports;
    for (auto const& id : port_records_.present()) {
        auto const port = decoded<Port>(port_records_.read(id));
        if (!port) continue;
        ports.push_back(*port);
        auto const* tap = host.find(port->device);
        auto const& bridge = bridge_names[port->network];
        if (tap && Links::master_of(*tap) != bridge)
            tell("port", there.ports, id, fmt::format("its device {} is not on bridge {}", port->device, bridge));
    }
    for (auto& [thing, id, what] : firewall_.altered(bridges, groups, ports)) {
        if (thing == "network") tell("network", there.networks, id, std::move(what));
        if (thing == "group") tell("group", there.groups, id, std::move(what));
        if (thing == "port") tell("port", there.ports, id, std::move(what));
        if (thing == "host") all.push_back({"host", id, std::move(what)});
    }
    for (auto const& id : there.routers) {
        call.check();
        auto const router = decoded<Router>(router_records_.read(id));
        if (!router) continue;
        try {
            for (auto& what : routers_.altered(*router, host)) all.push_back({"router", id, std::move(what)});
        } catch (Error const& error) { // likewise
            all.push_back({"router", id, error.what()});
        }
    }
    constexpr std::size_t most = 200; // an inventory has to fit a reply
    if (all.size() > most) all.resize(most);
    return all;
}

void LinuxNetwork::listen_in_network(Network const& network) {
    auto const identify = [network](std::string const& address) -> std::optional<Asker> {
        if (address.compare(0, 4, "fe80") != 0) return Asker{network.id, address};
        for (auto const& lease : network.leases) // a link-local address is made from the MAC, and nobody may forge it
            if (link_local_of(lease.mac) == address) return Asker{network.id, lease.address};
        return std::nullopt;
    };
    metadata_.listen(names_.network_namespace(network.id), names_.inside(network.id + "/dhcp"), identify);
}

void LinuxNetwork::listen_in_router(Router const& router) {
    auto const identify = [router](std::string const& address) -> std::optional<Asker> {
        for (auto const& port : router.interfaces)
            if (holds(port.addresses, address)) return Asker{port.network, address};
        return std::nullopt; // from outside nobody asks
    };
    metadata_.listen(names_.router_namespace(router.id), "", identify);
}

} // namespace volutus::network::on_linux

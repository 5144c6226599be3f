#include "simulator.hpp"

#include <fmt/format.h>

namespace volutus::network::simulator {

namespace {
std::string record_id(std::string const& kind, std::string const& id) { return kind + "." + id; }
std::string bridge_of(std::string const& network) { return "sim" + network.substr(0, 11); }
} // namespace

void Simulator::begin(Call& call, std::string_view name) {
    call.check();
    if (settings_.latency_ms > 0) world::sleep_for(std::chrono::milliseconds(settings_.latency_ms));
    if (settings_.fail_call != name) return;
    world::Lock lock(mutex_);
    if (failed_ >= settings_.fail_times) return;
    ++failed_;
    throw Error(code_from(settings_.fail_code),
                fmt::format("{} fails {} times as its configuration says", name, settings_.fail_times));
}

void Simulator::require(std::string const& kind, std::string const& id, std::string const& whose) const {
    if (!records_.read(record_id(kind, id)))
        throw Error(Code::not_found,
                    fmt::format("{} needs the {} {}, which this host does not have; ensure it first", whose, kind, id));
}

template <class T> void Simulator::keep(Call& call, std::string const& kind, T const& wanted) {
    auto record = records_.hold(record_id(kind, wanted.id), call.operation());
    record.write(json::encode_struct(wanted));
}

void Simulator::drop(Call& call, std::string const& kind, std::string const& id) {
    auto record = records_.hold(record_id(kind, id), call.operation());
    if (record.body()) record.remove();
}

template <class T> std::vector<T> Simulator::all(std::string const& kind) const {
    std::vector<T> out;
    for (auto const& id : records_.present()) {
        if (id.rfind(kind + ".", 0) != 0) continue;
        if (auto const body = records_.read(id)) out.push_back(json::decode<T>(*body));
    }
    return out;
}

Host Simulator::host(Call& call) {
    begin(call, "host");
    return {settings_.host, settings_.physical, 9000};
}

Plugged Simulator::ensure_network(Call& call, Network const& wanted) {
    begin(call, "ensure_network");
    if (!wanted.physical.empty() &&
        std::find(settings_.physical.begin(), settings_.physical.end(), wanted.physical) == settings_.physical.end())
        throw Error(Code::invalid,
                    fmt::format("this host has no physical network '{}'; name it in `physical`", wanted.physical));
    keep(call, "network", wanted);
    return {bridge_of(wanted.id)};
}

void Simulator::remove_network(Call& call, Id const& network) {
    begin(call, "remove_network");
    for (auto const& port : all<Port>("port"))
        if (port.network == network.id)
            throw Error(Code::conflict, fmt::format("network {} still has port {}", network.id, port.id));
    drop(call, "network", network.id);
}

void Simulator::ensure_group(Call& call, Group const& wanted) {
    begin(call, "ensure_group");
    keep(call, "group", wanted);
}

void Simulator::remove_group(Call& call, Id const& group) {
    begin(call, "remove_group");
    drop(call, "group", group.id);
}

Plugged Simulator::ensure_port(Call& call, Port const& wanted) {
    begin(call, "ensure_port");
    require("network", wanted.network, "port " + wanted.id);
    for (auto const& group : wanted.groups) require("group", group, "port " + wanted.id);
    keep(call, "port", wanted);
    return {bridge_of(wanted.network)};
}

void Simulator::remove_port(Call& call, Id const& port) {
    begin(call, "remove_port");
    drop(call, "port", port.id);
}

void Simulator::ensure_router(Call& call, Router const& wanted) {
    begin(call, "ensure_router");
    for (auto const& interface : wanted.interfaces) require("network", interface.network, "router " + wanted.id);
    if (wanted.gateway) require("network", wanted.gateway->network, "router " + wanted.id);
    keep(call, "router", wanted);
}

void Simulator::remove_router(Call& call, Id const& router) {
    begin(call, "remove_router");
    drop(call, "router", router.id);
}

Inventory Simulator::list(Call& call) {
    begin(call, "list");
    Inventory out;
    for (auto const& one : all<Network>("network")) out.networks.push_back(one.id);
    for (auto const& one : all<Port>("port")) out.ports.push_back(one.id);
    for (auto const& one : all<Group>("group")) out.groups.push_back(one.id);
    for (auto const& one : all<Router>("router")) {
        out.routers.push_back(one.id);
        for (auto const& ip : one.floating_ips)
            out.floating_ips.push_back(fmt::format("{} {} {}", one.id, ip.address, ip.fixed));
    }
    return out;
}

} // namespace volutus::network::simulator

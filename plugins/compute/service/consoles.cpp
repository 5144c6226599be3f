#include "consoles_table.hpp"

#include "servers.hpp"
#include "ssh_key.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::compute {

Resource const& resource_of(Console const*) { return erased<consoles>(); }

namespace {

std::int64_t now() { return world::wall_now().time_since_epoch().count(); }

std::string new_token() {
    std::array<unsigned char, 24> bytes{};
    world::random_bytes(bytes.data(), bytes.size());
    std::string out;
    for (auto byte : bytes) out += fmt::format("{:02x}", byte);
    return out;
}

// "?token=..." as noVNC's page hands it on inside its own `path`, or plainly.
std::string token_of(Request const& request) {
    if (auto const token = request.query("token")) return *token;
    auto const path = request.query("path").value_or("");
    auto const at = path.find("token=");
    return at == path.npos ? std::string() : path.substr(at + 6, path.find('&', at) - at - 6);
}

// Those whose time is over go with the next one that is made.
Writes sweep(Store& store) {
    store::Query query;
    query.where = {where("expires", store::Operator::lt, now())};
    query.limit = 100;
    Writes writes;
    for (auto const& old : store.query<Console>(std::move(query))) writes += volutus::remove(old);
    return writes;
}

} // namespace

std::string Consoles::url_for(Request& request, std::string_view protocol) {
    auto const server = require_server(request);
    if (server.host.empty() || server.vm_state == "building")
        throw Error(Code::conflict, fmt::format("Instance {} is not ready", server.id));
    if (protocol != "vnc" && protocol != "serial")
        throw Error(Code::invalid, fmt::format("Unavailable console type {}.", protocol));
    auto const token = new_token();
    Console console;
    console.id = sha224(token);
    console.server_id = server.id;
    console.type = protocol;
    console.expires = now() + settings_.console_minutes * 60'000'000;
    retry_on_conflict([&] { request.apply(put(console) + sweep(request.store())); });
    if (!settings_.console_url.empty() && protocol == "vnc")
        return fmt::format("{}?path=%3Ftoken%3D{}", settings_.console_url, token);
    auto url = request.link("//console") + "?token=" + token;
    if (protocol == "serial" && url.rfind("http", 0) == 0) url.replace(0, 4, "ws"); // as its clients expect
    return url;
}

Reply Consoles::create(Request& request, WantedConsole const& wanted) {
    auto const url = url_for(request, wanted.protocol);
    return request.reply(json::object{{"remote_console",
                                       {{"protocol", json::string(wanted.protocol)},
                                        {"type", json::string(wanted.type)},
                                        {"url", json::string(url)}}}});
}

Reply Consoles::vnc(Request& request, ConsoleType const& wanted) {
    if (wanted.type == "serial") throw Error(Code::invalid, "Unavailable console type serial.");
    auto const url = url_for(request, "vnc");
    return request.reply(json::object{{"console", {{"type", json::string(wanted.type)}, {"url", json::string(url)}}}});
}

Reply Consoles::serial(Request& request, ConsoleType const& wanted) {
    auto const url = url_for(request, "serial");
    return request.reply(json::object{{"console", {{"type", json::string(wanted.type)}, {"url", json::string(url)}}}});
}

// The driver's connected socket goes into the call's output; the gateway carries the bytes.
Reply Consoles::connect(Request& request) {
    auto const console = request.store().get<Console>(sha224(token_of(request)));
    auto const server = console ? request.store().get<Server>(console->server_id) : std::nullopt;
    if (!server || console->expires < now() || server->host.empty())
        throw Error(Code::forbidden, "The token has expired or is invalid; ask for a new console");
    hypervisor::ConsoleOf const wanted{server->id, server->host, console->type};
    backends_.host.call(&request.call(), hypervisor::contract.name,
                        hypervisor::contract.name_of<&hypervisor::Driver::console>(), server->driver,
                        json::print(wanted), nullptr, request.output().raw());
    return Reply::in_stream(101);
}

} // namespace volutus::compute

#include "tests/sim/tenant.hpp"

#include "tests/sim/client.hpp"
#include "tests/sim/stand_ins.hpp"

#include <fmt/format.h>

#include <set>
#include <stdexcept>

namespace volutus::sim {

namespace {

using namespace std::chrono_literals;

constexpr world::Duration patience = 20s;

std::string path_of(std::string route, RestClient::Captures const& captures) {
    for (auto const& [name, value] : captures) {
        auto const place = "{" + name + "}";
        route.replace(route.find(place), place.size(), value);
    }
    return route;
}

std::string id_in(json::value const& body, std::string_view noun) { return json::text(body.at(noun).at("id")); }

bool one_in(std::uint64_t n) { return world::random_u64() % n == 0; }

} // namespace

Context tenant_context(std::string const& project) {
    Context caller;
    caller.user = UserRef{"user-of-" + project, {}, {"default", {}}};
    caller.project = ProjectRef{project, {}, {"default", {}}};
    caller.roles = {{"r1", "member"}, {"r2", "reader"}};
    return caller;
}

Context operator_context() {
    auto caller = tenant_context("operators");
    caller.roles.push_back({"r3", "admin"});
    caller.is_admin = true;
    return caller;
}

RestClient::RestClient(world::Node& controller, Context caller) : controller_(controller), caller_(std::move(caller)) {}

RestClient::Answer RestClient::compute(std::string const& method, std::string const& route, Captures captures,
                                       json::value body) {
    return ask("compute_service", method, "/v2.1" + route, std::move(captures), body);
}

RestClient::Answer RestClient::network(std::string const& method, std::string const& route, Captures captures,
                                       json::value body) {
    return ask("network_service", method, "/v2.0" + route, std::move(captures), body);
}

RestClient::Answer RestClient::ask(std::string_view plugin, std::string const& method, std::string const& route,
                                   Captures captures, json::value const& body) {
    json::object parameters;
    for (auto const& [name, value] : captures) parameters[name] = value;
    json::object request{
        {"route", method + " " + route},       {"method", method},     {"path", path_of(route, captures)},
        {"parameters", std::move(parameters)}, {"base", "http://sim"}, {"body", !body.is_null()}};
    if (!body.is_null()) request.emplace("input", json::print(body));
    auto const reply =
        sim::ask(controller_, {"volutus.service/1", plugin}, "handle", request, print(caller_), patience);
    Answer answer;
    if (auto const* status = reply.if_contains("status")) answer.status = status->to_number<unsigned>();
    if (auto const* output = reply.if_contains("output")) answer.body = json::parse(json::text(*output));
    return answer;
}

Tenant::Tenant(world::Node& controller, std::string project, std::string outside)
    : client_(controller, tenant_context(project)), project_(std::move(project)), outside_(std::move(outside)) {}

void Tenant::settle() {
    auto good = [&](RestClient::Answer answer) {
        if (!answer.good())
            throw std::runtime_error(
                fmt::format("{} cannot settle: {} {}", project_, answer.status, json::print(answer.body)));
        return answer.body;
    };
    network_ = id_in(good(client_.network("POST", "/networks", {}, {{"network", {{"name", "lan"}}}})), "network");
    subnet_ = id_in(
        good(client_.network("POST", "/subnets", {},
                             {{"subnet", {{"network_id", network_}, {"cidr", "10.0.0.0/26"}, {"ip_version", 4}}}})),
        "subnet");
    router_ = id_in(
        good(client_.network("POST", "/routers", {},
                             {{"router", {{"name", "gate"}, {"external_gateway_info", {{"network_id", outside_}}}}}})),
        "router");
    good(client_.network("PUT", "/routers/{router_id}/add_router_interface", {{"router_id", router_}},
                         {{"subnet_id", subnet_}}));
}

void Tenant::work(int operations, Memory& memory) {
    using Operation = void (Tenant::*)(Memory&);
    constexpr Operation all[] = {&Tenant::create_server,      &Tenant::create_server,      &Tenant::delete_server,
                                 &Tenant::change_server,      &Tenant::create_port,        &Tenant::delete_port,
                                 &Tenant::create_floating_ip, &Tenant::change_floating_ip, &Tenant::delete_floating_ip,
                                 &Tenant::try_a_network,      &Tenant::remove_what_is_used};
    for (int i = 0; i < operations; ++i) {
        (this->*all[world::random_u64() % std::size(all)])(memory);
        if (one_in(2)) world::sleep_for(std::chrono::milliseconds(world::random_u64() % 3000));
    }
}

RestClient::Answer Tenant::counted(RestClient::Answer answer, Memory& memory) {
    ++memory.requests;
    memory.answers += answer.status != 0;
    return answer;
}

std::string Tenant::any_of(Things const& things) {
    std::vector<std::string> there;
    for (auto const& [id, told] : things)
        if (!told.delete_asked) there.push_back(id);
    return there.empty() ? std::string() : there[world::random_u64() % there.size()];
}

void Tenant::create_server(Memory& memory) {
    json::object nic{{"uuid", network_}};
    auto const port = any_of(memory.ports);
    if (!port.empty() && one_in(3)) nic = {{"port", port}};
    // Now and then one that fits no host.
    auto const* flavor = one_in(6) ? "large" : "small";
    auto const answer = counted(client_.compute("POST", "/servers", {},
                                                {{"server",
                                                  {{"name", fmt::format("{}-{}", project_, ++number_)},
                                                   {"flavorRef", flavor},
                                                   {"imageRef", image_id},
                                                   {"networks", json::array{nic}}}}}),
                                memory);
    if (answer.good()) memory.servers[id_in(answer.body, "server")];
}

void Tenant::delete_server(Memory& memory) {
    auto const id = any_of(memory.servers);
    if (id.empty()) return;
    auto& told = memory.servers[id];
    told.delete_asked = true;
    told.delete_told = counted(client_.compute("DELETE", "/servers/{server_id}", {{"server_id", id}}), memory).good();
}

void Tenant::change_server(Memory& memory) {
    auto const id = any_of(memory.servers);
    if (id.empty()) return;
    json::object const actions[] = {{{"os-stop", nullptr}},
                                    {{"os-start", nullptr}},
                                    {{"reboot", json::object{{"type", "HARD"}}}},
                                    {{"pause", nullptr}},
                                    {{"unpause", nullptr}}};
    counted(client_.compute("POST", "/servers/{server_id}/action", {{"server_id", id}},
                            actions[world::random_u64() % std::size(actions)]),
            memory);
}

void Tenant::create_port(Memory& memory) {
    auto const answer = counted(client_.network("POST", "/ports", {}, {{"port", {{"network_id", network_}}}}), memory);
    if (answer.good()) memory.ports[id_in(answer.body, "port")];
}

void Tenant::delete_port(Memory& memory) {
    auto const id = any_of(memory.ports);
    if (id.empty()) return;
    auto const answer = counted(client_.network("DELETE", "/ports/{port_id}", {{"port_id", id}}), memory);
    if (answer.status == 409) return; // a server has it: it stays
    memory.ports[id].delete_asked = true;
    memory.ports[id].delete_told = answer.good();
}

void Tenant::create_floating_ip(Memory& memory) {
    json::object wanted{{"floating_network_id", outside_}};
    auto const port = any_of(memory.ports);
    if (!port.empty() && one_in(2)) wanted["port_id"] = port;
    auto const answer = counted(client_.network("POST", "/floatingips", {}, {{"floatingip", wanted}}), memory);
    if (answer.good()) memory.floating_ips[id_in(answer.body, "floatingip")];
}

void Tenant::change_floating_ip(Memory& memory) {
    auto const id = any_of(memory.floating_ips);
    if (id.empty()) return;
    auto const port = one_in(2) ? any_of(memory.ports) : std::string();
    json::object wanted{{"port_id", port.empty() ? json::value() : json::value(json::string(port))}};
    counted(client_.network("PUT", "/floatingips/{floatingip_id}", {{"floatingip_id", id}}, {{"floatingip", wanted}}),
            memory);
}

void Tenant::delete_floating_ip(Memory& memory) {
    auto const id = any_of(memory.floating_ips);
    if (id.empty()) return;
    auto& told = memory.floating_ips[id];
    told.delete_asked = true;
    told.delete_told =
        counted(client_.network("DELETE", "/floatingips/{floatingip_id}", {{"floatingip_id", id}}), memory).good();
}

// A network that comes and goes with what hangs on it, and somebody else of the project who takes it away meanwhile.
void Tenant::try_a_network(Memory& memory) {
    auto const made = counted(client_.network("POST", "/networks", {}, {{"network", {{"name", "passing"}}}}), memory);
    if (!made.good()) return;
    auto const id = id_in(made.body, "network");
    auto const remove = [&] { return client_.network("DELETE", "/networks/{network_id}", {{"network_id", id}}); };
    {
        world::Thread const rival("rival", [&] {
            if (one_in(2)) remove();
        });
        json::object const wanted{
            {"network_id", id}, {"cidr", fmt::format("10.1.{}.0/24", ++number_)}, {"ip_version", 4}};
        auto const subnet = counted(client_.network("POST", "/subnets", {}, {{"subnet", wanted}}), memory);
        if (subnet.good()) {
            json::object const interface{{"subnet_id", id_in(subnet.body, "subnet")}};
            RestClient::Captures const router{{"router_id", router_}};
            counted(client_.network("PUT", "/routers/{router_id}/add_router_interface", router, interface), memory);
            counted(client_.network("PUT", "/routers/{router_id}/remove_router_interface", router, interface), memory);
        }
    }
    counted(remove(), memory);
}

// What others hang on; it has to stay, whatever the answer was.
void Tenant::remove_what_is_used(Memory& memory) {
    if (one_in(2))
        counted(client_.network("DELETE", "/networks/{network_id}", {{"network_id", network_}}), memory);
    else
        counted(client_.network("DELETE", "/routers/{router_id}", {{"router_id", router_}}), memory);
}

void Tenant::compare(Memory const& memory, std::vector<std::string>& differences) {
    auto look = [&](std::string const& noun, std::string const& plural, Things const& told, RestClient::Answer answer) {
        if (!answer.good()) {
            differences.push_back(fmt::format("the {} of {} cannot be listed: {}", plural, project_, answer.status));
            return;
        }
        std::set<std::string> there;
        for (auto const& one : answer.body.at(plural).as_array()) {
            there.insert(json::text(one.at("id")));
            if (noun != "server") continue;
            auto const status = json::text(one.at("status"));
            if (status != "ACTIVE" && status != "SHUTOFF" && status != "PAUSED" && status != "ERROR")
                differences.push_back(fmt::format("server {} stays in {}", json::text(one.at("id")), status));
        }
        for (auto const& [id, what] : told) {
            if (!there.count(id) && !what.delete_asked)
                differences.push_back(fmt::format("{} {} was acknowledged, and is not there", noun, id));
            if (there.count(id) && what.delete_told)
                differences.push_back(fmt::format("{} {} was deleted, and is there", noun, id));
        }
    };
    look("network", "networks", {{network_, {}}}, client_.network("GET", "/networks"));
    look("router", "routers", {{router_, {}}}, client_.network("GET", "/routers"));
    look("server", "servers", memory.servers, client_.compute("GET", "/servers/detail"));
    look("port", "ports", memory.ports, client_.network("GET", "/ports"));
    look("floating IP", "floatingips", memory.floating_ips, client_.network("GET", "/floatingips"));
}

} // namespace volutus::sim

#include "tests/sim/machines.hpp"

#include "kernel/scheduler/service.hpp"
#include "kernel/store/service.hpp"
#include "kernel/task/runner.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/linked_plugin.hpp"
#include "tests/sim/simulated_bus.hpp"
#include "tests/sim/stand_ins.hpp"

#include <volutus/contract/hypervisor.hpp>
#include <volutus/contract/network.hpp>
#include <volutus/contract/scheduler.hpp>

#include <fmt/format.h>

#include <map>
#include <set>

extern "C" {
vlt_status volutus_plugin_1_compute_service(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_compute_service();
vlt_status volutus_plugin_1_compute_simulator(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_compute_simulator();
vlt_status volutus_plugin_1_network_service(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_network_service();
vlt_status volutus_plugin_1_network_simulator(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_network_simulator();
vlt_status volutus_plugin_1_placement_service(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_placement_service();
}

namespace volutus::sim {

namespace {

using namespace std::chrono_literals;
using kernel::plugin::BuiltIn;
using kernel::plugin::Endpoint;
using kernel::plugin::Registry;

constexpr world::Duration bus_patience = 5s;

std::vector<LinkedPlugin> services() {
    return {linked_plugin(volutus_plugin_1_placement_service, volutus_manifest_1_placement_service()),
            linked_plugin(volutus_plugin_1_network_service, volutus_manifest_1_network_service()),
            linked_plugin(volutus_plugin_1_compute_service, volutus_manifest_1_compute_service())};
}

std::string config_of(LinkedPlugin const& service) {
    if (service.manifest.id == "compute_service")
        return R"({"quota_instances": 4, "quota_cores": 20, "shutdown_timeout": 5, "reserved_memory_mb": 0})";
    if (service.manifest.id == "network_service") return R"({"attach_patience_ms": 500})";
    return "{}";
}

// What the product's policy would keep for operators.
std::set<std::string> operators_rules(std::vector<LinkedPlugin> const& plugins) {
    std::set<std::string> rules;
    for (auto const& plugin : plugins)
        for (auto const& policy : plugin.manifest.policies)
            if (policy.check == "rule:context_is_admin" || policy.check == "rule:admin_only") rules.insert(policy.rule);
    return rules;
}

std::vector<volutus::store::Document> all(kernel::store::Store& store, std::string const& kind) {
    volutus::store::Query query;
    query.kind = kind;
    return store.query(query).documents; // of so small a cloud one page is all
}

// What a field that refers to others holds.
std::vector<std::string> ids_in(json::value const* field) {
    std::vector<std::string> ids;
    if (field && field->is_string() && !field->as_string().empty()) ids.push_back(json::text(*field));
    if (field && field->is_array())
        for (auto const& one : field->as_array()) ids.push_back(json::text(one));
    return ids;
}

// Servers that a claim or a port speaks of and that are not there.
void find_orphans(kernel::store::Store& store, json::array& differences) {
    std::set<std::string> servers;
    for (auto const& server : all(store, "compute.server")) {
        servers.insert(server.id);
        auto const* told = server.body.if_contains("OS-EXT-STS:vm_state");
        auto const state = told && told->is_string() ? json::text(*told) : std::string();
        if (server.body.contains("OS-EXT-STS:task_state"))
            differences.push_back(json::string(fmt::format("server {} stays {} in {}", server.id, state,
                                                           json::print(server.body.at("OS-EXT-STS:task_state")))));
        if (state == "error" && !server.body.contains("fault"))
            differences.push_back(json::string(fmt::format("server {} is in error without a reason", server.id)));
    }
    for (auto const* resource : {"instances", "cores", "ram", "VCPU", "MEMORY_MB", "DISK_GB"}) {
        volutus::store::AccountQuery query;
        query.resource = resource;
        for (auto const& account : store.accounts(query).accounts) {
            volutus::store::AccountQuery one;
            one.account = account.account;
            one.resource = resource;
            for (auto const& claim : store.accounts(one).claims)
                if (!servers.count(claim.consumer))
                    differences.push_back(
                        json::string(fmt::format("{} {} of {} are claimed by {}, which is not there", claim.amount,
                                                 resource, account.account, claim.consumer)));
        }
    }
    for (auto const& port : all(store, "network.port")) {
        auto const* device = port.body.if_contains("device_id");
        auto const* owner = port.body.if_contains("device_owner");
        if (device && owner && json::text(*owner).rfind("compute:", 0) == 0 && !servers.count(json::text(*device)))
            differences.push_back(json::string(
                fmt::format("port {} belongs to server {}, which is not there", port.id, json::text(*device))));
    }
}

// References that lead nowhere, by what the plugins declare.
void find_dangling(kernel::store::Store& store, std::vector<LinkedPlugin> const& plugins, json::array& differences) {
    std::map<std::string, std::set<std::string>> there;
    for (auto const& plugin : plugins)
        for (auto const& kind : plugin.manifest.kinds)
            for (auto const& document : all(store, kind.name)) there[kind.name].insert(document.id);
    for (auto const& plugin : plugins)
        for (auto const& kind : plugin.manifest.kinds)
            for (auto const& document : all(store, kind.name))
                for (auto const& reference : kind.references)
                    for (auto const& id : ids_in(json::find(document.body, reference.field)))
                        if (!there[reference.kind].count(id))
                            differences.push_back(
                                json::string(fmt::format("{} {} refers to {} {}, which is not there", kind.name,
                                                         document.id, reference.kind, id)));
}

json::array differences_in(kernel::store::Store& store, std::vector<LinkedPlugin> const& plugins) {
    json::array differences;
    for (auto const& one : store.verify())
        differences.push_back(
            json::string(fmt::format("store: {}: expected {}, found {}", one.place, one.expected, one.found)));
    for (auto const& task : all(store, "kernel.task"))
        differences.push_back(json::string(fmt::format("task {} is left: {}", task.id, json::print(task.body))));
    find_orphans(store, differences);
    find_dangling(store, plugins, differences);
    return differences;
}

void add_store(Registry& registry, kernel::store::Store& store, Plant plant) {
    registry.add_built_in(std::string(volutus::store::contract.name), [&store, plant](std::string const& plugin) {
        return planted(plant, kernel::store::endpoint_of(store, plugin));
    });
}

void add_scheduler(Registry& registry, kernel::scheduler::Scheduler const& scheduler) {
    registry.add_built_in(std::string(volutus::scheduler::contract.name),
                          [&](std::string const&) -> std::shared_ptr<Endpoint> {
                              return std::make_shared<BuiltIn<volutus::scheduler::contract>>(
                                  std::make_unique<kernel::scheduler::Service>(scheduler));
                          });
}

void run_driver(LinkedPlugin const& plugin, json::object const& config, Plant plant) {
    Registry registry;
    auto const driver = load(registry, plugin, json::print(config), plant);
    driver->start();
    SimulatedBus bus;
    bus.serve(kernel::plugin::answers_of(registry));
    world::stay();
}

} // namespace

void run_controller(std::string const& compute_host, std::string const& network_host, Plant plant) {
    auto const plugins = services();
    world::make_directory("/state");
    kernel::store::Options store_options;
    store_options.database.path = "/state/store.db";
    store_options.readers = 4;
    kernel::store::Store store(store_options);
    kernel::scheduler::Scheduler scheduler(store, {});
    for (auto const& plugin : plugins) {
        store.declare(plugin.manifest.id, planted(plant, plugin.manifest.kinds));
        if (auto const& hosts = plugin.manifest.hosts)
            scheduler.declare({hosts->kind, hosts->traits, hosts->aggregates});
    }
    scheduler.start();

    Registry registry;
    add_store(registry, store, plant);
    add_scheduler(registry, scheduler);
    add_policy(registry, operators_rules(plugins));
    add_cloud(registry);
    add_images(registry);
    SimulatedBus bus;
    registry.add("compute_simulator", std::string(hypervisor::contract.name), "simulator",
                 std::make_shared<kernel::plugin::BusLink>(bus, compute_host, "", bus_patience));
    registry.add("network_simulator", std::string(network::contract.name), "simulator",
                 std::make_shared<kernel::plugin::BusLink>(bus, network_host, "", bus_patience));
    std::vector<std::shared_ptr<kernel::plugin::InProcessLink>> links;
    for (auto const& plugin : plugins) links.push_back(load(registry, plugin, config_of(plugin), plant));
    for (auto const& link : links) link->start();

    kernel::task::RunnerOptions options;
    options.node = "controller";
    options.threads = 3;
    options.tries = 4;
    options.longest_pause = 10s;
    kernel::task::Runner runner(store, registry, options);
    for (auto const& plugin : plugins)
        for (auto const& task : plugin.manifest.tasks) runner.declare(plugin.manifest.id, task);
    runner.start();

    world::Simulation::current().network().serve([&](std::string const& request) {
        if (request == how_many_tasks) return std::to_string(all(store, "kernel.task").size());
        if (request == what_differs) return json::print(differences_in(store, plugins));
        return answer_client(registry, request);
    });
    world::stay();
}

void run_compute_host(Plant plant) {
    run_driver(linked_plugin(volutus_plugin_1_compute_simulator, volutus_manifest_1_compute_simulator()),
               {{"hosts", 2}, {"vcpus", 2}, {"memory_mb", 2048}, {"state_directory", "/state/guests"}}, plant);
}

void run_network_host(Plant plant) {
    run_driver(linked_plugin(volutus_plugin_1_network_simulator, volutus_manifest_1_network_simulator()),
               {{"directory", "/state/network"}}, plant);
}

} // namespace volutus::sim

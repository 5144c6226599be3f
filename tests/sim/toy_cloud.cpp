#include "tests/sim/toy_cloud.hpp"

#include "kernel/store/service.hpp"
#include "kernel/task/runner.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/linked_plugin.hpp"
#include "tests/sim/simulated_bus.hpp"

#include <volutus/context.hpp>
#include <volutus/contract/toy.hpp>
#include <volutus/fenced_records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

extern "C" {
vlt_status volutus_plugin_1_toy_service(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_toy_service();
vlt_status volutus_plugin_1_toy_file(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_toy_file();
}

namespace volutus::sim {

namespace {

using namespace std::chrono_literals;
using kernel::plugin::Registry;

constexpr char const* database = "/state/store.db";
constexpr char const* widgets_directory = "/state/widgets";
constexpr world::Duration bus_patience = 5s;
constexpr int clients = 3;
constexpr int rounds = 5; // operations of each client

// ---- the machines' programs ----

LinkedPlugin toy_service() { return linked_plugin(volutus_plugin_1_toy_service, volutus_manifest_1_toy_service()); }

kernel::store::Options store_options() {
    world::make_directory("/state");
    kernel::store::Options options;
    options.database.path = database;
    options.readers = 4;
    return options;
}

void run_controller(std::string const& maker, Plant plant) {
    auto const toy = toy_service();
    auto const& manifest = toy.manifest;

    kernel::store::Store store(store_options());
    store.declare(manifest.id, planted(plant, manifest.kinds));
    Registry registry;
    registry.add_built_in("volutus.store/1", [&](std::string const& plugin) {
        return planted(plant, kernel::store::endpoint_of(store, plugin));
    });
    SimulatedBus bus;
    registry.add("toy_file", std::string(toy::contract.name), "file",
                 std::make_shared<kernel::plugin::BusLink>(bus, maker, "", bus_patience));
    auto const service = load(registry, toy, R"({"slots": 12, "quota": 8})", plant);
    service->start();

    kernel::task::RunnerOptions options;
    options.node = "controller";
    options.threads = 3;
    options.tries = 4;
    options.longest_pause = 10s;
    kernel::task::Runner runner(store, registry, options);
    for (auto const& task : manifest.tasks) runner.declare(manifest.id, task);
    runner.start();

    world::Simulation::current().network().serve(
        [&](std::string const& request) { return answer_client(registry, request); });
    world::stay();
}

void run_maker(Plant plant) {
    Registry registry;
    auto const driver = load(registry, linked_plugin(volutus_plugin_1_toy_file, volutus_manifest_1_toy_file()),
                             json::print(json::object{{"directory", widgets_directory}}), plant);
    driver->start();
    SimulatedBus bus;
    bus.serve(kernel::plugin::answers_of(registry));
    world::stay();
}

// ---- the clients ----

// What a client was told about one widget.
struct Told {
    std::string id; // "" = the create was not acknowledged
    bool delete_asked = false, delete_told = false;
};
using Ledger = std::map<std::string, Told>; // by name

class Tenant {
public:
    Tenant(world::Node& controller, std::string project) : controller_(controller), project_(std::move(project)) {}

    void work(int operations, Ledger& told) {
        for (int i = 0; i < operations; ++i) {
            auto const name = fmt::format("{}-{}", project_, i);
            create(name, told[name]);
            if (world::random_u64() % 2) world::sleep_for(std::chrono::milliseconds(world::random_u64() % 3000));
            if (!told[name].id.empty() && world::random_u64() % 2) remove(told[name]);
        }
    }

    // Nothing when no answer came.
    std::optional<json::array> list() {
        auto const reply = ask("GET", "/v1/widgets", {}, "");
        if (!told_yes(reply)) return std::nullopt;
        return json::parse_object(json::text(reply.at("output"))).at("widgets").as_array();
    }

private:
    json::object ask(std::string const& method, std::string const& route, json::object parameters,
                     std::string const& body) {
        std::string path = route;
        json::object request{{"route", method + " " + route},       {"method", method},     {"path", path},
                             {"parameters", std::move(parameters)}, {"base", "http://sim"}, {"body", !body.empty()}};
        if (!body.empty()) request.emplace("input", body);
        Context caller;
        caller.user = UserRef{"u-" + project_, {}, {"default", {}}};
        caller.project = ProjectRef{project_, {}, {"default", {}}};
        caller.roles = {{"r1", "member"}};
        return sim::ask(controller_, {"volutus.service/1", ""}, "handle", request, print(caller), 4s);
    }

    static bool told_yes(json::object const& reply) {
        auto const* status = reply.if_contains("status");
        return status && status->to_number<int>() < 300;
    }

    void create(std::string const& name, Told& told) {
        auto const size = 1 + static_cast<std::int64_t>(world::random_u64() % 4);
        // The maker refuses this colour in the third step, when there is something to undo.
        auto const* colour = world::random_u64() % 5 == 0 ? "clear" : "green";
        auto const body = json::print(json::object{{"widget", {{"name", name}, {"size", size}, {"colour", colour}}}});
        auto const reply = ask("POST", "/v1/widgets", {}, body);
        if (told_yes(reply))
            told.id = json::text(json::parse_object(json::text(reply.at("output"))).at("widget").at("id"));
    }

    void remove(Told& told) {
        told.delete_asked = true;
        auto const reply = ask("DELETE", "/v1/widgets/{widget_id}", {{"widget_id", told.id}}, "");
        told.delete_told = told_yes(reply);
    }

    world::Node& controller_;
    std::string project_;
};

// ---- the prover ----

struct Found {
    std::vector<std::string> differences;
    std::map<std::string, json::object> widgets; // documents by id
    std::map<std::string, std::int64_t> slots;   // claims on the maker by consumer
    std::map<std::string, std::int64_t> quota;   // claims of quota by consumer
    std::set<std::string> serials;               // consumers in the pool
    std::map<std::string, toy::Widget> made;     // what the maker has
};

void read_controller(Found& found) {
    kernel::store::Store store(store_options());
    auto const manifest = toy_service().manifest;
    store.declare(manifest.id, manifest.kinds);
    for (auto const& difference : store.verify())
        found.differences.push_back(
            fmt::format("store: {}: expected {}, found {}", difference.place, difference.expected, difference.found));
    volutus::store::Query query;
    query.kind = "toy.widget";
    for (auto const& document : store.query(query).documents) found.widgets[document.id] = document.body;
    query.kind = "kernel.task";
    for (auto const& task : store.query(query).documents)
        found.differences.push_back(fmt::format("task {} is left: {}", task.id, json::print(task.body)));
    volutus::store::AccountQuery accounts;
    accounts.account = "toy.maker";
    for (auto const& claim : store.accounts(accounts).claims) found.slots[claim.consumer] += claim.amount;
    for (int i = 0; i < clients; ++i) {
        volutus::store::AccountQuery quota;
        quota.account = fmt::format("p{}", i);
        for (auto const& claim : store.accounts(quota).claims) found.quota[claim.consumer] += claim.amount;
    }
}

void read_maker(Found& found) {
    FencedRecords records(widgets_directory);
    for (auto const& id : records.present()) found.made[id] = json::decode<toy::Widget>(*records.read(id));
}

void compare(Found& found) {
    auto differ = [&](std::string what) { found.differences.push_back(std::move(what)); };
    for (auto const& [id, body] : found.widgets) {
        auto const status = json::text(body.at("status"));
        auto const size = body.at("size").to_number<std::int64_t>();
        if (status != "active" && status != "error") differ(fmt::format("widget {} stays in {}", id, status));
        if (status == "error" && !body.contains("fault"))
            differ(fmt::format("widget {} is in error without a reason", id));
        bool const active = status == "active";
        if (found.slots[id] != (active ? size : 0))
            differ(fmt::format("widget {} ({}) of size {} holds {} slots", id, status, size, found.slots[id]));
        if (found.quota[id] != 1) differ(fmt::format("widget {} holds {} of quota", id, found.quota[id]));
        if (active != (found.made.count(id) == 1))
            differ(fmt::format("widget {} is {}, the maker {} it", id, status, active ? "lacks" : "has"));
        if (active && found.made.count(id) && found.made[id].colour.value_or("") != json::text(body.at("colour")))
            differ(fmt::format("widget {} has another colour at the maker", id));
    }
    for (auto const& [id, widget] : found.made)
        if (!found.widgets.count(id)) differ(fmt::format("the maker has {}, which no document knows", id));
    for (auto const& [id, amount] : found.slots)
        if (amount && !found.widgets.count(id))
            differ(fmt::format("{} slots are claimed by {}, which is gone", amount, id));
    for (auto const& [id, amount] : found.quota)
        if (amount && !found.widgets.count(id)) differ(fmt::format("quota is claimed by {}, which is gone", id));
}

// Whatever a client was told is true in the store.
void compare_told(Found& found, Ledger const& told, Outcome& outcome) {
    for (auto const& [name, what] : told) {
        if (what.id.empty()) continue;
        ++outcome.created;
        bool const there = found.widgets.count(what.id);
        if (!there && !what.delete_asked)
            found.differences.push_back(fmt::format("{} was acknowledged as {} and is gone", name, what.id));
        if (there && what.delete_told)
            found.differences.push_back(fmt::format("{} ({}) was deleted and is there", name, what.id));
        outcome.removed += what.delete_told;
    }
}

bool at_rest(std::optional<json::array> const& told) {
    if (!told) return false;
    auto const& widgets = *told;
    return std::all_of(widgets.begin(), widgets.end(), [](json::value const& widget) {
        auto const status = json::text(widget.at("status"));
        return status == "active" || status == "error";
    });
}

void wait_for_rest(world::Node& controller) {
    auto const until = world::now() + std::chrono::hours(2);
    while (world::now() < until) {
        bool rest = true;
        for (int i = 0; i < clients; ++i) rest = rest && at_rest(Tenant(controller, fmt::format("p{}", i)).list());
        if (rest) break;
        world::sleep_for(10s);
    }
    world::sleep_for(10min); // undos behind what is in error already
}

} // namespace

Outcome run_toy_cloud(std::uint64_t seed, Plant plant, std::string const& trace_file) {
    world::Options options;
    options.trace_file = trace_file;
    options.network.lost_one_in = 25;
    options.network.doubled_one_in = 15;
    options.network.late_one_in = 15;
    options.crashes.one_in = 2500;
    options.disk.drop_syncs = plant == Plant::dropped_sync;
    world::Simulation simulation(seed, options);

    auto& controller = simulation.node("controller");
    auto& maker = simulation.node("maker");
    Outcome outcome;
    Found found;
    Ledger told[clients];
    simulation.run([&] {
        maker.start([plant] { run_maker(plant); });
        controller.start([&maker, plant] { run_controller(maker.name(), plant); });
        {
            std::vector<world::Thread> threads;
            for (int i = 0; i < clients; ++i)
                threads.emplace_back("client",
                                     [&, i] { Tenant(controller, fmt::format("p{}", i)).work(rounds, told[i]); });
        }
        simulation.calm();
        wait_for_rest(controller);
        outcome.crashes = controller.incarnation() + maker.incarnation() - 2;
        controller.crash(world::Crash::power_loss);
        maker.crash(world::Crash::power_loss);
        controller.start([&] { read_controller(found); });
        maker.start([&] { read_maker(found); });
        controller.wait_until_down(world::now() + std::chrono::hours(1));
        maker.wait_until_down(world::now() + std::chrono::hours(1));
        compare(found);
        for (auto const& one : told) compare_told(found, one, outcome);
    });
    outcome.trace = simulation.trace_hash();
    outcome.differences = std::move(found.differences);
    return outcome;
}

} // namespace volutus::sim

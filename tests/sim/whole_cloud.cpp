#include "tests/sim/whole_cloud.hpp"

#include "tests/sim/client.hpp"
#include "tests/sim/machines.hpp"
#include "tests/sim/tenant.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace volutus::sim {

namespace {

using namespace std::chrono_literals;

constexpr int tenants = 3;
constexpr int operations = 16; // of each

class WholeCloud {
public:
    WholeCloud(world::Simulation& simulation, Plant plant)
        : simulation_(simulation), plant_(plant), controller_(simulation.node("controller")),
          compute_host_(simulation.node("compute-host")), network_host_(simulation.node("network-host")) {}

    WholeOutcome run() {
        start();
        prepare();
        misbehave();
        {
            std::vector<world::Thread> threads;
            for (std::size_t i = 0; i < tenants; ++i)
                threads.emplace_back("tenant", [&, i] { tenants_[i].work(operations, memories_[i]); });
        }
        simulation_.calm();
        rest();
        outcome_.crashes = controller_.incarnation() + compute_host_.incarnation() + network_host_.incarnation() - 6;
        restart(world::Crash::power_loss);
        rest();
        prove();
        return std::move(outcome_);
    }

private:
    void start() {
        compute_host_.start([this] { run_compute_host(plant_); });
        network_host_.start([this] { run_network_host(plant_); });
        controller_.start([this] { run_controller(compute_host_.name(), network_host_.name(), plant_); });
    }

    void restart(world::Crash how) {
        for (auto* node : {&compute_host_, &network_host_, &controller_}) node->crash(how);
        start();
    }

    // What an operator does first, and each tenant; without faults.
    void prepare() {
        RestClient boss(controller_, operator_context());
        auto good = [&](RestClient::Answer answer) {
            if (!answer.good())
                throw std::runtime_error(
                    fmt::format("the cloud cannot be prepared: {} {}", answer.status, json::print(answer.body)));
            return answer.body;
        };
        world::sleep_for(10s);
        for (auto const& [name, ram] : {std::pair("small", 256), std::pair("large", 1 << 20)})
            good(boss.compute("POST", "/flavors", {},
                              {{"flavor", {{"id", name}, {"name", name}, {"vcpus", 1}, {"ram", ram}, {"disk", 1}}}}));
        auto const outside = json::text(good(boss.network("POST", "/networks", {},
                                                          {{"network",
                                                            {{"name", "outside"},
                                                             {"router:external", true},
                                                             {"provider:network_type", "flat"},
                                                             {"provider:physical_network", "public"}}}}))
                                            .at("network")
                                            .at("id"));
        good(boss.network(
            "POST", "/subnets", {},
            {{"subnet",
              {{"network_id", outside}, {"cidr", "172.24.4.0/24"}, {"ip_version", 4}, {"enable_dhcp", false}}}}));
        for (int i = 0; i < tenants; ++i) {
            tenants_.emplace_back(controller_, fmt::format("p{}", i), outside);
            tenants_.back().settle();
        }
    }

    void misbehave() {
        auto& options = simulation_.options();
        options.network.lost_one_in = 40;
        options.network.doubled_one_in = 12;
        options.network.late_one_in = 12;
        options.crashes.one_in = 8000;
        options.scheduler.clock_jump_one_in = 400;
        restart(world::Crash::kill); // from here on with crashes
    }

    std::string ask(char const* what) {
        auto const answer = simulation_.network().call(controller_, what, world::now() + 1min);
        return answer.value_or("");
    }

    // Until no task is left, twice in a row, so that what watches the drivers has looked, too.
    void rest() {
        auto const until = world::now() + 2h;
        for (int quiet = 0; quiet < 2 && world::now() < until;) {
            world::sleep_for(40s);
            quiet = ask(how_many_tasks) == "0" ? quiet + 1 : 0;
        }
    }

    void prove() {
        auto& found = outcome_.differences;
        auto const own = ask(what_differs);
        if (own.empty()) {
            found.push_back("the controller does not answer");
        } else {
            auto const lines = json::parse(own);
            for (auto const& line : lines.as_array()) found.push_back(json::text(line));
        }
        for (auto const* plugin : {"compute_service", "network_service"}) {
            auto const verdict =
                sim::ask(controller_, {"volutus.prover/1", plugin}, "verify", {}, "", std::chrono::minutes(1));
            auto const* differences = verdict.if_contains("differences");
            if (verdict.contains("code"))
                found.push_back(fmt::format("{} proves nothing: {}", plugin, json::print(verdict)));
            if (!differences) continue;
            for (auto const& one : differences->as_array())
                found.push_back(fmt::format("{} {}", json::text(one.at("where")), json::text(one.at("what"))));
        }
        for (std::size_t i = 0; i < tenants; ++i) {
            tenants_[i].compare(memories_[i], found);
            outcome_.requests += memories_[i].requests;
            outcome_.answers += memories_[i].answers;
            outcome_.servers += memories_[i].servers.size();
        }
    }

    world::Simulation& simulation_;
    Plant const plant_;
    world::Node &controller_, &compute_host_, &network_host_;
    std::vector<Tenant> tenants_;
    std::array<Memory, tenants> memories_;
    WholeOutcome outcome_;
};

} // namespace

WholeOutcome run_whole_cloud(std::uint64_t seed, Plant plant, std::string const& trace_file) {
    world::Options options;
    options.trace_file = trace_file;
    options.disk.drop_syncs = plant == Plant::dropped_sync;
    world::Simulation simulation(seed, options);
    WholeCloud cloud(simulation, plant);
    WholeOutcome outcome;
    simulation.run([&] { outcome = cloud.run(); });
    outcome.trace = simulation.trace_hash();
    return outcome;
}

} // namespace volutus::sim

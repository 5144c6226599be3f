#include <kernel/world/simulation.hpp>
#include <kernel/world/sqlite_vfs.hpp>

#include <exception>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

namespace volutus::world {

namespace {
Simulation* only = nullptr;
} // namespace

// ---- Node ----

Node::Node(Simulation& simulation, std::uint64_t id, std::string_view name)
    : simulation_(simulation), disk_(simulation.scheduler(), simulation.options().disk) {
    process_.id = id;
    process_.name = name;
    process_.node = this;
}

Node::~Node() = default;

void Node::start(std::function<void()> main) {
    if (running_) throw std::logic_error(fmt::format("{} runs a program already; crash it first", name()));
    running_ = true;
    ++incarnation_;
    main_ = std::move(main);
    plan_crash();
    simulation_.scheduler().spawn(process_, "main", [this, main = main_] {
        main();
        simulation_.scheduler().outside([this] { stop(Crash::kill, "exit"); });
    });
}

void Node::plan_crash() {
    auto const one_in = std::uint64_t{simulation_.options().crashes.one_in};
    process_.points_left = Process::never;
    if (one_in == 0) return;
    process_.points_left = 1 + simulation_.scheduler().random().below(2 * one_in);
    process_.strike = [this] {
        auto const& crashes = simulation_.options().crashes;
        Scheduler& fibers = simulation_.scheduler();
        stop(fibers.random().one_in(crashes.power_loss_one_in) ? Crash::power_loss : Crash::kill, "crash");
        fibers.at(fibers.now() + fibers.random().between(Duration(1), crashes.down_at_most), [this] {
            if (!running_) start(main_);
        });
    };
}

void Node::crash(Crash kind) {
    if (!running_) return;
    simulation_.scheduler().outside([this, kind] { stop(kind, "crash"); });
}

void Node::crash_after(std::uint64_t points, Crash kind) {
    process_.points_left = points == 0 ? 1 : points;
    process_.strike = [this, kind] { stop(kind, "crash"); };
}

bool Node::wait_until_down(Instant until) {
    while (running_)
        if (!down_.wait(until, "a machine to go down")) return !running_;
    return true;
}

void Node::stop(Crash kind, char const* event) {
    simulation_.scheduler().trace().note(event, process_.id, static_cast<std::uint64_t>(kind));
    simulation_.scheduler().abandon(process_);
    // It may own things of the dead program, whose destructors must not run.
    if (handler_) [[maybe_unused]]
        auto* const leaked = new auto(std::exchange(handler_, nullptr));
    disk_.crash(kind);
    process_.points_left = Process::never;
    running_ = false;
    down_.wake_all();
}

// ---- Simulation ----

Simulation::Simulation(std::uint64_t seed, Options options)
    : options_(std::move(options)), random_(seed), trace_(options_.trace_file),
      scheduler_(options_.scheduler, random_, trace_), network_(scheduler_, options_.network),
      director_(*this, 0, "director") {
    trace_.note("seed", seed);
    director_.running_ = true;
    only = this;
    use_simulated_disks_in_sqlite();
}

Simulation::~Simulation() {
    scheduler_.abandon_all(); // while what its fibers wait for still exists
    only = nullptr;
}

Simulation& Simulation::current() {
    world::scheduler(); // ends the program when there is none
    return *only;
}

void Simulation::run(std::function<void()> director) {
    bool done = false;
    std::exception_ptr thrown;
    scheduler_.spawn(director_.process_, "director", [&] {
        try {
            director();
        } catch (...) {
            thrown = std::current_exception();
        }
        done = true;
    });
    scheduler_.run_until(done);
    if (thrown) std::rethrow_exception(thrown);
}

Node& Simulation::node(std::string_view name) {
    auto found = nodes_.find(name);
    if (found == nodes_.end())
        found = nodes_.emplace(name, std::make_unique<Node>(*this, nodes_.size() + 1, name)).first;
    return *found->second;
}

Node& Simulation::here() {
    Fiber const* const fiber = scheduler_.current();
    return fiber == nullptr ? director_ : *fiber->process->node;
}

void Simulation::calm() {
    options_.crashes.one_in = 0;
    options_.scheduler.clock_jump_one_in = 0;
    options_.disk.enospc_one_in = options_.disk.eio_one_in = 0;
    options_.network.lost_one_in = options_.network.doubled_one_in = options_.network.late_one_in = 0;
    network_.heal_all();
    for (auto& [name, node] : nodes_) node->process_.points_left = Process::never;
}

void stay() {
    WaitQueue forever;
    for (;;) forever.wait(std::nullopt, "nothing: it stays");
}

} // namespace volutus::world

// A simulated cloud in one OS thread: machines with their disks and a network between them, under one seed.
//
//   Simulation simulation(seed);
//   Node& controller = simulation.node("controller");
//   simulation.run([&] {
//       controller.start([] { serve(); });
//       controller.crash_after(500, Crash::power_loss);
//       ...
//   });
//
// The same seed gives the same run, to the last byte of trace_hash(). Machines share no memory: an object of the seam
// made on one must not be waited for on another; the network joins them. What a crashed machine had in memory is
// leaked, as no destructor of it may run; so simulation programs run without leak detection.
#pragma once

#include <kernel/world/disk.hpp>
#include <kernel/world/network.hpp>
#include <kernel/world/scheduler.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace volutus::world {

struct CrashOptions {
    std::uint32_t one_in = 0;            // about once in so many of a machine's scheduling points; 0: never by itself
    std::uint32_t power_loss_one_in = 2; // of those crashes; the others are kill -9
    Duration down_at_most = std::chrono::seconds(10); // then its main function is started again
};

struct Options {
    SchedulerOptions scheduler;
    DiskFaults disk;
    NetworkFaults network;
    CrashOptions crashes;
    std::string trace_file; // empty: only the hash
};

class Simulation;

// A machine. It runs one program at a time; the disk outlives it.
class Node {
public:
    Node(Simulation& simulation, std::uint64_t id, std::string_view name);
    Node(Node const&) = delete;
    Node& operator=(Node const&) = delete;
    ~Node();

    // Starts the program. When `main` returns, the program and all its other threads end. std::logic_error while one
    // runs.
    void start(std::function<void()> main);
    // Now. Does not return when called from a thread of this machine. No effect when nothing runs.
    void crash(Crash kind);
    // When its threads have come by so many scheduling points more. Stays down until somebody starts it again.
    void crash_after(std::uint64_t points, Crash kind);
    bool wait_until_down(Instant until); // false when the time came first
    bool running() const { return running_; }

    std::string const& name() const { return process_.name; }
    std::uint64_t id() const { return process_.id; }
    std::uint64_t incarnation() const { return incarnation_; } // programs started so far
    Disk& disk() { return disk_; }

private:
    friend class Network;
    friend class Simulation;
    void stop(Crash kind, char const* event);
    void plan_crash();

    Simulation& simulation_;
    Process process_;
    Disk disk_;
    std::function<void()> main_;
    std::function<std::string(std::string const&)> handler_; // the network's
    std::uint64_t incarnation_ = 0;
    bool running_ = false;
    WaitQueue down_;
};

class Simulation {
public:
    explicit Simulation(std::uint64_t seed, Options options = {});
    Simulation(Simulation const&) = delete;
    Simulation& operator=(Simulation const&) = delete;
    ~Simulation();

    static Simulation& current(); // ends the program when there is none

    // Runs a function in a fiber beside the machines, which never crashes, until it returns; throws what it throws, or
    // SimulationFailed. The machines stay where they are, and another run goes on with them.
    void run(std::function<void()> director);

    Node& node(std::string_view name); // made at its first mention
    Node& here();                      // the machine of the running fiber; the director has one too
    Network& network() { return network_; }
    Options& options() { return options_; } // faults may be changed at any time
    void calm();                            // no faults from now on, so that the cloud settles. Planted bugs stay
    std::uint64_t trace_hash() const { return trace_.hash(); }
    Scheduler& scheduler() { return scheduler_; }

private:
    Options options_;
    Random random_;
    Trace trace_;
    Scheduler scheduler_;
    Network network_;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> nodes_;
    Node director_;
};

// What a program's main function does after it has set up everything.
[[noreturn]] void stay();

} // namespace volutus::world

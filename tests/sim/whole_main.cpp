// Runs whole clouds under seeds. What failed is told with the one command that runs it again.
//
//   sim_whole --seeds 1..20            each once; exit 1 when something differs at the end
//   sim_whole --seeds 1..20 --traces   prints "<seed> <trace>" a line, to be compared between runs
//   sim_whole --seed 7 --trace-file /tmp/t
//   sim_whole --plant skipped_undo     exit 0 as soon as the proof finds the bug, 1 when no seed does
#include "kernel/log/log.hpp"
#include "tests/sim/apart.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/whole_cloud.hpp"

#include <fmt/format.h>

#include <cstdio>

using namespace volutus::sim;

int main(int argc, char** argv) {
    auto const arguments = arguments_of(argc, argv, {1, 20});
    // What goes wrong is what this is about; it is told of one seed only.
    if (arguments.first != arguments.last) volutus::kernel::log::configure({volutus::Level::error, false});
    WholeOutcome total;
    bool failed = false;
    for (auto seed = arguments.first; seed <= arguments.last; ++seed) {
        auto const outcome =
            apart<WholeOutcome>([&] { return run_whole_cloud(seed, arguments.plant, arguments.trace_file); });
        if (arguments.traces) fmt::print("{} {:016x}\n", seed, outcome.trace);
        total.requests += outcome.requests;
        total.answers += outcome.answers;
        total.servers += outcome.servers;
        total.crashes += outcome.crashes;
        if (outcome.differences.empty()) continue;
        if (arguments.plant != Plant::none) {
            fmt::print("found {} at seed {}: {}\n", arguments.plant_name, seed, outcome.differences.front());
            return 0;
        }
        failed = true;
        for (auto const& difference : outcome.differences) fmt::print(stderr, "seed {}: {}\n", seed, difference);
        fmt::print(stderr, "again with: {} --seed {}\n", argv[0], seed);
    }
    if (arguments.plant != Plant::none) {
        fmt::print(stderr, "no seed found {}\n", arguments.plant_name);
        return 1;
    }
    fmt::print(stderr, "{} seeds: {} requests, {} answers, {} servers acknowledged, {} crashes\n",
               arguments.last - arguments.first + 1, total.requests, total.answers, total.servers, total.crashes);
    return failed;
}

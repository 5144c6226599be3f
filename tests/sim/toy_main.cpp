// Runs the toy cloud under seeds. What failed is told with the one command that runs it again.
//
//   sim_toy --seeds 1..50             each once; exit 1 when the prover finds a difference
//   sim_toy --seeds 1..50 --traces    prints "<seed> <trace>" a line, to be compared between runs
//   sim_toy --seed 7 --trace-file /tmp/t
//   sim_toy --plant skipped_undo --seeds 1..200    exit 0 as soon as the prover finds the bug, 1 when no seed does
#include "tests/sim/apart.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/toy_cloud.hpp"

#include <fmt/format.h>

#include <cstdio>

using namespace volutus::sim;

int main(int argc, char** argv) {
    auto const arguments = arguments_of(argc, argv, {1, 50});
    auto const plant = arguments.plant;
    Outcome total;
    bool failed = false;
    for (auto seed = arguments.first; seed <= arguments.last; ++seed) {
        auto const outcome = apart<Outcome>([&] { return run_toy_cloud(seed, plant, arguments.trace_file); });
        if (arguments.traces) fmt::print("{} {:016x}\n", seed, outcome.trace);
        total.created += outcome.created;
        total.removed += outcome.removed;
        total.crashes += outcome.crashes;
        if (outcome.differences.empty()) continue;
        if (plant != Plant::none) {
            fmt::print("found {} at seed {}: {}\n", arguments.plant_name, seed, outcome.differences.front());
            return 0;
        }
        failed = true;
        for (auto const& difference : outcome.differences) fmt::print(stderr, "seed {}: {}\n", seed, difference);
        fmt::print(stderr, "again with: {} --seed {}\n", argv[0], seed);
    }
    if (plant != Plant::none) {
        fmt::print(stderr, "no seed found {}\n", arguments.plant_name);
        return 1;
    }
    fmt::print(stderr, "{} seeds: {} widgets acknowledged, {} deletes, {} crashes\n",
               arguments.last - arguments.first + 1, total.created, total.removed, total.crashes);
    return failed;
}

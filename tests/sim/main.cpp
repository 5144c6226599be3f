// Runs the toy cloud under seeds. What failed is told with the one command that runs it again.
//
//   sim_toy --seeds 1..50             each once; exit 1 when the prover finds a difference
//   sim_toy --seeds 1..50 --traces    prints "<seed> <trace>" a line, to be compared between runs
//   sim_toy --seed 7 --trace-file /tmp/t
//   sim_toy --plant skipped_undo --seeds 1..200    exit 0 as soon as the prover finds the bug, 1 when no seed does
#include "tests/sim/toy_cloud.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <map>

using namespace volutus::sim;

namespace {

struct Arguments {
    std::uint64_t first = 1, last = 50;
    Plant plant = Plant::none;
    std::string plant_name, trace_file;
    bool traces = false;
};

std::map<std::string_view, Plant> const plants{
    {"skipped_undo", Plant::skipped_undo}, {"dropped_sync", Plant::dropped_sync}, {"late_call", Plant::late_call}};

[[noreturn]] void usage() {
    fmt::print(stderr, "usage: sim_toy [--seed N | --seeds A..B] [--traces] [--trace-file F] [--plant skipped_undo|dropped_sync|late_call]\n");
    std::exit(2);
}

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) usage();
    return value;
}

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        auto next = [&]() -> std::string_view {
            if (++i >= argc) usage();
            return argv[i];
        };
        if (word == "--seed") {
            out.first = out.last = number(next());
        } else if (word == "--seeds") {
            auto const range = next();
            auto const dots = range.find("..");
            if (dots == range.npos) usage();
            out.first = number(range.substr(0, dots));
            out.last = number(range.substr(dots + 2));
        } else if (word == "--traces") {
            out.traces = true;
        } else if (word == "--trace-file") {
            out.trace_file = next();
        } else if (word == "--plant") {
            out.plant_name = next();
            auto const found = plants.find(out.plant_name);
            if (found == plants.end()) usage();
            out.plant = found->second;
        } else {
            usage();
        }
    }
    return out;
}

} // namespace

int main(int argc, char** argv) {
    auto const arguments = parse(argc, argv);
    Outcome total;
    bool failed = false;
    for (auto seed = arguments.first; seed <= arguments.last; ++seed) {
        Outcome outcome;
        try {
            outcome = run_toy_cloud(seed, arguments.plant, arguments.trace_file);
        } catch (std::exception const& error) {
            outcome.differences.push_back(error.what());
        }
        if (arguments.traces) fmt::print("{} {:016x}\n", seed, outcome.trace);
        total.created += outcome.created;
        total.removed += outcome.removed;
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
    fmt::print(stderr, "{} seeds: {} widgets acknowledged, {} deletes, {} crashes\n", arguments.last - arguments.first + 1,
               total.created, total.removed, total.crashes);
    return failed;
}

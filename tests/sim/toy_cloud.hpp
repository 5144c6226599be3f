// The toy cloud in the simulation: clients, a controller with the real store, task runner and service plugin, and a
// maker on another machine with the real driver plugin; and the prover that compares what all of them say.
#pragma once

#include "kernel/world/simulation.hpp"
#include "tests/sim/arguments.hpp"

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace volutus::sim {

struct Outcome {
    std::uint64_t trace = 0;
    std::uint64_t created = 0, removed = 0, crashes = 0; // what the run had in it
    std::vector<std::string> differences;                // what the prover found; empty = all agree
};
BOOST_DESCRIBE_STRUCT(Outcome, (), (trace, created, removed, crashes, differences))

Outcome run_toy_cloud(std::uint64_t seed, Plant plant, std::string const& trace_file = {});

} // namespace volutus::sim

// What the programs of simulations take from their command lines.
#pragma once

#include "tests/sim/plant.hpp"

#include <cstdint>
#include <string>

namespace volutus::sim {

struct Arguments {
    std::uint64_t first = 1, last = 20; // seeds
    std::string trace_file;             // of one seed
    bool traces = false;                // print "<seed> <trace>" a line, to be compared between runs
    Plant plant = Plant::none;
    std::string plant_name;
};

// --seed N | --seeds A..B, --traces, --trace-file F, --plant BUG. Ends the program with a usage for anything else.
Arguments arguments_of(int argc, char** argv, Arguments otherwise);

} // namespace volutus::sim

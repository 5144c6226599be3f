// A simulated cloud with the real services, several tenants at work in it, and crashes, lost writes and lost calls; and
// the proof, after all has come to rest, that what the services say and what the drivers have is the same.
#pragma once

#include "tests/sim/arguments.hpp"

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace volutus::sim {

struct WholeOutcome {
    std::uint64_t trace = 0;
    std::uint64_t requests = 0, answers = 0, servers = 0, crashes = 0; // what the run had in it
    std::vector<std::string> differences;                              // empty = all agree
};
BOOST_DESCRIBE_STRUCT(WholeOutcome, (), (trace, requests, answers, servers, crashes, differences))

WholeOutcome run_whole_cloud(std::uint64_t seed, Plant plant, std::string const& trace_file = {});

} // namespace volutus::sim

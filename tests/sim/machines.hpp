// The programs of the machines of a simulated cloud with the real services: a controller with store, scheduler, runner,
// compute, network and placement; a host with the hypervisor's simulator; and one with the network driver's.
#pragma once

#include "kernel/world/simulation.hpp"
#include "tests/sim/arguments.hpp"

#include <string>
#include <vector>

namespace volutus::sim {

void run_controller(std::string const& compute_host, std::string const& network_host, Plant plant);
void run_compute_host(Plant plant);
void run_network_host(Plant plant);

// What the controller answers beside calls of contracts.
// How many tasks are live.
inline constexpr char how_many_tasks[] = "tasks";
// A JSON array of lines: what the store's own prover says, each task that is left, and each claim or port of a server
// that is not there.
inline constexpr char what_differs[] = "differences";

} // namespace volutus::sim

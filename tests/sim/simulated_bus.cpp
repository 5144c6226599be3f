#include "tests/sim/simulated_bus.hpp"

#include <volutus/error.hpp>

namespace volutus::sim {

void SimulatedBus::serve(kernel::bus::Answerer answerer) {
    world::Simulation::current().network().serve(std::move(answerer));
}

std::string SimulatedBus::call(std::string_view node, std::string const& request, world::Instant until) {
    auto& simulation = world::Simulation::current();
    kernel::bus::check_size("request", request);
    auto reply = simulation.network().call(simulation.node(node), request, until);
    if (!reply) throw Error(Code::unknown_outcome, "no answer from " + std::string(node) + " in time");
    kernel::bus::check_size("reply", *reply);
    return std::move(*reply);
}

} // namespace volutus::sim

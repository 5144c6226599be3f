// The bus between simulated machines: messages are late, lost and doubled as the seed has it.
#pragma once

#include "kernel/bus/bus.hpp"
#include "kernel/world/simulation.hpp"

namespace volutus::sim {

// The end of the machine on which it is made.
class SimulatedBus : public kernel::bus::Bus {
public:
    void serve(kernel::bus::Answerer answerer) override;
    std::string call(std::string_view node, std::string const& request, world::Instant until) override;
};

} // namespace volutus::sim

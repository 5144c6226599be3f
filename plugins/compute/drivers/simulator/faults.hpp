// volutus.compute_simulator/1: what happens to the guests of the simulator though nobody asked the hypervisor for it. For
// tests; no service calls it. What is to fail, crash or take its time from the start on is in the plugin's settings.
#pragma once

#include <volutus/contract.hpp>

#include <string>

namespace volutus::compute::simulator {

struct End {
    std::string id;       // of the server
    bool crashed = false; // else its guest has shut itself down
};
BOOST_DESCRIBE_STRUCT(End, (), (id, crashed))

struct Faults {
    virtual ~Faults() = default;
    // The guest ends, and that is news. not_found: no such guest; conflict: it does not run.
    virtual void end_guest(Call&, End const&) = 0;
};
inline constexpr auto faults =
    volutus::contract<Faults>("volutus.compute_simulator/1", required<&Faults::end_guest>("end_guest"));

} // namespace volutus::compute::simulator

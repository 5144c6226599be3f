// Clients of a simulated cloud: they call its controller's contracts over the network, with bytes in and out as a
// gateway has them.
#pragma once

#include "kernel/plugin/bus_link.hpp"
#include "kernel/world/simulation.hpp"

namespace volutus::sim {

struct Target {
    std::string_view contract, plugin; // "" where one plugin provides the contract
};

// The reply, or {"code", "message"}; unknown_outcome when nothing came in time. What the request has as "input" is the
// call's input stream, and what came out of it stands in the reply as "output".
json::object ask(world::Node& controller, Target const& what, std::string_view name, json::object request,
                 std::string const& caller, world::Duration patience);

// The controller's end: what a machine's Network::serve gets.
std::string answer_client(kernel::plugin::Registry& registry, std::string const& request);

} // namespace volutus::sim

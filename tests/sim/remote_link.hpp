// The remote link in the simulation: a plugin on another machine, over a network that delays, loses and doubles.
#pragma once

#include "kernel/plugin/in_process_link.hpp"
#include "kernel/world/simulation.hpp"

namespace volutus::sim {

// The caller's end. A call that is not answered in time has an unknown outcome.
class RemoteEndpoint : public kernel::plugin::Endpoint {
public:
    RemoteEndpoint(world::Node& to, world::Duration patience) : to_(to), patience_(patience) {}
    vlt_status call(kernel::plugin::CallFrame& frame, std::string_view contract, std::string_view name,
                    std::string_view request, vlt_str* reply) noexcept override;

private:
    world::Node& to_;
    world::Duration patience_;
};

// The other end: what a machine's Network::serve gets to answer such calls from its registry.
std::string answer_remote(kernel::plugin::Registry& registry, std::string const& request);

struct RemoteTarget {
    std::string_view contract, target; // "" where one plugin provides the contract
};
// One call as a client of the cloud: {"code", "message"} or the reply, and an error when nothing came in time.
json::object call_remote(world::Node& to, RemoteTarget const& what, std::string_view name, json::object const& request,
                         std::string const& caller, world::Duration patience);

} // namespace volutus::sim

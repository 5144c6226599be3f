// The contract volutus.node/1: what nodes of a cloud ask each other.
#pragma once

#include "kernel/plugin/bus_link.hpp"

#include <string>
#include <vector>

namespace volutus::kernel::daemon {

struct NodeDescription {
    std::string version;
    std::vector<std::string> plugins; // loaded, in the order in which they started
};
BOOST_DESCRIBE_STRUCT(NodeDescription, (), (version, plugins))

struct Node {
    virtual ~Node() = default;
    virtual NodeDescription describe(Call&) = 0;
};
inline constexpr auto node_contract = contract<Node>("volutus.node/1", required<&Node::describe>("describe"));

// What a node says of itself, asked over the bus. Throws what the bus does, within a few seconds.
NodeDescription describe(bus::Bus& bus, std::string const& node);

} // namespace volutus::kernel::daemon

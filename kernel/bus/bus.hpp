// How the nodes of a cloud reach each other: by calls that may be repeated, never with the only copy of anything. A
// message that is lost, late or comes twice costs time and nothing else; epochs see to that where it matters.
#pragma once

#include <volutus/world.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace volutus::kernel::bus {

inline constexpr std::size_t largest_message = 256 * 1024; // bytes of a request or a reply

// Gives the reply. Called at once from several threads, which are the bus's own or those of callers. What it throws is
// an unknown outcome to the caller.
using Answerer = std::function<std::string(std::string const& request)>;

// One node's end of the bus. Concurrent; gone, it answers nothing more, and no answer is under way.
class Bus {
public:
    virtual ~Bus() = default;

    // Answers the calls to this node from now on.
    virtual void serve(Answerer answerer) = 0;

    // What the node answered, which may be this one. Throws too_large; not_executed when the node certainly got nothing;
    // unknown_outcome when no answer came in time, and it may have been executed not at all, once or twice, or may be yet.
    virtual std::string call(std::string_view node, std::string const& request, world::Instant until) = 0;
};

// The one place where transports are known by name. Code::invalid for a name that none has.
std::unique_ptr<Bus> open_bus(std::string_view transport, std::string node);

// Throws Code::too_large beyond largest_message, for a "request" or a "reply".
void check_size(std::string_view what, std::string const& message);

} // namespace volutus::kernel::bus

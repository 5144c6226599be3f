// The link to a plugin of another node: its calls go over the bus, to the registry there.
#pragma once

#include "kernel/bus/bus.hpp"
#include "kernel/plugin/registry.hpp"

namespace volutus::kernel::plugin {

// A call on its way. Nodes share no clock, so it brings the time that it has and not when it ends: a late one comes with
// all of it.
struct BusCall {
    std::string contract, target, name, request;
    std::string caller, trace, traceparent, tracestate;
    json::object by;
    std::string task, step;
    std::uint64_t attempt = 0, epoch = 0;
    std::int64_t patience = 0; // nanoseconds
};
BOOST_DESCRIBE_STRUCT(BusCall, (),
                      (contract, target, name, request, caller, trace, traceparent, tracestate, by, task, step, attempt,
                       epoch, patience))

struct BusReply {
    vlt_status status = VLT_OK;
    std::string reply; // or the error document
};
BOOST_DESCRIBE_STRUCT(BusReply, (), (status, reply))

class BusLink : public Endpoint {
public:
    // `target` chooses between providers over there. A call takes at most `patience`, the answer's way included. The bus
    // outlives the link.
    BusLink(bus::Bus& bus, std::string node, std::string target, world::Duration patience)
        : bus_(bus), node_(std::move(node)), target_(std::move(target)), patience_(patience) {}

    // Refuses calls with byte streams (unsupported): those go between nodes directly.
    vlt_status call(CallFrame& frame, std::string_view contract, std::string_view name, std::string_view request,
                    vlt_str* reply) noexcept override;

private:
    bus::Bus& bus_;
    std::string node_, target_;
    world::Duration patience_;
};

// The other end: makes the call at this node. The streams, if any, are the caller's.
BusReply answer(Registry& registry, BusCall const& call, vlt_stream* input = nullptr, vlt_stream* output = nullptr);

// What a bus serves.
bus::Answerer answers_of(Registry& registry);

// How much of the time until then a callee gets: a little is left for its answer.
std::int64_t patience_until(world::Instant until);

} // namespace volutus::kernel::plugin

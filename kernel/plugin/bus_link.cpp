#include "kernel/plugin/bus_link.hpp"

namespace volutus::kernel::plugin {

namespace {

constexpr std::chrono::milliseconds way_back{50};

vlt_status take(CallFrame& frame, std::string const& answered, vlt_str* reply) {
    try {
        auto const told = json::decode<BusReply>(json::parse(answered));
        if (told.status == VLT_OK) {
            *reply = frame.keep(told.reply);
            return VLT_OK;
        }
        auto const error = json::parse_object(told.reply);
        auto const* details = error.if_contains("details");
        return frame.fail(code_from(told.status), json::text(error.at("message")),
                          details ? json::print(*details) : "");
    } catch (std::exception const& error) {
        return frame.fail(Code::unknown_outcome, std::string("the answer is none: ") + error.what());
    }
}

} // namespace

std::int64_t patience_until(world::Instant until) {
    return std::chrono::nanoseconds(until - way_back - world::now()).count();
}

vlt_status BusLink::call(CallFrame& frame, std::string_view contract, std::string_view name, std::string_view request,
                         vlt_str* reply) noexcept {
    try {
        if (frame.input_stream() || frame.output_stream())
            throw Error(Code::unsupported, "a call with a byte stream does not go over the bus");
        auto const& context = frame.context();
        auto const until = std::min(context.deadline, world::now() + patience_);
        BusCall const message{.contract = std::string(contract),
                              .target = target_,
                              .name = std::string(name),
                              .request = std::string(request),
                              .caller = context.caller,
                              .trace = context.trace,
                              .traceparent = std::string(frame.traceparent()),
                              .tracestate = context.tracestate,
                              .by = context.by,
                              .task = context.task,
                              .step = context.step,
                              .attempt = context.attempt,
                              .epoch = context.epoch,
                              .patience = patience_until(until)};
        return take(frame, bus_.call(node_, json::print(message), until), reply);
    } catch (Error const& error) {
        return frame.fail(error.code(), error.what(), error.details());
    } catch (std::exception const& error) {
        return frame.fail(Code::internal, error.what());
    }
}

BusReply answer(Registry& registry, BusCall const& call, vlt_stream* input, vlt_stream* output) {
    CallContext context{.caller = call.caller,
                        .trace = call.trace,
                        .traceparent = call.traceparent,
                        .tracestate = call.tracestate,
                        .by = call.by,
                        .task = call.task,
                        .step = call.step,
                        .attempt = call.attempt,
                        .epoch = call.epoch,
                        .deadline = world::now() + world::Duration(call.patience)};
    CallFrame frame(context);
    vlt_str reply{nullptr, 0};
    BusReply answered;
    answered.status =
        registry.call("", frame, call.contract, call.name, call.target, call.request, input, output, &reply);
    answered.reply.assign(reply.data, reply.size);
    return answered;
}

bus::Answerer answers_of(Registry& registry) {
    return [&registry](std::string const& request) {
        return json::print(answer(registry, json::decode<BusCall>(json::parse(request))));
    };
}

} // namespace volutus::kernel::plugin

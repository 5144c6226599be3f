#include "tests/sim/remote_link.hpp"

namespace volutus::sim {

namespace {

struct Envelope {
    std::string contract, target, name, request;
    std::string caller, trace, task, step;
    std::uint64_t attempt = 0, epoch = 0;
    std::int64_t patience = 0; // how long the callee has from when it is called: machines share no clock, so a late
                               // call comes with all of its time
    std::string input;         // bytes of the call's input stream, whole
};
BOOST_DESCRIBE_STRUCT(Envelope, (),
                      (contract, target, name, request, caller, trace, task, step, attempt, epoch, patience, input))

struct Answer {
    vlt_status status = VLT_OK;
    std::string reply, output;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (status, reply, output))

// Bytes in memory as a border stream.
struct BytesStream : vlt_stream {
    std::string bytes;
    std::size_t at = 0;
    explicit BytesStream(std::string content) : vlt_stream{}, bytes(std::move(content)) {
        head = {sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR};
        read = [](vlt_stream* self, vlt_span into, std::uint64_t* count) -> vlt_status {
            auto& stream = *static_cast<BytesStream*>(self);
            *count = stream.bytes.copy(static_cast<char*>(into.data), into.size, stream.at);
            stream.at += *count;
            return VLT_OK;
        };
        write = [](vlt_stream* self, vlt_str from, std::uint64_t* count) -> vlt_status {
            static_cast<BytesStream*>(self)->bytes.append(from.data, from.size);
            *count = from.size;
            return VLT_OK;
        };
        close = [](vlt_stream*) -> vlt_status { return VLT_OK; };
    }
};

constexpr std::chrono::milliseconds way_back{50}; // what is left of a call's time for its answer

std::int64_t patience_until(world::Instant until) { return world::Duration(until - way_back - world::now()).count(); }

} // namespace

vlt_status RemoteEndpoint::call(kernel::plugin::CallFrame& frame, std::string_view contract, std::string_view name,
                                std::string_view request, vlt_str* reply) noexcept {
    auto const& context = frame.context();
    auto const until = std::min(context.deadline, world::now() + patience_);
    Envelope envelope{std::string(contract), "",
                      std::string(name),     std::string(request),
                      context.caller,        context.trace,
                      context.task,          context.step,
                      context.attempt,       context.epoch,
                      patience_until(until), ""};
    auto const text = world::Simulation::current().network().call(to_, json::print(json::encode(envelope)), until);
    if (!text) return frame.fail(Code::unknown_outcome, "no answer from " + to_.name() + " in time");
    auto const answer = json::decode<Answer>(json::parse(*text));
    if (answer.status == VLT_OK) {
        *reply = frame.keep(answer.reply);
        return VLT_OK;
    }
    auto const error = json::parse_object(answer.reply);
    auto const* details = error.if_contains("details");
    return frame.fail(code_from(answer.status), json::text(error.at("message")), details ? json::print(*details) : "");
}

std::string answer_remote(kernel::plugin::Registry& registry, std::string const& text) {
    auto const envelope = json::decode<Envelope>(json::parse(text));
    kernel::plugin::CallContext context;
    context.caller = envelope.caller;
    context.trace = envelope.trace;
    context.task = envelope.task;
    context.step = envelope.step;
    context.attempt = envelope.attempt;
    context.epoch = envelope.epoch;
    context.deadline = world::now() + world::Duration(envelope.patience);
    kernel::plugin::CallFrame frame(context);
    BytesStream input(envelope.input), output("");
    vlt_str reply{nullptr, 0};
    Answer answer;
    answer.status = registry.call("", frame, envelope.contract, envelope.name, envelope.target, envelope.request,
                                  &input, &output, &reply);
    answer.reply.assign(reply.data, reply.size);
    answer.output = std::move(output.bytes);
    return json::print(json::encode(answer));
}

json::object call_remote(world::Node& to, RemoteTarget const& what, std::string_view name, json::object const& request,
                         std::string const& caller, world::Duration patience) {
    Envelope envelope;
    envelope.contract = what.contract;
    envelope.target = what.target;
    envelope.name = name;
    auto body = request;
    if (auto const* input = body.if_contains("input")) {
        envelope.input = json::text(*input);
        body.erase("input");
    }
    envelope.request = json::print(body);
    envelope.caller = caller;
    envelope.trace = "sim";
    auto const until = world::now() + patience;
    envelope.patience = patience_until(until);
    auto const text = world::Simulation::current().network().call(to, json::print(json::encode(envelope)), until);
    if (!text) return {{"code", "unknown_outcome"}};
    auto const answer = json::decode<Answer>(json::parse(*text));
    if (answer.status != VLT_OK) return json::parse_object(answer.reply);
    auto reply = json::parse_object(answer.reply);
    if (!answer.output.empty()) reply["output"] = answer.output;
    return reply;
}

} // namespace volutus::sim

#include "tests/sim/client.hpp"

namespace volutus::sim {

namespace {

using kernel::plugin::BusCall;
using kernel::plugin::BusReply;

struct Asked {
    BusCall call;
    std::string input;
};
BOOST_DESCRIBE_STRUCT(Asked, (), (call, input))

struct Told {
    BusReply reply;
    std::string output;
};
BOOST_DESCRIBE_STRUCT(Told, (), (reply, output))

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

} // namespace

json::object ask(world::Node& controller, Target const& what, std::string_view name, json::object request,
                 std::string const& caller, world::Duration patience) {
    Asked asked;
    if (auto const* input = request.if_contains("input")) {
        asked.input = json::text(*input);
        request.erase("input");
    }
    auto const until = world::now() + patience;
    asked.call = {.contract = std::string(what.contract),
                  .target = std::string(what.plugin),
                  .name = std::string(name),
                  .request = json::print(request),
                  .caller = caller,
                  .trace = "sim",
                  .patience = kernel::plugin::patience_until(until)};
    auto const text = world::Simulation::current().network().call(controller, json::print(asked), until);
    if (!text) return {{"code", "unknown_outcome"}};
    auto const told = json::decode<Told>(json::parse(*text));
    auto reply = json::parse_object(told.reply.reply);
    if (told.reply.status == VLT_OK && !told.output.empty()) reply["output"] = told.output;
    return reply;
}

std::string answer_client(kernel::plugin::Registry& registry, std::string const& request) {
    auto const asked = json::decode<Asked>(json::parse(request));
    BytesStream input(asked.input), output("");
    Told told;
    told.reply = kernel::plugin::answer(registry, asked.call, &input, &output);
    told.output = std::move(output.bytes);
    return json::print(told);
}

} // namespace volutus::sim

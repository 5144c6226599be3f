#include "kernel/plugin/process_call.hpp"

#include <fmt/format.h>

#include <limits>

namespace volutus::kernel::plugin {

namespace {
constexpr std::size_t longest_text = 32u << 10; // who is asking, the trace, a task's and a step's name
constexpr auto no_deadline = std::numeric_limits<std::int64_t>::max();

void check_length(std::string_view what, std::string_view text, std::size_t longest) {
    if (text.size() <= longest) return;
    throw Error(Code::too_large,
                fmt::format("the {} of a call has {} bytes; at most {} are allowed", what, text.size(), longest));
}
} // namespace

std::string encode_call(CallText const& text, CallContext const* context) {
    check_length("contract", text.contract, longest_name);
    check_length("name", text.name, longest_name);
    check_length("target", text.target, longest_name);
    BodyWriter body;
    body.text(text.contract).text(text.name).text(text.target).text(text.request).text(text.traceparent);
    if (!context) return body.take();
    check_length("caller", context->caller, longest_text);
    check_length("trace", context->trace, longest_text);
    check_length("tracestate", context->tracestate, longest_name);
    check_length("task", context->task, longest_name);
    check_length("step", context->step, longest_name);
    auto const deadline =
        context->deadline == world::Instant::max() ? no_deadline : context->deadline.time_since_epoch().count();
    body.text(context->caller).text(context->trace).text(context->tracestate).text(context->task).text(context->step);
    body.number(context->attempt).number(context->epoch).number(static_cast<std::uint64_t>(deadline));
    return body.take();
}

CallText decode_call(std::string_view bytes, CallContext* context) {
    BodyReader body(bytes);
    CallText text;
    text.contract = body.text(longest_name);
    text.name = body.text(longest_name);
    text.target = body.text(longest_name);
    text.request = body.text(VLT_DOCUMENT_MAX);
    text.traceparent = body.text(longest_name);
    if (context) {
        context->caller = body.text(longest_text);
        context->trace = body.text(longest_text);
        context->tracestate = body.text(longest_name);
        context->task = body.text(longest_name);
        context->step = body.text(longest_name);
        context->attempt = body.number();
        context->epoch = body.number();
        auto const deadline = static_cast<std::int64_t>(body.number());
        if (deadline != no_deadline) context->deadline = world::Instant(world::Duration(deadline));
    }
    body.end();
    return text;
}

std::string encode_error(std::string_view message, std::string_view details) {
    return BodyWriter().text(message).text(details).take();
}

ErrorText decode_error(std::string_view bytes) {
    BodyReader body(bytes);
    ErrorText error;
    error.message = body.text(VLT_DOCUMENT_MAX);
    error.details = body.text(VLT_DOCUMENT_MAX);
    body.end();
    return error;
}

} // namespace volutus::kernel::plugin

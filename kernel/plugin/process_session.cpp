#include "kernel/plugin/process_session.hpp"

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/process_stream.hpp"

#include <fmt/format.h>

namespace volutus::kernel::plugin {

namespace {
vlt_str borrow(std::string_view text) { return {text.data(), text.size()}; }

constexpr std::size_t longest_log = 64u << 10;

// The error document of vlt_host.call, as the two texts that a frame of the other end keeps.
std::string error_of(std::string_view document) {
    std::string message, details;
    try {
        auto const error = json::parse_object(document);
        if (auto const* text = error.if_contains("message"); text && text->is_string()) message = json::text(*text);
        if (auto const* more = error.if_contains("details")) details = json::print(*more);
    } catch (Error const&) {
        message = document; // larger than a document: the host's words are kept, cut by the reader
    }
    return encode_error(message, details);
}
} // namespace

Session::Session(std::shared_ptr<HostSide> host, Pool& pool, std::string const& program,
                 std::vector<std::string> const& arguments)
    : host_(std::move(host)), child_(program, arguments), peer_(child_.take_socket(), *this, pool, 2) {}

Session::~Session() {
    peer_.end("the kernel let it go");
    reader_.join();
    for (; retained_ > 0; --retained_) host_->release(host_.get());
}

void Session::open(std::string const& expected_id, world::Duration patience) {
    reader_ = world::Thread("plugin-reader", [this] {
        why_ = peer_.run(child_.handle());
        if (!greeted_) greeting_.give({});
    });
    auto const greeting = greeting_.take_until(world::now() + patience);
    if (!greeting) throw step_hangs(host_->plugin(), "its process", patience);
    if (greeting->refusal) throw *greeting->refusal;
    if (!greeting->id)
        throw Error(Code::unavailable,
                    fmt::format("plugin {}: its process did not start: {}", host_->plugin(), bury(patience)));
    if (!expected_id.empty() && *greeting->id != expected_id)
        throw Error(
            Code::conflict,
            fmt::format("plugin {}: the process opened the plugin {}; was the file replaced while it was loaded?",
                        expected_id, *greeting->id));
}

std::string Session::bury(world::Duration patience) {
    reader_.join();
    auto const end = child_.bury(patience);
    return fmt::format("{}; it {}", why_, end);
}

Answer Session::ask(Verb verb, CallFrame& frame, CallText const& text, Patience const& patience) {
    auto const place = peer_.place_of(frame);
    Peer::Question question;
    question.head = {.type = FrameType::call, .verb = verb, .within = place.within};
    question.input = frame.input_stream();
    question.output = frame.output_stream();
    if (question.input) question.head.flags |= frame_flag::input;
    if (question.output) question.head.flags |= frame_flag::output;
    question.frame = &frame;
    auto traced = text;
    traced.traceparent = frame.traceparent();
    question.body = encode_call(traced, place.within ? nullptr : &frame.context());
    return peer_.ask(place.chain, std::move(question), patience);
}

void Session::serve(Frame const& request, std::shared_ptr<Chain> const& chain, CallFrame* within) {
    if (request.head.verb != Verb::call) throw Malformed("a plugin makes calls only");
    std::optional<CallFrame> own;
    auto const text = decode_call(request.body, within ? nullptr : chain->context.get());
    if (!within) {
        // A call of its own has a trace and a deadline; it acts for nobody else and for no task.
        chain->context->caller.clear();
        chain->context->by.clear();
        chain->context->tracestate.clear();
        chain->context->task.clear();
        chain->context->step.clear();
        chain->context->attempt = chain->context->epoch = 0;
        own.emplace(*chain->context);
    }
    auto& frame = within ? *within : *own;
    Peer::Serving const serving(peer_, frame, chain, request.head.id);
    Patience patience;
    patience.deadline = frame.context().deadline;
    patience.cancelled = &frame.context().cancelled;
    RemoteStream input(peer_, chain, request.head.id, false, patience);
    RemoteStream output(peer_, chain, request.head.id, true, patience);
    vlt_str reply{nullptr, 0};
    auto const status = host_->call(host_.get(), &frame, borrow(text.contract), borrow(text.name), borrow(text.target),
                                    borrow(text.request), request.head.flags & frame_flag::input ? &input : nullptr,
                                    request.head.flags & frame_flag::output ? &output : nullptr, &reply);
    std::string_view const document(reply.data, reply.size);
    if (status == VLT_OK && document.size() <= VLT_DOCUMENT_MAX)
        peer_.reply(request.head, VLT_OK, 0, document);
    else if (status == VLT_OK)
        peer_.reply(request.head, VLT_TOO_LARGE, 0,
                    encode_error("the reply is larger than a document may be; use a stream", {}));
    else
        peer_.reply(request.head, status, 0, error_of(document));
}

void Session::told(Frame const& frame) {
    switch (frame.head.type) {
    case FrameType::hello:
    case FrameType::refuse: return told_hello(frame);
    case FrameType::log: return told_log(frame);
    case FrameType::retain: ++retained_; return host_->retain(host_.get());
    case FrameType::release:
        if (--retained_ < 0) throw Malformed("a release without a retain");
        return host_->release(host_.get());
    default: throw Malformed("a frame of a type that only the kernel sends");
    }
}

void Session::told_hello(Frame const& frame) {
    if (greeted_) throw Malformed("a second hello");
    if (frame.head.type == FrameType::refuse) {
        auto const error = decode_error(frame.body);
        greeted_ = true;
        greeting_.give({std::nullopt,
                        Error(code_from(frame.head.status), std::string(error.message), std::string(error.details))});
        return;
    }
    BodyReader body(frame.body);
    auto const id = body.text(longest_name);
    body.end();
    greeted_ = true;
    if (frame.head.count != VLT_ABI_MAJOR)
        greeting_.give(
            {std::nullopt,
             Error(Code::unsupported,
                   fmt::format("its process speaks border version {}, this kernel {}; install both of one build",
                               frame.head.count, VLT_ABI_MAJOR))});
    else
        greeting_.give({std::string(id), std::nullopt});
}

void Session::told_log(Frame const& frame) {
    BodyReader body(frame.body);
    auto const message = body.text(longest_log);
    auto const fields = body.text(longest_log);
    body.end();
    auto const level = std::clamp<std::int32_t>(frame.head.status, static_cast<std::int32_t>(Level::error),
                                                static_cast<std::int32_t>(Level::debug));
    host_->log(host_.get(), level, borrow(message), borrow(fields));
}

} // namespace volutus::kernel::plugin

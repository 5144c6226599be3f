#include "kernel/plugin/plugin_host_side.hpp"

#include "kernel/plugin/process_stream.hpp"
#include "kernel/plugin/registry.hpp"

#include <limits>

namespace volutus::kernel::plugin {

namespace {
std::string_view view(vlt_str text) { return {text.data, text.size}; }
vlt_str borrow(std::string_view text) { return {text.data(), text.size()}; }

constexpr std::size_t longest_queue = 1024;
constexpr std::size_t longest_log = 64u << 10;

// A call of the kernel's, as the plugin sees it: its progress is told to the kernel.
class ServedFrame : public CallFrame {
public:
    ServedFrame(Peer& peer, CallContext& context, CallFrame const* within, std::uint64_t id)
        : CallFrame(context, within), peer_(peer), id_(id) {
        progress = [](vlt_call* self, std::uint32_t permille, vlt_str what) {
            auto& frame = *static_cast<ServedFrame*>(self);
            FrameHead const head{.type = FrameType::progress, .id = frame.id_, .count = permille};
            frame.peer_.tell(head, BodyWriter().text(view(what).substr(0, longest_log)).take());
        };
    }

private:
    Peer& peer_;
    std::uint64_t id_;
};

// A call of the plugin's own; see vlt_host.begin.
struct OwnContext {
    CallContext own;
};
struct OwnFrame : OwnContext, CallFrame {
    OwnFrame() : CallFrame(own) {}
};
} // namespace

PluginHostSide::PluginHostSide(Descriptor socket, std::size_t threads)
    : vlt_host{}, pool_("plugin", threads, longest_queue), peer_(std::move(socket), *this, pool_, 1) {
    fill_host();
}

void PluginHostSide::greet(std::string_view id, EntryPoint entry) {
    entry_ = entry;
    peer_.tell({.type = FrameType::hello, .count = VLT_ABI_MAJOR}, BodyWriter().text(id).take());
}

void PluginHostSide::refuse(Error const& error) {
    peer_.tell({.type = FrameType::refuse, .status = static_cast<vlt_status>(error.code())},
               encode_error(error.what(), error.details()));
}

void PluginHostSide::fill_host() {
    head = {sizeof(vlt_host), VLT_ABI_MAJOR, VLT_ABI_MINOR};
    call = [](vlt_host const* self, vlt_call* within, vlt_str contract, vlt_str name, vlt_str target, vlt_str request,
              vlt_stream* input, vlt_stream* output, vlt_str* reply) -> vlt_status {
        return of(self).call_kernel(*static_cast<CallFrame*>(within),
                                    {view(contract), view(name), view(target), view(request)}, input, output, reply);
    };
    begin = [](vlt_host const*, std::int64_t deadline, vlt_str trace) -> vlt_call* {
        auto* own = new OwnFrame;
        if (deadline != std::numeric_limits<std::int64_t>::max())
            own->own.deadline = world::Instant(world::Duration(deadline));
        own->own.trace = view(trace);
        return own;
    };
    end = [](vlt_host const*, vlt_call* own) { delete static_cast<OwnFrame*>(own); };
    log = [](vlt_host const* self, std::int32_t level, vlt_str message, vlt_str fields) {
        auto const more = fields.size <= longest_log ? view(fields) : std::string_view();
        of(self).peer_.tell({.type = FrameType::log, .status = level},
                            BodyWriter().text(view(message).substr(0, longest_log)).text(more).take());
    };
    retain = [](vlt_host const* self) { of(self).peer_.tell({.type = FrameType::retain}); };
    release = [](vlt_host const* self) { of(self).peer_.tell({.type = FrameType::release}); };
}

void PluginHostSide::serve(Frame const& request, std::shared_ptr<Chain> const& chain, CallFrame* within) {
    auto const& head = request.head;
    auto& context = within ? within->context() : *chain->context;
    auto const text = decode_call(request.body, within ? nullptr : &context);
    ServedFrame frame(peer_, context, within, head.id);
    RemoteStream input(peer_, chain, head.id, false, {});
    RemoteStream output(peer_, chain, head.id, true, {});
    frame.set_streams(head.flags & frame_flag::input ? &input : nullptr,
                      head.flags & frame_flag::output ? &output : nullptr);
    frame.set_traceparent(text.traceparent);
    Peer::Serving const serving(peer_, frame, chain, head.id);

    vlt_str reply{nullptr, 0};
    vlt_status status = VLT_OK;
    // It may have waited for a thread for long.
    if (context.cancelled)
        status = frame.fail(Code::cancelled, "the call was cancelled");
    else if (world::now() >= context.deadline)
        status = frame.fail(Code::deadline, "the call's deadline has passed");
    else
        status = answer(head.verb, frame, text, &reply);
    if (status == VLT_PENDING) {
        if (chain->pooled) pool_.waits();
        status = frame.wait(&reply);
        if (chain->pooled) pool_.runs();
    }
    status = check_reply(frame, status, &reply);
    if (status == VLT_OK)
        peer_.reply(head, VLT_OK, 0, view(reply));
    else
        peer_.reply(head, status, 0, encode_error(frame.message(), frame.details()));
}

vlt_status PluginHostSide::enter(CallFrame& frame) {
    vlt_plugin_ref opened{nullptr};
    auto const status = entry_(this, &frame, &opened);
    if (status != VLT_OK) return status;
    plugin_ = opened.plugin;
    if (plugin_ && plugin_->head.major == VLT_ABI_MAJOR && VLT_HAS(plugin_, call)) return VLT_OK;
    auto const error = no_table();
    return frame.fail(error.code(), error.what());
}

vlt_status PluginHostSide::answer(Verb verb, CallFrame& frame, CallText const& text, vlt_str* reply) {
    if (verb == Verb::enter) return enter(frame);
    if (!plugin_) return frame.fail(Code::invalid, "the plugin was not entered yet");
    auto const request = borrow(text.request);
    switch (verb) {
    case Verb::call: return plugin_->call(plugin_, &frame, borrow(text.contract), borrow(text.name), request, reply);
    case Verb::configure: return VLT_HAS(plugin_, configure) ? plugin_->configure(plugin_, &frame, request) : VLT_OK;
    case Verb::start: return VLT_HAS(plugin_, start) ? plugin_->start(plugin_, &frame) : VLT_OK;
    case Verb::quiesce: return VLT_HAS(plugin_, quiesce) ? plugin_->quiesce(plugin_, &frame) : VLT_OK;
    case Verb::snapshot:
        return VLT_HAS(plugin_, snapshot) ? plugin_->snapshot(plugin_, &frame, reply) : VLT_UNSUPPORTED;
    case Verb::restore: return VLT_HAS(plugin_, restore) ? plugin_->restore(plugin_, &frame, request) : VLT_UNSUPPORTED;
    case Verb::release:
        if (VLT_HAS(plugin_, release)) plugin_->release(plugin_);
        plugin_ = nullptr;
        return VLT_OK;
    default: return VLT_UNSUPPORTED;
    }
}

vlt_status PluginHostSide::call_kernel(CallFrame& within, CallText const& text, vlt_stream* input, vlt_stream* output,
                                       vlt_str* reply) {
    auto& nested = within.nested();
    auto const fail = [&](Code code, std::string_view message, std::string_view details = {}) {
        auto const status = nested.fail(code, message, details);
        *reply = nested.error_document(status);
        return status;
    };
    try {
        check_request(text.contract, text.request);
        auto const place = peer_.place_of(within);
        Peer::Question question;
        question.head = {.type = FrameType::call, .verb = Verb::call, .within = place.within};
        if (input) question.head.flags |= frame_flag::input;
        if (output) question.head.flags |= frame_flag::output;
        question.frame = &within;
        question.input = input;
        question.output = output;
        question.body = encode_call(text, place.within ? nullptr : &within.context());
        auto const answer = peer_.ask(place.chain, std::move(question), {});
        if (answer.outcome != Answer::Outcome::replied) return fail(Code::unavailable, "the kernel is gone");
        if (answer.reply.head.status == VLT_OK) {
            *reply = nested.keep(answer.reply.body);
            return VLT_OK;
        }
        auto const error = decode_error(answer.reply.body);
        return fail(code_from(answer.reply.head.status), error.message, error.details);
    } catch (Error const& error) {
        return fail(error.code(), error.what(), error.details());
    } catch (std::exception const& error) {
        return fail(Code::internal, error.what());
    }
}

void PluginHostSide::told(Frame const&) { throw Malformed("a frame of a type that only a plugin's process sends"); }

} // namespace volutus::kernel::plugin

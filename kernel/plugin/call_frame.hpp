// One call on its way: the kernel's implementation of vlt_call.
//
// A frame is made by the caller's side and lives on its stack. What callees allocate stands in the frame's arena. A
// nested call reuses one frame that its parent keeps, so a chain of calls allocates nothing after the first.
#pragma once

#include "kernel/plugin/cancellation.hpp"
#include "kernel/trace/span.hpp"

#include <volutus/call.hpp>
#include <volutus/error.hpp>
#include <volutus/json.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>

namespace volutus::kernel::auth {
struct Caller;
}

namespace volutus::kernel::plugin {

// Who can be blamed for a call that does not come back. It outlives the calls that it is in.
class Suspect {
public:
    virtual void blamed() = 0;   // a call is given up that it was the last to be in
    virtual void returned() = 0; // and now has come back from; may be told before it is blamed

protected:
    ~Suspect() = default;
};

// What a call hands on to the calls made within it. Shared, never changed while a call is under way.
struct CallContext {
    std::string caller;                        // JSON of volutus::Context; "" = the cloud itself
    std::shared_ptr<auth::Caller const> known; // the same, ready for policy; null where nobody has read it
    std::string client_address;                // where the request came from: `known` is of many requests
    std::string trace;                         // request id
    std::string traceparent, tracestate;       // see kernel/trace/span.hpp; "" = nobody traces it
    trace::Tracer* tracer = nullptr;           // who is told of the calls within it; null: nobody
    json::object by;                           // within a task: who began it, as volutus::store::FeedEntry::by tells
    std::string task, step;
    std::uint64_t attempt = 0, epoch = 0;
    world::Instant deadline = world::Instant::max();
    Cancellation cancelled;
    std::atomic<Suspect*> inside = nullptr; // whose code runs, as far as it could be blamed

    // By who waited for the call's end and does so no longer, once: whose code it is in hears of it. False when that is
    // nobody's.
    bool give_up();
};

// Marks a call as being inside somebody's code for as long as this lives.
class Inside {
public:
    Inside(CallContext& context, Suspect& suspect)
        : context_(context), suspect_(suspect), before_(context.inside.exchange(&suspect)) {}
    ~Inside() {
        if (context_.inside.exchange(before_) != &suspect_) suspect_.returned();
    }
    Inside(Inside const&) = delete;
    Inside& operator=(Inside const&) = delete;

private:
    CallContext& context_;
    Suspect& suspect_;
    Suspect* const before_;
};

class CallFrame : public vlt_call {
public:
    explicit CallFrame(CallContext& context, CallFrame const* parent = nullptr);
    CallFrame(CallFrame const&) = delete;
    CallFrame& operator=(CallFrame const&) = delete;

    CallContext& context() { return context_; }
    void set_streams(vlt_stream* input, vlt_stream* output) {
        input_ = input;
        output_ = output;
    }
    vlt_stream* input_stream() const { return input_; }
    vlt_stream* output_stream() const { return output_; }

    // The frame for a call made within this one; its arena is emptied.
    CallFrame& nested();
    CallFrame const* parent() const { return parent_; } // the call within which this one is made
    unsigned depth() const { return depth_; }           // calls that this one is within

    // The span of this call where it has one, else of what it is within.
    std::string_view traceparent() const;
    void set_traceparent(std::string_view own) { traceparent_ = own; }

    // Copies text into the arena.
    vlt_str keep(std::string_view text);

    // Waits for finish() after a callee answered VLT_PENDING. When the deadline comes first the call is cancelled and
    // waited for all the same: its memory is in use until the callee is done.
    vlt_status wait(vlt_str* reply);

    vlt_status fail(Code code, std::string_view message, std::string_view details = {});
    Error error(vlt_status status) const; // what fail() was told
    std::string const& message() const { return message_; }
    std::string const& details() const { return details_; }
    vlt_str error_document(vlt_status status); // {"code","message","details"}, in the arena

    // The last progress that the callee told, permille.
    std::uint32_t progress_told() const { return progress_; }

private:
    void reset();
    static CallFrame& of(vlt_call* call) { return *static_cast<CallFrame*>(call); }
    static CallFrame const& of(vlt_call const* call) { return *static_cast<CallFrame const*>(call); }

    CallContext& context_;
    CallFrame const* parent_;
    unsigned depth_;
    vlt_stream* input_ = nullptr;
    vlt_stream* output_ = nullptr;
    std::string message_, details_, traceparent_;
    std::atomic<std::uint32_t> progress_ = 0;
    std::unique_ptr<CallFrame> nested_;

    world::Mutex mutex_;
    world::Condition finished_;
    std::optional<vlt_status> outcome_;
    std::string late_reply_;

    std::array<std::byte, 1024> first_;
    std::pmr::monotonic_buffer_resource arena_{first_.data(), first_.size()};
};

} // namespace volutus::kernel::plugin

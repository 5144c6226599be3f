#include "kernel/plugin/call_frame.hpp"

#include <volutus/json.hpp>

#include <cstring>
#include <limits>

namespace volutus::kernel::plugin {

namespace {
std::string_view view(vlt_str text) { return {text.data, text.size}; }
vlt_str borrow(std::string_view text) { return {text.data(), text.size()}; }

// One call cannot take more than this for its outputs; a document is at most 256 KiB.
constexpr std::uint64_t largest_allocation = 16u << 20;

// What an error may carry; longer messages are cut, longer details left out.
constexpr std::size_t longest_message = 8u << 10;
constexpr std::size_t largest_details = 64u << 10;
} // namespace

bool CallContext::give_up() {
    auto* const suspect = inside.exchange(nullptr);
    if (suspect) suspect->blamed();
    return suspect != nullptr;
}

CallFrame::CallFrame(CallContext& context, CallFrame const* parent)
    : vlt_call{}, context_(context), parent_(parent), depth_(parent ? parent->depth_ + 1 : 0) {
    head = {sizeof(vlt_call), VLT_ABI_MAJOR, VLT_ABI_MINOR};
    allocate = [](vlt_call* self, std::uint64_t size, std::uint64_t alignment) -> void* {
        if (size > largest_allocation || alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > 4096)
            return nullptr;
        try {
            return of(self).arena_.allocate(size, alignment);
        } catch (std::bad_alloc const&) {
            return nullptr;
        }
    };
    vlt_call::fail = [](vlt_call* self, vlt_status code, vlt_str message, vlt_str details) -> vlt_status {
        return of(self).fail(code_from(code), view(message), view(details));
    };
    vlt_call::cancelled = [](vlt_call const* self) -> std::int32_t { return of(self).context_.cancelled ? 1 : 0; };
    deadline = [](vlt_call const* self) -> std::int64_t {
        auto const when = of(self).context_.deadline;
        return when == world::Instant::max() ? std::numeric_limits<std::int64_t>::max()
                                             : when.time_since_epoch().count();
    };
    progress = [](vlt_call* self, std::uint32_t permille, vlt_str) { of(self).progress_ = permille; };
    caller = [](vlt_call const* self) { return borrow(of(self).context_.caller); };
    trace = [](vlt_call const* self) { return borrow(of(self).context_.trace); };
    operation = [](vlt_call const* self) -> vlt_operation {
        auto const& context = of(self).context_;
        return {borrow(context.task), borrow(context.step), context.attempt, context.epoch};
    };
    vlt_call::input = [](vlt_call* self) { return of(self).input_; };
    vlt_call::output = [](vlt_call* self) { return of(self).output_; };
    finish = [](vlt_call* self, vlt_status status, vlt_str reply) {
        auto& frame = of(self);
        world::Lock lock(frame.mutex_);
        if (frame.outcome_) return; // a second finish is the callee's bug; the first answer stands
        frame.outcome_ = status;
        frame.late_reply_.assign(view(reply));
        // Under the lock: once it is let go the waiter may end the frame.
        frame.finished_.notify_all();
    };
    vlt_call::traceparent = [](vlt_call const* self) { return borrow(of(self).traceparent()); };
    tracestate = [](vlt_call const* self) { return borrow(of(self).context_.tracestate); };
}

CallFrame& CallFrame::nested() {
    if (!nested_)
        nested_ = std::make_unique<CallFrame>(context_, this);
    else
        nested_->reset();
    return *nested_;
}

std::string_view CallFrame::traceparent() const {
    if (!traceparent_.empty()) return traceparent_;
    return parent_ ? parent_->traceparent() : std::string_view(context_.traceparent);
}

void CallFrame::reset() {
    arena_.release();
    message_.clear();
    details_.clear();
    traceparent_.clear();
    outcome_.reset();
    input_ = output_ = nullptr;
}

vlt_str CallFrame::keep(std::string_view text) {
    auto* copy = static_cast<char*>(arena_.allocate(text.size() + 1, 1));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
}

vlt_status CallFrame::wait(vlt_str* reply) {
    world::Lock lock(mutex_);
    auto const done = [this] { return outcome_.has_value(); };
    bool in_time = true;
    if (context_.deadline == world::Instant::max())
        finished_.wait(lock, done);
    else
        in_time = finished_.wait_until(lock, context_.deadline, done);
    if (!in_time) {
        context_.cancelled.tell();
        finished_.wait(lock, done);
    }
    *reply = keep(late_reply_);
    return *outcome_;
}

vlt_status CallFrame::fail(Code code, std::string_view message, std::string_view details) {
    message_ = message.substr(0, longest_message);
    details_ = details.size() <= largest_details ? details : std::string_view();
    return static_cast<vlt_status>(code == Code::ok ? Code::internal : code);
}

Error CallFrame::error(vlt_status status) const {
    auto const code = code_from(status);
    return Error(code, message_.empty() ? std::string(to_string(code)) : message_, details_);
}

vlt_str CallFrame::error_document(vlt_status status) {
    json::object document{{"code", to_string(code_from(status))}, {"message", message_}};
    if (!details_.empty()) {
        try {
            document.emplace("details", json::parse_object(details_));
        } catch (Error const&) {
            document.emplace("details", json::object{{"text", details_}});
        }
    }
    return keep(json::print(document));
}

} // namespace volutus::kernel::plugin

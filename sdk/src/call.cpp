#include <volutus/call.hpp>

#include <limits>

namespace volutus {

namespace {
std::string_view view(vlt_str text) { return {text.data, text.size}; }
vlt_str borrow(std::string_view text) { return {text.data(), text.size()}; }

[[noreturn]] void fail(vlt_status status, char const* what) {
    throw Error(code_from(status), std::string("the byte stream failed to ") + what);
}

[[noreturn]] void rethrow(vlt_status status, std::string_view reply) {
    std::string message, details;
    try {
        auto const document = json::parse_object(reply);
        if (auto const* text = document.if_contains("message"); text && text->is_string()) message = json::text(*text);
        if (auto const* more = document.if_contains("details"); more && more->is_object()) details = json::print(*more);
    } catch (Error const&) {
        // A callee that cannot even print its error: the status still says what happened.
    }
    if (message.empty()) message = to_string(code_from(status));
    throw Error(code_from(status), message, details);
}
} // namespace

std::size_t Stream::read(void* into, std::size_t size) {
    if (!raw_) return 0;
    std::uint64_t count = 0;
    if (auto const status = raw_->read(raw_, {into, size}, &count); status != VLT_OK) fail(status, "read");
    return count;
}

void Stream::write(void const* from, std::size_t size) {
    if (!raw_) fail(VLT_UNSUPPORTED, "write: the caller takes none");
    auto const* at = static_cast<char const*>(from);
    while (size > 0) {
        std::uint64_t count = 0;
        if (auto const status = raw_->write(raw_, {at, size}, &count); status != VLT_OK) fail(status, "write");
        if (count == 0 || count > size) fail(VLT_INTERNAL, "write: a wrong count");
        at += count;
        size -= count;
    }
}

void Stream::close() {
    if (!raw_) return;
    if (auto const status = raw_->close(raw_); status != VLT_OK) fail(status, "close");
}

bool Stream::take_descriptor(Descriptor& into) {
    if (!raw_ || !VLT_HAS(raw_, take_fd)) return false;
    std::int32_t fd = -1;
    auto const status = raw_->take_fd(raw_, &fd, &into.offset, &into.length);
    if (status == VLT_UNSUPPORTED) return false;
    if (status != VLT_OK) fail(status, "take a descriptor");
    into.fd = fd;
    return true;
}

void Stream::give_descriptor(Descriptor const& from, bool owned) {
    if (!raw_ || !VLT_HAS(raw_, give_fd)) fail(VLT_UNSUPPORTED, "hand over a descriptor");
    if (auto const status = raw_->give_fd(raw_, from.fd, from.offset, from.length, owned); status != VLT_OK)
        fail(status, "hand over a descriptor");
}

world::Instant Call::deadline() const {
    auto const nanoseconds = raw_->deadline(raw_);
    if (nanoseconds == std::numeric_limits<std::int64_t>::max()) return world::Instant::max();
    return world::Instant(world::Duration(nanoseconds));
}

bool Call::cancelled() const { return raw_->cancelled(raw_) != 0; }

void Call::check() const {
    if (cancelled()) throw Error(Code::cancelled, "the call was cancelled");
    if (world::now() >= deadline()) throw Error(Code::deadline, "the call's deadline has passed");
}

void Call::progress(unsigned permille, std::string_view what) { raw_->progress(raw_, permille, borrow(what)); }
std::string_view Call::caller() const { return view(raw_->caller(raw_)); }
std::string_view Call::trace() const { return view(raw_->trace(raw_)); }

std::string_view Call::traceparent() const { // kernels before 1.1 have neither
    return VLT_HAS(raw_, traceparent) ? view(raw_->traceparent(raw_)) : std::string_view();
}
std::string_view Call::tracestate() const {
    return VLT_HAS(raw_, tracestate) ? view(raw_->tracestate(raw_)) : std::string_view();
}

Operation Call::operation() const {
    auto const raw = raw_->operation(raw_);
    return {view(raw.task), view(raw.step), raw.attempt, raw.epoch};
}

Stream Call::input() const { return Stream(raw_->input(raw_)); }
Stream Call::output() const { return Stream(raw_->output(raw_)); }

std::string Host::call(Call* within, std::string_view contract, std::string_view name, std::string_view target,
                       std::string_view request, vlt_stream* input, vlt_stream* output) const {
    if (!within) {
        OwnCall own(*this);
        return call(&own.call(), contract, name, target, request, input, output);
    }
    vlt_str reply{nullptr, 0};
    auto const status = raw_->call(raw_, within->raw(), borrow(contract), borrow(name), borrow(target), borrow(request),
                                   input, output, &reply);
    if (status != VLT_OK) rethrow(status, view(reply));
    return std::string(view(reply));
}

OwnCall::OwnCall(Host host, world::Instant deadline, std::string_view trace)
    : host_(host.raw()), call_(host_->begin(host_,
                                            deadline == world::Instant::max() ? std::numeric_limits<std::int64_t>::max()
                                                                              : deadline.time_since_epoch().count(),
                                            borrow(trace))) {}

OwnCall::~OwnCall() { host_->end(host_, call_.raw()); }

void Host::log(Level level, std::string_view message, json::object const& fields) const {
    auto const text = fields.empty() ? std::string() : json::print(fields);
    raw_->log(raw_, static_cast<std::int32_t>(level), borrow(message), borrow(text));
}

} // namespace volutus

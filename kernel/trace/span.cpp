#include "kernel/trace/span.hpp"

#include <algorithm>
#include <array>

namespace volutus::kernel::trace {

namespace {
constexpr std::size_t length = 55, trace_at = 3, trace_size = 32, span_at = 36, span_size = 16, flags_at = 53;
constexpr std::size_t longest_state = 512; // what the recommendation asks to carry at least

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

std::int64_t now() { return world::wall_now().time_since_epoch().count(); }
} // namespace

std::string_view checked_traceparent(std::string_view text) {
    if (text.size() < length) return {};
    auto const version = text.substr(0, 2);
    if (!is_hex(version) || version == "ff" || (version == "00" && text.size() != length)) return {};
    if (text.size() > length && text[length] != '-') return {};
    auto const known = text.substr(0, length);
    if (known[2] != '-' || known[span_at - 1] != '-' || known[flags_at - 1] != '-') return {};
    bool const sound = is_id(known.substr(trace_at, trace_size)) && is_id(known.substr(span_at, span_size)) &&
                       is_hex(known.substr(flags_at));
    return sound ? known : std::string_view();
}

std::string_view checked_tracestate(std::string_view text) {
    bool const sound =
        text.size() <= longest_state && std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
    return sound ? text : std::string_view();
}

std::string_view trace_id(std::string_view traceparent) {
    return traceparent.empty() ? traceparent : traceparent.substr(trace_at, trace_size);
}

std::string_view span_id(std::string_view traceparent) {
    return traceparent.empty() ? traceparent : traceparent.substr(span_at, span_size);
}

bool is_sampled(std::string_view traceparent) {
    if (traceparent.empty()) return false;
    auto const digit = traceparent.back(); // the lowest bit of the flags
    return ((digit <= '9' ? digit - '0' : digit - 'a' + 10) & 1) != 0;
}

std::string child_of(std::string_view traceparent) {
    std::string child(traceparent);
    std::array<unsigned char, span_size / 2> random{};
    world::random_bytes(random.data(), random.size());
    random[0] |= 1; // an id of zeros is none
    for (std::size_t i = 0; i < random.size(); ++i) {
        child[span_at + 2 * i] = "0123456789abcdef"[random[i] >> 4];
        child[span_at + 2 * i + 1] = "0123456789abcdef"[random[i] & 15];
    }
    return child;
}

Started::Started(Tracer* tracer, std::string_view within) : tracer_(is_sampled(within) ? tracer : nullptr) {
    if (!tracer_) return;
    span_.traceparent = child_of(within);
    span_.parent = span_id(within);
    span_.start = now();
}

void Started::end(std::string_view error) {
    auto* const tracer = std::exchange(tracer_, nullptr);
    if (!tracer) return;
    span_.error = error;
    span_.end = now();
    tracer->ended(std::move(span_));
}

} // namespace volutus::kernel::trace

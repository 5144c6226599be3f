// W3C trace context, and the spans that this node tells of. https://www.w3.org/TR/trace-context/
//
// A traceparent is "00-<trace id>-<span id>-<flags>": 32, 16 and 2 hexadecimal digits. It travels as text, as it does in
// HTTP, so that a call that nobody traces costs no parsing.
#pragma once

#include <volutus/world.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace volutus::kernel::trace {

// What a client sent, as far as it is to be believed; "" where it is malformed. Of versions to come the part known here.
std::string_view checked_traceparent(std::string_view text);
std::string_view checked_tracestate(std::string_view text); // at most 512 bytes, printable

// Of a checked traceparent; "" and false of "".
std::string_view trace_id(std::string_view traceparent);
std::string_view span_id(std::string_view traceparent);
bool is_sampled(std::string_view traceparent);

// The same trace, with a span of its own.
std::string child_of(std::string_view traceparent);

struct Span {
    enum class Kind { internal = 1, server = 2, client = 3 }; // the numbers are OTLP's
    std::string name;
    std::string traceparent; // its own
    std::string parent;      // the span id of its parent; "" = it has none
    std::string state;       // tracestate
    Kind kind = Kind::internal;
    std::int64_t start = 0, end = 0; // microseconds since 1970, UTC
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string error; // "" = it went well
};

// Where spans go when they have ended. Any thread; must not block or throw.
class Tracer {
public:
    virtual ~Tracer() = default;
    virtual void ended(Span span) = 0;
};

// A span from now on until it is told how it ended, within another. Without a tracer, or where the trace is not sampled,
// there is none, and nothing is spent on it.
class Started {
public:
    Started(Tracer* tracer, std::string_view within);
    explicit operator bool() const { return tracer_ != nullptr; }
    Span& operator*() { return span_; }
    Span* operator->() { return &span_; }
    void end(std::string_view error = {});

private:
    Tracer* tracer_;
    Span span_;
};

} // namespace volutus::kernel::trace

#include "kernel/trace/exporter.hpp"

#include "kernel/log/log.hpp"

#include <volutus/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace volutus::kernel::trace {

namespace {
constexpr std::size_t most_at_once = 512; // spans a request
constexpr std::size_t longest_text = 1024;

json::object attribute(std::string_view key, std::string_view value) {
    return {{"key", key}, {"value", json::object{{"stringValue", value.substr(0, longest_text)}}}};
}

json::object encoded(Span const& span) {
    json::object out{{"traceId", trace_id(span.traceparent)},
                     {"spanId", span_id(span.traceparent)},
                     {"name", span.name.substr(0, longest_text)},
                     {"kind", static_cast<int>(span.kind)},
                     // 64-bit numbers are text in the JSON form of protocol buffers
                     {"startTimeUnixNano", fmt::format("{}000", span.start)},
                     {"endTimeUnixNano", fmt::format("{}000", span.end)}};
    if (!span.parent.empty()) out["parentSpanId"] = span.parent;
    if (!span.state.empty()) out["traceState"] = span.state;
    json::array attributes;
    for (auto const& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
    if (!attributes.empty()) out["attributes"] = std::move(attributes);
    if (!span.error.empty()) out["status"] = json::object{{"code", 2}, {"message", span.error.substr(0, longest_text)}};
    return out;
}
} // namespace

std::string print_otlp(std::vector<Span> const& spans, std::string const& node) {
    json::array all;
    for (auto const& span : spans) all.push_back(encoded(span));
    json::object const scope{{"scope", json::object{{"name", "volutus"}}}, {"spans", std::move(all)}};
    json::object const resource{
        {"resource",
         json::object{{"attributes", json::array{attribute("service.name", "volutus"), attribute("host.name", node)}}}},
        {"scopeSpans", json::array{scope}}};
    return json::print(json::object{{"resourceSpans", json::array{resource}}});
}

Exporter::Exporter(ExportOptions options, metrics::Metrics& metrics)
    : options_(std::move(options)),
      sent_(metrics.counter("volutus_trace_spans_sent_total", "Spans that the collector took")),
      dropped_(
          metrics.counter("volutus_trace_spans_dropped_total", "Spans that it did not take, or that did not fit")) {
    thread_ = world::Thread("trace", [this] { run(); });
}

Exporter::~Exporter() {
    {
        world::Lock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    thread_.join();
}

void Exporter::ended(Span span) {
    world::Lock lock(mutex_);
    if (queue_.size() >= options_.queue) return dropped_.Increment();
    queue_.push_back(std::move(span));
    if (queue_.size() == most_at_once) wake_.notify_all();
}

void Exporter::run() {
    http::Client client(options_.patience);
    for (bool last = false; !last;) {
        std::vector<Span> spans;
        {
            world::Lock lock(mutex_);
            wake_.wait_until(lock, world::now() + options_.pause,
                             [this] { return stopping_ || queue_.size() >= most_at_once; });
            spans.swap(queue_);
            last = stopping_;
        }
        for (std::size_t at = 0; at < spans.size(); at += most_at_once) {
            auto const end = std::min(spans.size(), at + most_at_once);
            send(client, {std::make_move_iterator(spans.begin() + static_cast<std::ptrdiff_t>(at)),
                          std::make_move_iterator(spans.begin() + static_cast<std::ptrdiff_t>(end))});
        }
    }
}

void Exporter::send(http::Client& client, std::vector<Span> const& spans) {
    auto headers = options_.headers;
    headers.emplace_back("Content-Type: application/json");
    std::string why;
    try {
        auto const status = client.post(options_.endpoint, headers, print_otlp(spans, options_.node));
        if (status < 200 || status > 299) why = fmt::format("it answered {}", status);
    } catch (Error const& error) {
        why = error.what();
    }
    bool const failed = !why.empty();
    (failed ? dropped_ : sent_).Increment(static_cast<double>(spans.size()));
    if (failed && !fails_)
        log::write(Level::warning, "trace",
                   "the collector does not take spans; they are dropped and counted until it does",
                   {{"endpoint", options_.endpoint}, {"error", why}});
    fails_ = failed;
}

} // namespace volutus::kernel::trace

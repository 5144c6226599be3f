// Spans on their way to a collector, by OTLP over HTTP in its JSON form.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
//
// Tracing never holds work up: spans wait in a bounded queue for the one thread that sends them, and what does not fit
// or is not taken is dropped and counted.
#pragma once

#include "kernel/http/client.hpp"
#include "kernel/metrics/metrics.hpp"
#include "kernel/trace/span.hpp"

#include <string>
#include <vector>

namespace volutus::kernel::trace {

struct ExportOptions {
    std::string endpoint;             // "http://collector:4318/v1/traces"; empty: nothing is exported
    std::vector<std::string> headers; // "Name: value", such as the collector's key
    std::string node;
    std::size_t queue = 8192; // spans
    world::Duration pause = std::chrono::seconds(1);
    world::Duration patience = std::chrono::seconds(10); // for one answer
};

class Exporter final : public Tracer {
public:
    Exporter(ExportOptions options, metrics::Metrics& metrics);
    ~Exporter() override; // what waits is sent, if the collector takes it
    void ended(Span span) override;

private:
    void run();
    void send(http::Client& client, std::vector<Span> const& spans);

    ExportOptions const options_;
    prometheus::Counter &sent_, &dropped_;
    world::Mutex mutex_;
    world::Condition wake_;
    std::vector<Span> queue_;
    bool fails_ = false; // the collector does not take them; of the thread
    bool stopping_ = false;
    world::Thread thread_;
};

// The body of one request.
std::string print_otlp(std::vector<Span> const& spans, std::string const& node);

} // namespace volutus::kernel::trace

#include "kernel/gateway/meters.hpp"

#include <algorithm>

namespace volutus::kernel::gateway {

namespace {
constexpr std::array<char const*, 6> class_names{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr char const* depth_help = "Jobs that wait for a thread";
} // namespace

Meters::Meters(metrics::Metrics& m)
    : metrics(m), connections(m.gauge("volutus_http_connections", "Open connections")),
      accepted(m.counter("volutus_http_connections_accepted_total", "Connections accepted")),
      turned_away(m.counter("volutus_http_connections_turned_away_total", "Connections closed for being too many")),
      too_slow(m.counter("volutus_http_connections_too_slow_total", "Connections cut for being too slow")),
      short_of_memory(m.counter("volutus_http_short_of_memory_total", "Large requests and replies refused")),
      received(m.counter("volutus_http_received_bytes_total", "Bytes of request bodies")),
      sent(m.counter("volutus_http_sent_bytes_total", "Bytes of response bodies")),
      held(m.gauge("volutus_http_held_bytes", "Memory of requests and replies in hand")),
      pool_depth(m.gauge("volutus_http_queue_depth", depth_help, {{"pool", "document"}})),
      upload_depth(m.gauge("volutus_http_queue_depth", depth_help, {{"pool", "upload"}})),
      download_depth(m.gauge("volutus_http_queue_depth", depth_help, {{"pool", "download"}})) {}

RouteTable::RouteTable(std::shared_ptr<Router const> router, metrics::Metrics& metrics)
    : router_(std::move(router)), metrics_(metrics), rows_(std::make_unique<Row[]>(router_->size() + 1)) {}

void RouteTable::count(Router::Match const& match, unsigned status, double seconds) const {
    auto& row = rows_[match.route ? match.index : router_->size()];
    auto const cls = std::min(status / 100, 5U);
    auto* counter = row.classes[cls].load(std::memory_order_acquire);
    auto* histogram = row.seconds.load(std::memory_order_acquire);
    if (!counter || !histogram) { // two threads may both come here: both get the same metric
        metrics::Metrics::Labels labels{{"service", match.mount ? match.mount->service : ""},
                                        {"route", match.route ? match.route->id : ""}};
        if (!match.route) labels["service"] = ""; // one row for all, so one name
        histogram = &metrics_.histogram("volutus_http_request_seconds", "Time from the head read to the reply written",
                                        labels, {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30});
        row.seconds.store(histogram, std::memory_order_release);
        labels["class"] = class_names[cls];
        counter = &metrics_.counter("volutus_http_requests_total", "Requests answered", labels);
        row.classes[cls].store(counter, std::memory_order_release);
    }
    counter->Increment();
    histogram->Observe(seconds);
}

} // namespace volutus::kernel::gateway

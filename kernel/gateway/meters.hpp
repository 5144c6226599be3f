// The gateway's numbers. Any thread.
#pragma once

#include "kernel/gateway/router.hpp"
#include "kernel/metrics/metrics.hpp"

#include <array>
#include <atomic>
#include <memory>

namespace volutus::kernel::gateway {

struct Meters {
    explicit Meters(metrics::Metrics& metrics);
    metrics::Metrics& metrics;
    prometheus::Gauge& connections;
    prometheus::Counter& accepted;
    prometheus::Counter& turned_away;     // beyond the limit of connections
    prometheus::Counter& too_slow;        // cut because of a time limit or a rate
    prometheus::Counter& short_of_memory; // large requests and replies refused
    prometheus::Counter& received;        // bytes of bodies
    prometheus::Counter& sent;
    prometheus::Gauge& held;
    prometheus::Gauge& pool_depth;
    prometheus::Gauge& upload_depth;
    prometheus::Gauge& download_depth;
};

// A router with the meters of its routes, which are made when a route is first used.
class RouteTable {
public:
    RouteTable(std::shared_ptr<Router const> router, metrics::Metrics& metrics);
    Router const& router() const { return *router_; }
    void count(Router::Match const& match, unsigned status, double seconds) const;

private:
    struct Row {
        std::array<std::atomic<prometheus::Counter*>, 6> classes{};
        std::atomic<prometheus::Histogram*> seconds{};
    };
    std::shared_ptr<Router const> router_;
    metrics::Metrics& metrics_;
    std::unique_ptr<Row[]> rows_; // a row a route, and one for all that matched none
};

} // namespace volutus::kernel::gateway

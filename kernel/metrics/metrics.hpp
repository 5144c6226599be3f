// The numbers of this process, as Prometheus reads them. Any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <vector>

namespace volutus::kernel::metrics {

// Asking again for the same name and labels gives the same metric; it lives as long as the Metrics. A lookup takes a
// lock and compares labels: keep the reference where a metric is hot. Names and labels follow Prometheus's rules;
// std::invalid_argument otherwise.
class Metrics {
public:
    using Labels = std::map<std::string, std::string>;

    prometheus::Counter& counter(std::string const& name, std::string const& help, Labels const& labels = {});
    prometheus::Gauge& gauge(std::string const& name, std::string const& help, Labels const& labels = {});
    // `buckets` are upper bounds, rising.
    prometheus::Histogram& histogram(std::string const& name, std::string const& help, Labels const& labels,
                                     std::vector<double> const& buckets);
    std::string text() const; // the exposition format, version 0.0.4

private:
    prometheus::Registry registry_;
};

} // namespace volutus::kernel::metrics

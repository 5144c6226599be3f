#include "kernel/metrics/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace volutus::kernel::metrics {

prometheus::Counter& Metrics::counter(std::string const& name, std::string const& help, Labels const& labels) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Gauge& Metrics::gauge(std::string const& name, std::string const& help, Labels const& labels) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

prometheus::Histogram& Metrics::histogram(std::string const& name, std::string const& help, Labels const& labels,
                                          std::vector<double> const& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, buckets);
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

} // namespace volutus::kernel::metrics

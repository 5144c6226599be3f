// What the gateway answers itself: /healthz, /readyz, /metrics, and errors where no service is.
#pragma once

#include "kernel/gateway/router.hpp"

#include <memory>
#include <vector>

namespace volutus::kernel::gateway {

struct Config;
struct Shared;

std::shared_ptr<Handler> operator_pages(Shared& shared);
std::vector<Mount> pages_mounts(Config const& config, std::shared_ptr<Handler> const& pages);

} // namespace volutus::kernel::gateway

#include "kernel/daemon/cloud.hpp"

#include "kernel/daemon/mounts.hpp"

#include <algorithm>

namespace volutus::kernel::daemon {

Cloud::Cloud(std::vector<plugin::Planned> const& plugins, plugin::Registry const& registry) : registry_(registry) {
    auto& all = services_.services;
    for (auto const& plan : plugins)
        if (auto const declared = service_of(plan.manifest))
            all.push_back({declared->name, declared->type.value_or(declared->name), declared->description.value_or(""),
                           "/" + declared->name + declared->endpoint.value_or(""), plan.manifest.quotas});
    std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
}

cloud::Providers Cloud::providers(Call&, cloud::ContractName const& wanted) {
    auto targets = registry_.targets(wanted.contract);
    std::sort(targets.begin(), targets.end());
    return {std::move(targets)};
}

} // namespace volutus::kernel::daemon

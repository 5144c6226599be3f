// The contract volutus.cloud/1: what the manifests of this node's plugins say.
#pragma once

#include "kernel/plugin/plan.hpp"
#include "kernel/plugin/registry.hpp"

#include <volutus/contract/cloud.hpp>

#include <vector>

namespace volutus::kernel::daemon {

class Cloud final : public cloud::Cloud {
public:
    // The registry outlives this.
    Cloud(std::vector<plugin::Planned> const& plugins, plugin::Registry const& registry);

    cloud::Services services(Call&) override { return services_; }
    cloud::Providers providers(Call&, cloud::ContractName const& wanted) override;

private:
    cloud::Services services_;
    plugin::Registry const& registry_;
};

} // namespace volutus::kernel::daemon

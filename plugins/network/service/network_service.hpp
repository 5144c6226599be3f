// The plugin: all parts of the network service, and what they share.
#pragma once

#include "availability.hpp"
#include "discovery.hpp"
#include "floating_ips.hpp"
#include "networks.hpp"
#include "nics.hpp"
#include "ports.hpp"
#include "prover.hpp"
#include "quotas.hpp"
#include "realiser.hpp"
#include "routers.hpp"
#include "security_groups.hpp"
#include "subnet_pools.hpp"
#include "subnets.hpp"

#include <volutus/service.hpp>

namespace volutus::network_service {

class NetworkService : public ServicePlugin {
public:
    explicit NetworkService(Host host);
    void configure(Call& call, json::object const& config) override;
    void start(Call& call) override { realiser_.recover(call); }

private:
    Settings settings_;
    SecurityGroups groups_;
    Networks networks_;
    Subnets subnets_;
    SubnetPools pools_;
    Ports ports_;
    Routers routers_;
    FloatingIps ips_;
    Quotas quotas_;
    Availabilities availabilities_;
    Discovery discovery_;
    Realiser realiser_;
    TaskSteps<Realiser> steps_;
    Nics nics_;
    Prover prover_;
};

} // namespace volutus::network_service

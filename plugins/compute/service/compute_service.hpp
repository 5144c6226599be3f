// The compute service: its parts put together.
#pragma once

#include "consoles.hpp"
#include "guest_metadata.hpp"
#include "hosts.hpp"
#include "keypairs.hpp"
#include "prover.hpp"
#include "quotas.hpp"
#include "server_tasks.hpp"
#include "servers.hpp"
#include "watcher.hpp"

#include <volutus/service.hpp>

namespace volutus::compute {

class ComputeService : public ServicePlugin {
public:
    explicit ComputeService(Host host);
    void configure(Call&, json::object const& config) override;
    // Waits for the drivers: its first look at their hosts is part of it.
    void start(Call& call) override;
    void quiesce(Call&) override;

private:
    Keypairs keypairs_;
    Servers servers_;
    ServerTasks tasks_;
    Hosts hosts_;
    Quotas quotas_;
    Consoles consoles_;
    TaskSteps<ServerTasks> steps_;
    Prover prover_;
    GuestMetadata metadata_;
    Watcher watcher_; // its threads use the rest: ended first
};

} // namespace volutus::compute

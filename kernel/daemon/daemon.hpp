// The running node: the store, the plugins, the tasks and the gateway, brought up in this order and down in the opposite
// one.
#pragma once

#include "kernel/bus/bus.hpp"
#include "kernel/daemon/identity.hpp"
#include "kernel/daemon/setup.hpp"
#include "kernel/daemon/state_lock.hpp"
#include "kernel/events/hub.hpp"
#include "kernel/events/webhooks.hpp"
#include "kernel/metrics/metrics.hpp"
#include "kernel/plugin/loader.hpp"
#include "kernel/scheduler/scheduler.hpp"

#include <atomic>
#include <memory>

namespace volutus::kernel::daemon {

class Daemon {
public:
    // Returns when all serves. Throws what failed first; what had started is stopped then.
    explicit Daemon(Setup setup);
    ~Daemon() { stop(); }
    Daemon(Daemon const&) = delete;
    Daemon& operator=(Daemon const&) = delete;

    // Lets requests under way finish, then the task steps, then the plugins. Takes at most the drain time and as long as
    // the plugins' patience and the steps under way allow; main() bounds that. A second time does nothing.
    void stop();

    // Takes over what can be changed while it runs: the gateway's certificates, limits and rates, and the webhooks. The log
    // says what else differs and waits for a restart. Throws, and changes nothing, when a certificate cannot be used.
    void reload(Setup const& next);

    // For the operator. Any thread, until stop() begins.
    Setup const& setup() const { return setup_; }
    world::Instant since() const { return since_; }
    store::Store& store() { return store_; }
    plugin::Registry& registry() { return registry_; }
    bus::Bus& bus() { return *bus_; }
    std::vector<plugin::Loader::Loaded> const& plugins() const { return loader_.loaded(); }
    events::Webhooks& webhooks() { return webhooks_; }
    std::size_t connections() const { return gateway_->connections(); }

private:
    void provide_contracts();
    void declare(plugin::Manifest const& manifest);
    void open_gateway();
    void write_ports() const;

    world::Instant const since_ = world::now();
    Setup const setup_;
    StateLock lock_;
    metrics::Metrics metrics_;
    std::unique_ptr<trace::Exporter> tracer_; // null: no spans leave
    store::Store store_;
    scheduler::Scheduler scheduler_;
    plugin::Registry registry_;
    std::unique_ptr<bus::Bus> bus_;
    std::unique_ptr<Identity> identity_; // null: no plugin is the identity service
    plugin::Loader loader_;
    task::Runner runner_;
    std::unique_ptr<events::Hub> events_;
    events::Webhooks webhooks_;
    std::shared_ptr<gateway::RateLimiter> const users_;
    std::unique_ptr<gateway::Gateway> gateway_;
    std::atomic<bool> ready_ = false;
    bool stopped_ = false;
};

} // namespace volutus::kernel::daemon

#include "kernel/daemon/daemon.hpp"

#include "kernel/auth/policy_service.hpp"
#include "kernel/daemon/authenticate.hpp"
#include "kernel/daemon/cloud.hpp"
#include "kernel/daemon/descriptors.hpp"
#include "kernel/daemon/mounts.hpp"
#include "kernel/daemon/node.hpp"
#include "kernel/events/handler.hpp"
#include "kernel/scheduler/service.hpp"
#include "kernel/store/backup.hpp"
#include "kernel/store/service.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace volutus::kernel::daemon {

namespace {

plugin::LoaderOptions loader_options(Settings const& settings) {
    plugin::LoaderOptions options;
    options.host_program = settings.plugin_host;
    options.patience = settings.patience;
    return options;
}

// One write a line, so that lines of several threads do not mix.
void write_access(gateway::AccessEntry const& entry) {
    auto const line = gateway::to_json(entry) + '\n';
    [[maybe_unused]] auto const written = ::write(STDOUT_FILENO, line.data(), line.size());
}

void log_step(std::string_view what, world::Instant since, json::object fields = {}) {
    fields.emplace("milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(world::now() - since).count());
    log::write(Level::notice, "daemon", what, fields);
}

// Files, plugins and the clients of tunnels need descriptors too.
gateway::Config within_descriptors(gateway::Config config) {
    auto const all = descriptor_limit();
    auto const room = all - all / 4;
    if (config.limits.connections > room)
        log::write(Level::warning, "gateway", "fewer connections than configured; raise the limit of open files",
                   {{"connections", room}, {"configured", config.limits.connections}, {"open_files", all}});
    config.limits.connections = std::min(config.limits.connections, room);
    return config;
}

class OwnNode final : public Node {
public:
    explicit OwnNode(plugin::Loader const& loader) : loader_(loader) {}
    NodeDescription describe(Call&) override {
        NodeDescription own{std::string(version), {}};
        for (auto const& loaded : loader_.loaded()) own.plugins.push_back(loaded.plan.name);
        return own;
    }

private:
    plugin::Loader const& loader_; // has loaded when the bus serves
};

std::unique_ptr<trace::Exporter> exporter(Setup const& setup, metrics::Metrics& metrics) {
    return setup.trace.endpoint.empty() ? nullptr : std::make_unique<trace::Exporter>(setup.trace, metrics);
}

task::RunnerOptions runner_options(Setup const& setup, trace::Tracer* tracer) {
    auto options = setup.tasks;
    options.tracer = tracer;
    return options;
}

// A restore that was interrupted after it was decided.
store::Options const& after_restore(store::Options const& options) {
    if (auto const aside = store::finish_restore(options.database.path))
        log::write(Level::notice, "daemon", "a restore of the store that was interrupted is finished now",
                   {{"kept_aside", *aside}});
    return options;
}

gateway::Authenticate authentication(Setup const& setup, Identity const* identity) {
    if (setup.auth.mode == auth::Mode::none) return open_authentication(setup.auth.open, setup.policy);
    return identity ? authentication_by_tokens(identity->authenticator()) : no_authentication();
}

} // namespace

Daemon::Daemon(Setup setup)
    : setup_(std::move(setup)), lock_(setup_.state_directory), tracer_(exporter(setup_, metrics_)),
      store_(after_restore(setup_.store)), scheduler_(store_, setup_.scheduler),
      bus_(bus::open_bus(setup_.bus_transport, setup_.node)), loader_(registry_, loader_options(setup_)),
      runner_(store_, registry_, runner_options(setup_, tracer_.get())), webhooks_(store_, metrics_),
      users_(std::make_shared<gateway::RateLimiter>(setup_.gateway.user_rate)) {
    for (auto const& warning : setup_.policy->warnings()) log::write(Level::warning, "policy", warning);
    try {
        events::declare_webhooks(store_);
        provide_contracts();
        loader_.load(setup_.plugins, [this](plugin::Manifest const& manifest) { declare(manifest); });
        scheduler_.start();
        runner_.start();
        bus_->serve(plugin::answers_of(registry_));
        open_gateway();
        write_ports();
        webhooks_.set(setup_.webhooks);
    } catch (...) {
        stop();
        throw;
    }
    ready_ = true;
    log_step("ready", since_,
             {{"version", version},
              {"node", setup_.node},
              {"plugins", loader_.loaded().size()},
              {"revision", store_.revision()}});
}

void Daemon::provide_contracts() {
    registry_.add_built_in(std::string(volutus::store::contract.name),
                           [this](std::string const& plugin) -> std::shared_ptr<plugin::Endpoint> {
                               return store::endpoint_of(store_, plugin);
                           });
    registry_.add_built_in(std::string(policy_rules::contract.name),
                           [this](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
                               return std::make_shared<plugin::BuiltIn<policy_rules::contract>>(
                                   std::make_unique<auth::PolicyService>(setup_.policy));
                           });
    registry_.add_built_in(std::string(cloud::contract.name),
                           [this](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
                               return std::make_shared<plugin::BuiltIn<cloud::contract>>(
                                   std::make_unique<Cloud>(setup_.plugins, registry_));
                           });
    registry_.add_built_in(std::string(volutus::scheduler::contract.name),
                           [this](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
                               return std::make_shared<plugin::BuiltIn<volutus::scheduler::contract>>(
                                   std::make_unique<scheduler::Service>(scheduler_));
                           });
    registry_.add_built_in(
        std::string(node_contract.name), [this](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
            return std::make_shared<plugin::BuiltIn<node_contract>>(std::make_unique<OwnNode>(loader_));
        });
    if (auto const plugin = identity_plugin(setup_.plugins); !plugin.empty())
        identity_ = std::make_unique<Identity>(setup_, plugin, registry_, store_);
}

void Daemon::declare(plugin::Manifest const& manifest) {
    store_.declare(manifest.id, manifest.kinds);
    if (manifest.hosts) scheduler_.declare({manifest.hosts->kind, manifest.hosts->traits, manifest.hosts->aggregates});
    for (auto const& task : manifest.tasks) runner_.declare(manifest.id, task);
}

void Daemon::open_gateway() {
    auto config = within_descriptors(setup_.gateway.config);
    if (setup_.gateway.access_log) config.access = write_access;
    config.report = [](std::string_view what) { log::write(Level::error, "gateway", what); };
    config.ready = [this] { return ready_.load(); };
    auto const authenticate = authentication(setup_, identity_.get());
    auto all = mounts(loader_.loaded(), registry_, setup_.gateway, at_a_rate(authenticate, users_),
                      setup_.auth.challenge, tracer_.get());
    events_ = std::make_unique<events::Hub>(store_);
    auto events =
        std::make_shared<events::Handler>(*events_, store_, setup_.policy, authenticate, setup_.auth.challenge);
    all.push_back({"events", std::move(events), shared_places(setup_.gateway, ""), {events::route()}});
    auto router = std::make_shared<gateway::Router const>(std::move(all));
    gateway_ = std::make_unique<gateway::Gateway>(std::move(config), std::move(router), metrics_);
}

void Daemon::reload(Setup const& next) {
    gateway_->reload(within_descriptors(next.gateway.config));
    users_->set(next.gateway.user_rate);
    webhooks_.set(next.webhooks);
    json::object fields;
    if (auto const waits = needs_restart(setup_, next); !waits.empty())
        fields["waits_for_restart"] = fmt::to_string(fmt::join(waits, " "));
    log::write(Level::notice, "daemon", "the configuration was read again", fields);
}

// For whoever asked for port 0, and for the curious: {"main": 8480}.
void Daemon::write_ports() const {
    json::object ports;
    for (auto const& listener : setup_.gateway.config.listeners) {
        ports[listener.name] = gateway_->port(listener.name);
        log::write(
            Level::info, "gateway", "listening",
            {{"listener", listener.name}, {"address", listener.address}, {"port", gateway_->port(listener.name)}});
    }
    auto const path = setup_.state_directory + "/ports.json";
    auto const text = json::print(ports);
    {
        world::File file(path + ".new", world::File::Mode::create);
        file.truncate(0);
        file.write_at(0, text.data(), text.size());
    }
    world::rename_file(path + ".new", path);
}

void Daemon::stop() {
    if (std::exchange(stopped_, true)) return;
    auto const began = world::now();
    ready_ = false;
    if (gateway_ && !gateway_->drain(setup_.gateway.drain))
        log::write(Level::warning, "daemon", "requests under way were cut: they took longer than gateway.drain");
    gateway_.reset();
    events_.reset();
    webhooks_.set({});
    bus_.reset();
    scheduler_.stop();
    runner_.stop();
    loader_.stop();
    log_step("stopped", began);
}

} // namespace volutus::kernel::daemon

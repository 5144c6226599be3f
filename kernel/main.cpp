// volutusd: the cloud kernel of one node.
#include "kernel/daemon/daemon.hpp"
#include "kernel/daemon/descriptors.hpp"
#include "kernel/daemon/signals.hpp"
#include "kernel/operator/admin_socket.hpp"
#include "kernel/operator/commands.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

// jemalloc reads it before main(): an arena for each processor, and what is free goes back to the system within a second
// or so, by a thread of its own (contrib/decisions/allocator.md).
extern "C" {
extern char const* malloc_conf;
[[gnu::visibility("default"), gnu::used]] char const* malloc_conf =
    "percpu_arena:percpu,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

namespace {

using namespace volutus;
using namespace volutus::kernel;

// All that is wrong is told before anything changes.
void reload(daemon::Daemon& daemon, std::string const& config, daemon::Overrides const& overrides) {
    try {
        daemon.reload(daemon::read_setup(config, overrides));
    } catch (std::exception const& error) {
        log::write(Level::error, "daemon", fmt::format("the configuration stays as it was: {}", error.what()));
    }
}

void serve(std::string const& config, daemon::Overrides const& overrides) {
    auto setup = daemon::read_setup(config, overrides);
    log::configure(setup.log);
    auto const limit = setup.gateway.drain + setup.stop_limit;
    daemon::Daemon daemon(std::move(setup));
    operators::AdminSocket admin(
        daemon.setup().admin_socket,
        [&](json::object const& request, operators::Answer& answer) { operators::run(daemon, request, answer); });
    daemon::notify("READY=1");
    daemon::wait_for_stop([&] { reload(daemon, config, overrides); });
    daemon::notify("STOPPING=1");
    daemon::StopLimit const bounded(limit);
    admin.close();
    daemon.stop();
}

} // namespace

int main(int argc, char** argv) {
    std::string config = "/etc/volutus/conf.d";
    daemon::Overrides overrides;
    CLI::App app("The cloud kernel: reads conf.d, loads its plugins, serves until SIGTERM.", "volutusd");
    app.add_option("--config", config, "the directory with *.toml")->capture_default_str();
    app.add_option("--state", overrides.state_directory, "the state directory, instead of kernel.state_directory");
    app.set_version_flag("--version", fmt::format("volutusd {}", daemon::version));
    CLI11_PARSE(app, argc, argv);

    daemon::block_signals();
    daemon::raise_descriptor_limit();
    daemon::log_what_is_fatal();
    try {
        serve(config, overrides);
        return 0;
    } catch (std::exception const& error) {
        log::write(Level::error, "daemon", fmt::format("volutusd does not start: {}", error.what()));
    }
    // Not by return: what a plugin that hangs still uses must not be taken away under it.
    ::_exit(1);
}

// The sections of the configuration that are the daemon's own: [kernel], [log], [store],
// [tasks], [scheduler] and [trace].
#pragma once

#include "kernel/config/config.hpp"
#include "kernel/log/log.hpp"
#include "kernel/scheduler/scheduler.hpp"
#include "kernel/store/store.hpp"
#include "kernel/task/runner.hpp"
#include "kernel/trace/exporter.hpp"

#include <string>
#include <string_view>

namespace volutus::kernel::daemon {

struct Settings {
    std::string node; // this node's name; leases of tasks carry it
    std::string state_directory;
    std::string plugin_directory; // where [plugin.<name>] without a path is looked for, as <name>.so
    std::string plugin_host;      // the program of the process link
    std::string admin_socket;
    world::Duration patience{};   // for one step of a plugin's life
    world::Duration stop_limit{}; // after draining, for the rest of the way down
    log::Options log;
    store::Options store;
    std::string bus_transport;
    task::RunnerOptions tasks;
    scheduler::Options scheduler;
    trace::ExportOptions trace;
};

// What the command line says instead of the configuration; empty: nothing.
struct Overrides {
    std::string state_directory;
};

// The sections' schemas, and the settings of sections that fit them. Problems are collected.
std::vector<config::KnownSection> own_sections();
Settings settings_from(config::Config const& config, Overrides const& overrides, config::Problems& problems);

} // namespace volutus::kernel::daemon

// Plugins that are linked into a simulation, as the loader would start them from their libraries.
#pragma once

#include "kernel/plugin/in_process_link.hpp"
#include "kernel/plugin/manifest.hpp"
#include "kernel/plugin/registry.hpp"
#include "tests/sim/plant.hpp"

#include <memory>
#include <string>

namespace volutus::sim {

struct LinkedPlugin {
    kernel::plugin::EntryPoint entry;
    kernel::plugin::Manifest manifest;
};
LinkedPlugin linked_plugin(kernel::plugin::EntryPoint entry, vlt_str manifest);

// Configured, and known to the registry, with a bug before it; not started.
std::shared_ptr<kernel::plugin::InProcessLink> load(kernel::plugin::Registry& registry, LinkedPlugin const& plugin,
                                                    std::string const& config, Plant plant);

} // namespace volutus::sim

#include "tests/sim/linked_plugin.hpp"

#include "kernel/plugin/plan.hpp"

namespace volutus::sim {

LinkedPlugin linked_plugin(kernel::plugin::EntryPoint entry, vlt_str manifest) {
    return {entry, kernel::plugin::parse_manifest({manifest.data, manifest.size}, "linked plugin")};
}

std::shared_ptr<kernel::plugin::InProcessLink> load(kernel::plugin::Registry& registry, LinkedPlugin const& plugin,
                                                    std::string const& config, Plant plant) {
    auto const& manifest = plugin.manifest;
    auto side = std::make_shared<kernel::plugin::HostSide>(registry, manifest.id);
    auto link = std::make_shared<kernel::plugin::InProcessLink>(std::move(side), plugin.entry, nullptr,
                                                                std::chrono::seconds(60));
    link->configure(config);
    auto const endpoint = planted(plant, link);
    for (auto const& provided : manifest.provides)
        registry.add(manifest.id, provided.contract, kernel::plugin::target_of(manifest, provided.contract), endpoint);
    return link;
}

} // namespace volutus::sim

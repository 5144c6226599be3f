#include "kernel/plugin/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace volutus::kernel::plugin {

namespace {

void check_alone(Planned const& plugin) {
    auto const& manifest = plugin.manifest;
    if (manifest.id != plugin.name)
        throw Error(Code::invalid, fmt::format("[plugin.{}]: {} is the plugin '{}'; name the table after it",
                                               plugin.name, plugin.path, manifest.id));
    auto const& links = manifest.links;
    if (!links.empty() && std::find(links.begin(), links.end(), to_string(plugin.link)) == links.end())
        throw Error(Code::invalid, fmt::format("[plugin.{}]: the plugin does not permit link = \"{}\"; it permits {}",
                                               plugin.name, to_string(plugin.link), fmt::join(links, ", ")));
}

// What must be there once: a provider's name, and the owner of a kind.
void check_together(std::vector<Planned> const& plugins) {
    std::map<std::string, std::string> providers, owners;
    for (auto const& plugin : plugins) {
        for (auto const& provided : plugin.manifest.provides) {
            auto const target = target_of(plugin.manifest, provided.contract);
            auto const [other, is_new] = providers.emplace(provided.contract + "@" + target, plugin.name);
            if (!is_new)
                throw Error(Code::conflict,
                            fmt::format("plugins {} and {} both provide {} as '{}'; disable one of them in conf.d",
                                        other->second, plugin.name, provided.contract, target));
        }
        for (auto const& kind : plugin.manifest.kinds) {
            auto const [other, is_new] = owners.emplace(kind.name, plugin.name);
            if (!is_new)
                throw Error(Code::conflict,
                            fmt::format("plugins {} and {} both own the kind {}; disable one of them in conf.d",
                                        other->second, plugin.name, kind.name));
        }
    }
}

// The path by which a plugin comes back to itself, for the message.
std::string cycle_from(std::string const& start, std::map<std::string, std::set<std::string>> const& before) {
    std::string path = start;
    std::set<std::string> seen{start};
    for (auto at = start;;) {
        at = *before.at(at).begin();
        path += " -> " + at;
        if (!seen.insert(at).second) return path;
    }
}

} // namespace

std::string_view to_string(LinkKind link) { return link == LinkKind::process ? "process" : "in-process"; }

std::string target_of(Manifest const& manifest, std::string const& contract) {
    bool const own = contract == "volutus.service/1" || contract == "volutus.task/1" || contract == "volutus.prover/1";
    return own ? manifest.id : manifest.target.value_or(manifest.id);
}

std::vector<Planned> in_order(std::vector<Planned> plugins, std::vector<std::string> const& built_in) {
    std::sort(plugins.begin(), plugins.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    for (auto const& plugin : plugins) check_alone(plugin);
    check_together(plugins);

    // before[p]: the plugins that must start before p.
    std::map<std::string, std::set<std::string>> before;
    for (auto const& plugin : plugins) {
        auto& mine = before[plugin.name];
        for (auto const& wanted : plugin.manifest.requires_) {
            bool found = std::find(built_in.begin(), built_in.end(), wanted) != built_in.end();
            for (auto const& other : plugins)
                for (auto const& provided : other.manifest.provides)
                    if (provided.contract == wanted) {
                        found = true;
                        if (other.name != plugin.name) mine.insert(other.name);
                    }
            if (!found)
                throw Error(Code::unsupported,
                            fmt::format("plugin {} requires {}, which no enabled plugin provides; enable one in conf.d",
                                        plugin.name, wanted));
        }
    }

    std::vector<Planned> ordered;
    while (!plugins.empty()) {
        auto const next = std::find_if(plugins.begin(), plugins.end(),
                                       [&](auto const& plugin) { return before[plugin.name].empty(); });
        if (next == plugins.end())
            throw Error(Code::invalid, fmt::format("plugins require each other in a circle: {}",
                                                   cycle_from(plugins.front().name, before)));
        for (auto& [name, waits] : before) waits.erase(next->name);
        ordered.push_back(std::move(*next));
        plugins.erase(next);
    }
    return ordered;
}

} // namespace volutus::kernel::plugin

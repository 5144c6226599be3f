// Which plugins are loaded, in which order: checked from their manifests alone, before any code of them runs.
#pragma once

#include "kernel/plugin/manifest.hpp"

#include <string>
#include <vector>

namespace volutus::kernel::plugin {

enum class LinkKind { in_process, process };
std::string_view to_string(LinkKind link); // as conf.d and manifests write it

struct Planned {
    std::string name; // of its table in conf.d; the manifest's id
    std::string path;
    Manifest manifest;
    LinkKind link = LinkKind::in_process;
    std::string config; // JSON, checked against the manifest's schema
};

// The target by which calls choose this provider of a contract. A service, a task's steps and a prover belong to one
// plugin, so there it is the plugin's id.
std::string target_of(Manifest const& manifest, std::string const& contract);

// Providers before those who require them; otherwise by name. Refuses with a message that names the plugins and what to
// do: an id that differs from the configured name, a link that the manifest does not permit, two providers of one
// contract and target, one kind owned twice, a required contract that nobody provides, a cycle of requirements.
// `built_in`: the contracts of the kernel itself.
std::vector<Planned> in_order(std::vector<Planned> plugins, std::vector<std::string> const& built_in);

} // namespace volutus::kernel::plugin

// The configuration of a node: conf.d/*.toml, merged, and checked against the schemas of those who use it.
//
//     auto const config = Config::load("/etc/volutus/conf.d");
//     auto const gateway = config.section("gateway", gateway::schema());
//
// Files are read in the bytewise order of their names. Tables merge key by key; of a scalar or an array that several
// files write, the last one counts. This part knows no section by name: each kernel part brings its own schema, each
// plugin has one in its manifest.
#pragma once

#include <kernel/config/problems.hpp>
#include <volutus/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::config {

enum class Link { in_process, process };

// A table [plugin.<name>]. Its `config` is not checked yet: that takes the schema in the plugin's manifest.
struct PluginEntry {
    std::string name;
    std::string path;         // of the shared library; empty: <name>.so in the plugin directory
    std::optional<Link> link; // nullopt: what the manifest prefers
    bool enabled = true;
    Origin origin;
};

struct KnownSection {
    std::string_view name;
    std::string_view schema; // JSON
};

// The schema of a plugin's [plugin.<name>.config], from its manifest. May throw Error, which becomes a problem at the
// plugin's line; nullopt or an empty schema: the plugin takes no configuration.
using PluginSchema = std::function<std::optional<std::string>(PluginEntry const&)>;

// Immutable after load; any thread.
class Config {
public:
    // Throws Code::invalid with all files and lines that do not parse, or when the directory cannot be read. Bounds:
    // 1,000 files of 1 MiB each, 32 levels.
    static Config load(std::string const& directory);

    // One top-level table, checked, with defaults filled in; an absent one is as good as an empty one. The first form
    // throws Code::invalid with all that is wrong in the section, the second collects it and answers with what it has.
    json::object section(std::string_view name, std::string_view schema) const;
    json::object section(std::string_view name, std::string_view schema, Problems& problems) const;

    // Top-level tables that nobody knows, such as a misspelt [gatewy]. [plugin] is always known.
    void unknown_sections(std::vector<std::string_view> const& known, Problems& problems) const;

    // The plugin tables in the order of their names, also those that are not enabled.
    std::vector<PluginEntry> plugins(Problems& problems) const;
    // [plugin.<name>.config], as section(), but an empty schema allows no key.
    json::object plugin_config(std::string_view plugin, std::string_view schema) const;
    json::object plugin_config(std::string_view plugin, std::string_view schema, Problems& problems) const;

    // Everything at once, for `volutus check-config` and for the daemon before it starts anything.
    void check(std::vector<KnownSection> const& sections, PluginSchema const& plugin_schema, Problems& problems) const;

    // Where the value at a path ("gateway.listen[0].port") was written, or, where it was not, what stands around it.
    Origin origin_of(std::string_view path) const;
    std::string const& directory() const { return directory_; }
    json::object const& written() const { return merged_; } // all of it, unchecked

private:
    json::object checked(json::value const* written, std::string const& path, std::string_view schema,
                         Problems& problems) const;

    std::string directory_;
    json::object merged_;
    std::map<std::string, Origin, std::less<>> origins_;
};

} // namespace volutus::kernel::config

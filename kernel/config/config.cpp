#include <kernel/config/config.hpp>

#include <kernel/config/schema.hpp>
#include <kernel/config/toml_file.hpp>
#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace volutus::kernel::config {

namespace {
constexpr std::size_t most_files = 1000;
constexpr std::uint64_t largest_file = 1024 * 1024;

// Of [plugin.<name>]; `config` is left to the plugin's own schema.
constexpr std::string_view plugin_schema_text = R"({
  "type": "object",
  "properties": {
    "path": {"type": "string", "maxLength": 4096, "default": ""},
    "link": {"type": "string", "enum": ["in-process", "process"]},
    "enabled": {"type": "boolean", "default": true},
    "config": {"type": "object", "additionalProperties": true}
  }
})";

constexpr std::string_view nothing_schema = R"({"type": "object", "additionalProperties": false})";

using Origins = std::map<std::string, Origin, std::less<>>;

// Forgets `path` and all that lies below it.
void forget(Origins& origins, std::string const& path) {
    auto at = origins.lower_bound(path);
    while (at != origins.end() && at->first.compare(0, path.size(), path) == 0) {
        auto const& key = at->first;
        bool const below = key.size() == path.size() || key[path.size()] == '.' || key[path.size()] == '[';
        at = below ? origins.erase(at) : std::next(at);
    }
}

struct Merger {
    Origins& origins;
    std::string const& file;
    std::map<std::string, unsigned> const& lines;

    void merge(json::object& into, json::object& from, std::string const& path) {
        for (auto& member : from) {
            auto const here = join(path, member.key());
            auto* present = into.if_contains(member.key());
            if (present && present->is_object() && member.value().is_object()) {
                merge(present->get_object(), member.value().get_object(), here);
                continue;
            }
            if (present) forget(origins, here);
            into[member.key()] = member.value();
            adopt(here);
        }
    }

    void adopt(std::string const& path) {
        for (auto at = lines.lower_bound(path); at != lines.end() && at->first.compare(0, path.size(), path) == 0; ++at)
            origins.insert_or_assign(at->first, Origin{file, at->second});
    }
};

std::string read_text(std::string const& path) {
    world::File const file(path, world::File::Mode::read);
    if (file.size() > largest_file)
        throw Error(Code::too_large,
                    fmt::format("{} bytes; a file of configuration has at most {}", file.size(), largest_file));
    std::string text(file.size(), '\0');
    text.resize(file.read_at(0, text.data(), text.size()));
    return text;
}

std::vector<std::string> toml_files(std::string const& directory) {
    std::vector<std::string> names;
    try {
        names = world::list_directory(directory);
    } catch (std::system_error const& error) {
        throw Error(Code::invalid, fmt::format("the directory of configuration {} cannot be read: {}", directory,
                                               error.code().message()));
    }
    std::erase_if(names, [](std::string const& name) { return name.starts_with('.') || !name.ends_with(".toml"); });
    if (names.size() > most_files)
        throw Error(Code::too_large,
                    fmt::format("{} has {} files; at most {} are read", directory, names.size(), most_files));
    return names;
}
} // namespace

Config Config::load(std::string const& directory) {
    Config config;
    config.directory_ = directory;
    Problems problems;
    for (auto const& name : toml_files(directory)) {
        auto const path = directory + '/' + name;
        try {
            auto file = parse_toml(read_text(path), path, problems);
            Merger{config.origins_, path, file.lines}.merge(config.merged_, file.values, "");
        } catch (Error const& error) {
            problems.add({path, 0}, "", error.what());
        } catch (std::system_error const& error) {
            problems.add({path, 0}, "", "cannot be read: " + error.code().message());
        }
    }
    problems.raise("the configuration in " + directory);
    return config;
}

Origin Config::origin_of(std::string_view path) const {
    while (true) {
        if (auto const found = origins_.find(path); found != origins_.end()) return found->second;
        auto const cut = path.find_last_of(".[");
        if (cut == std::string_view::npos) return Origin{directory_, 0};
        path = path.substr(0, cut);
    }
}

json::object Config::checked(json::value const* written, std::string const& path, std::string_view schema_text,
                             Problems& problems) const {
    Schema const schema(schema_text);
    json::value document = written ? *written : json::value(json::object());
    std::vector<Mismatch> mismatches;
    schema.check(document, path, mismatches);
    for (auto const& mismatch : mismatches) problems.add(origin_of(mismatch.path), mismatch.path, mismatch.message);
    return document.is_object() ? std::move(document.get_object()) : json::object();
}

json::object Config::section(std::string_view name, std::string_view schema, Problems& problems) const {
    return checked(merged_.if_contains(name), join("", name), schema, problems);
}

json::object Config::section(std::string_view name, std::string_view schema) const {
    Problems problems;
    auto out = section(name, schema, problems);
    problems.raise(fmt::format("the section [{}] of the configuration in {}", name, directory_));
    return out;
}

void Config::unknown_sections(std::vector<std::string_view> const& known, Problems& problems) const {
    auto all = known;
    all.push_back("plugin");
    for (auto const& member : merged_) {
        std::string_view const key = member.key();
        if (std::find(all.begin(), all.end(), key) != all.end()) continue;
        auto const path = join("", key);
        auto const near = nearest(key, all);
        problems.add(origin_of(path), path,
                     near.empty() ? fmt::format("unknown section; the known ones are {}", fmt::join(all, ", "))
                                  : fmt::format("unknown section; did you mean [{}]?", near));
    }
}

std::vector<PluginEntry> Config::plugins(Problems& problems) const {
    std::vector<PluginEntry> out;
    auto const* written = merged_.if_contains("plugin");
    if (!written) return out;
    if (!written->is_object()) {
        problems.add(origin_of("plugin"), "plugin", "must be tables: [plugin.<name>]");
        return out;
    }
    for (auto const& member : written->get_object()) {
        auto const path = join("plugin", member.key());
        auto const before = problems.all().size();
        auto const table = checked(&member.value(), path, plugin_schema_text, problems);
        if (problems.all().size() != before) continue;
        PluginEntry entry{std::string(member.key()),
                          json::text(table.at("path")),
                          {},
                          table.at("enabled").as_bool(),
                          origin_of(path)};
        if (auto const* link = table.if_contains("link"))
            entry.link = json::text(*link) == "process" ? Link::process : Link::in_process;
        out.push_back(std::move(entry));
    }
    std::sort(out.begin(), out.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    return out;
}

json::object Config::plugin_config(std::string_view plugin, std::string_view schema, Problems& problems) const {
    json::value const* written = nullptr;
    if (auto const* all = merged_.if_contains("plugin"); all && all->is_object())
        if (auto const* one = all->get_object().if_contains(plugin); one && one->is_object())
            written = one->get_object().if_contains("config");
    // A manifest without settings has an empty schema: that is no invitation to write anything.
    auto const nothing = json::parse_object(schema).empty();
    return checked(written, join(join("plugin", plugin), "config"), nothing ? nothing_schema : schema, problems);
}

json::object Config::plugin_config(std::string_view plugin, std::string_view schema) const {
    Problems problems;
    auto out = plugin_config(plugin, schema, problems);
    problems.raise(fmt::format("[plugin.{}.config] in {}", plugin, directory_));
    return out;
}

void Config::check(std::vector<KnownSection> const& sections, PluginSchema const& plugin_schema,
                   Problems& problems) const {
    std::vector<std::string_view> known;
    for (auto const& one : sections) {
        known.push_back(one.name);
        section(one.name, one.schema, problems);
    }
    unknown_sections(known, problems);
    for (auto const& plugin : plugins(problems)) {
        if (!plugin.enabled) continue;
        try {
            auto const schema = plugin_schema(plugin);
            plugin_config(plugin.name, schema.value_or("{}"), problems);
        } catch (Error const& error) {
            problems.add(plugin.origin, join("plugin", plugin.name), error.what());
        }
    }
}

} // namespace volutus::kernel::config

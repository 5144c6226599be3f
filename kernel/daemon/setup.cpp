#include "kernel/daemon/setup.hpp"

#include "kernel/auth/base_rules.hpp"
#include "kernel/auth/policy_file.hpp"
#include "kernel/config/schema.hpp"
#include "kernel/daemon/mounts.hpp"

#include <volutus/contract/cloud.hpp>
#include <volutus/contract/policy.hpp>
#include <volutus/contract/scheduler.hpp>
#include <volutus/contract/store.hpp>
#include <volutus/contract/tokens.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

namespace volutus::kernel::daemon {

namespace {

using config::Config;
using config::Origin;
using config::PluginEntry;
using config::Problems;

// A section of another part of the kernel; what its decoder refuses is a problem of the whole section.
template <class Settings, class Decode>
Settings decoded(Config const& config, std::string_view name, std::string_view schema, Decode decode,
                 Problems& problems) {
    auto const before = problems.all().size();
    auto const section = config.section(name, schema, problems);
    if (problems.all().size() == before) {
        try {
            return decode(section);
        } catch (Error const& error) {
            problems.add(config.origin_of(name), std::string(name), error.what());
        }
    }
    return {};
}

plugin::LinkKind link_of(PluginEntry const& entry, plugin::Manifest const& manifest) {
    if (entry.link)
        return *entry.link == config::Link::process ? plugin::LinkKind::process : plugin::LinkKind::in_process;
    bool const prefers_process =
        !manifest.links.empty() && manifest.links.front() == to_string(plugin::LinkKind::process);
    return prefers_process ? plugin::LinkKind::process : plugin::LinkKind::in_process;
}

// nullopt: refused, and told to problems.
std::optional<plugin::Planned> planned(Config const& config, PluginEntry const& entry, Settings const& settings,
                                       Problems& problems) {
    plugin::Planned out;
    out.name = entry.name;
    out.path = entry.path.empty() ? fmt::format("{}/{}.so", settings.plugin_directory, entry.name) : entry.path;
    auto const before = problems.all().size();
    try {
        out.manifest = plugin::read_manifest(out.path);
        [[maybe_unused]] auto const readable = std::pair(routes_of(out.manifest), service_of(out.manifest));
        auto const schema = out.manifest.config.empty() ? R"({"type": "object", "additionalProperties": false})"
                                                        : json::print(out.manifest.config);
        out.config = json::print(config.plugin_config(entry.name, schema, problems));
        out.link = link_of(entry, out.manifest);
    } catch (std::exception const& error) {
        problems.add(entry.origin, config::join("plugin", entry.name), error.what());
    }
    return problems.all().size() == before ? std::optional(std::move(out)) : std::nullopt;
}

void check_services(Config const& config, Setup const& setup, Problems& problems) {
    std::map<std::string, std::string> services;
    for (auto const& plan : setup.plugins) {
        auto const prefix = mount_prefix(plan.manifest);
        if (!prefix) continue;
        auto const service = prefix->substr(1);
        auto const [other, is_new] = services.emplace(service, plan.name);
        if (!is_new)
            problems.add(
                config.origin_of(config::join("plugin", plan.name)), config::join("plugin", plan.name),
                fmt::format("serves /{}, and so does the plugin {}; disable one of them", service, other->second));
    }
    for (auto const& [service, listener] : setup.gateway.own_listeners)
        if (!services.contains(service))
            problems.add(config.origin_of(config::join("gateway.classic_ports", service)),
                         config::join("gateway.classic_ports", service),
                         "no enabled plugin has a service of this name; enable one, or drop the line");
}

// Without tokens everybody is everyone, so nobody else may come in.
void check_open(Config const& config, Setup const& setup, Problems& problems) {
    if (setup.auth.mode != auth::Mode::none) return;
    for (auto const& listener : setup.gateway.config.listeners)
        if (!gateway::is_loopback(listener.address))
            problems.add(
                config.origin_of("auth.mode"), "auth.mode",
                fmt::format(
                    "\"none\" lets everybody do everything, and the listener '{}' serves others than this host; "
                    "give it the address 127.0.0.1",
                    listener.name));
}

std::shared_ptr<auth::Policy const> read_policy(std::vector<plugin::Planned> const& plugins, std::string const& file) {
    auto rules = auth::base_rules();
    for (auto const& plan : plugins)
        for (auto const& declared : plan.manifest.policies)
            rules.push_back({declared.rule, declared.check, 0, {}, plan.name});
    return std::make_shared<auth::Policy const>(rules, auth::read_policy_file(file));
}

} // namespace

std::vector<std::string> built_in_contracts() {
    std::vector<std::string> out;
    for (auto const name : {volutus::store::contract.name, policy_rules::contract.name, tokens::contract.name,
                            cloud::contract.name, volutus::scheduler::contract.name})
        out.emplace_back(name);
    return out;
}

Setup read_setup(std::string const& config_directory, Overrides const& overrides) {
    auto const config = Config::load(config_directory);
    Problems problems;
    Setup setup;
    setup.written = config.written();
    static_cast<Settings&>(setup) = settings_from(config, overrides, problems);
    setup.gateway =
        decoded<gateway::Settings>(config, "gateway", gateway::settings_schema(), gateway::settings_from, problems);
    setup.auth = decoded<auth::Settings>(config, "auth", auth::settings_schema(), auth::settings_from, problems);
    setup.webhooks = decoded<std::vector<events::WebhookOptions>>(config, "events", events::settings_schema(),
                                                                  events::settings_from, problems);

    std::vector<std::string_view> known{"gateway", "auth", "events"};
    for (auto const& section : own_sections()) known.push_back(section.name);
    config.unknown_sections(known, problems);
    bool const sections_fit = problems.empty();

    std::vector<plugin::Planned> plugins;
    for (auto const& entry : config.plugins(problems))
        if (entry.enabled && !setup.plugin_directory.empty()) // empty: [kernel] itself was refused
            if (auto plan = planned(config, entry, setup, problems)) plugins.push_back(std::move(*plan));
    try {
        // Of plugins that were refused nothing is known, so who lacks them cannot be told.
        if (problems.empty()) setup.plugins = plugin::in_order(std::move(plugins), built_in_contracts());
    } catch (Error const& error) {
        problems.add({config_directory, 0}, "plugin", error.what());
    }
    if (sections_fit) check_open(config, setup, problems);
    if (problems.empty()) check_services(config, setup, problems);
    problems.raise("the configuration in " + config_directory);
    setup.policy = read_policy(setup.plugins, setup.auth.policy_file.empty() ? config_directory + "/policy.yaml"
                                                                             : setup.auth.policy_file);
    return setup;
}

std::vector<std::string> needs_restart(Setup const& running, Setup const& next) {
    std::set<std::string> out;
    auto const compare = [&](Setup const& one, Setup const& other) {
        for (auto const& section : one.written) {
            if (!section.value().is_object()) continue;
            auto const* const others = other.written.if_contains(section.key());
            for (auto const& [key, value] : section.value().get_object()) {
                auto const* const same =
                    others && others->is_object() ? others->get_object().if_contains(key) : nullptr;
                if (!same || *same != value) out.insert(config::join(section.key(), key));
            }
        }
    };
    compare(running, next);
    compare(next, running);
    for (auto const* const taken_over : {"gateway.limits", "gateway.rates", "events.webhook"}) out.erase(taken_over);
    auto const& listeners = running.gateway.config.listeners;
    if (std::ranges::equal(listeners, next.gateway.config.listeners, gateway::differ_in_certificate_at_most))
        out.erase("gateway.listen");
    return {out.begin(), out.end()};
}

} // namespace volutus::kernel::daemon

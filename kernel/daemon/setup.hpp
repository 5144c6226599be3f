// All that a daemon needs to know before it starts anything: the configuration, checked as a whole, and the plan of the
// plugins, from their manifests. No code of a plugin runs for it.
#pragma once

#include "kernel/auth/policy.hpp"
#include "kernel/auth/settings.hpp"
#include "kernel/daemon/settings.hpp"
#include "kernel/events/settings.hpp"
#include "kernel/gateway/settings.hpp"
#include "kernel/plugin/plan.hpp"

#include <volutus/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::daemon {

inline constexpr std::string_view version = "0.1.0";

struct Setup : Settings {
    gateway::Settings gateway;
    auth::Settings auth;
    std::vector<events::WebhookOptions> webhooks;
    std::vector<plugin::Planned> plugins;       // those enabled, in the order in which they start
    json::object written;                       // the configuration as it was read
    std::shared_ptr<auth::Policy const> policy; // the rules of the kernel and of these plugins, with the operator's own
};

// Contracts of the kernel itself, which plugins may require.
std::vector<std::string> built_in_contracts();

// Throws Code::invalid with all that is wrong in the configuration at once, a line a problem; and when that is in
// order, with all that is wrong in policy.yaml.
Setup read_setup(std::string const& config_directory, Overrides const& overrides = {});

// What `next` says otherwise than `running`, and a running daemon does not take over: "gateway.threads", "plugin.toy".
std::vector<std::string> needs_restart(Setup const& running, Setup const& next);

} // namespace volutus::kernel::daemon

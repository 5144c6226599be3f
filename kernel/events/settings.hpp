// The section [events]: where events are pushed to.
#pragma once

#include <volutus/json.hpp>
#include <volutus/world.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::events {

struct WebhookOptions {
    std::string name, url;
    std::string secret;                 // what signs; never shown
    std::vector<std::string> kinds;     // empty: all
    std::optional<std::string> project; // none: every project's, and what is nobody's
    world::Duration first_pause = std::chrono::seconds(1), longest_pause = std::chrono::minutes(1); // between tries
    world::Duration give_up = std::chrono::hours(1);     // since the first try; then it is a dead letter
    world::Duration patience = std::chrono::seconds(10); // for one answer
    bool operator==(WebhookOptions const&) const = default;
};

std::string_view settings_schema();

// Reads the secrets, too. Throws invalid with what is wrong.
std::vector<WebhookOptions> settings_from(json::object const& section);

} // namespace volutus::kernel::events

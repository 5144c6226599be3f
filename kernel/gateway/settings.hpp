// The section [gateway] of the configuration.
#pragma once

#include "kernel/gateway/gateway.hpp"

#include <volutus/json.hpp>

#include <map>
#include <string>
#include <string_view>

namespace volutus::kernel::gateway {

struct Settings {
    Config config;                                    // listeners, those of the classic ports too; limits; pools
    std::map<std::string, std::string> own_listeners; // of services with a classic port: by service, where "" is theirs
    Rate user_rate;                                   // of requests of one user, on any connection
    bool access_log = true;
    world::Duration drain{};            // for requests under way when the daemon stops
    world::Duration request_deadline{}; // of a request that is no stream
};

// The schema of the section, and what a section that fits it says. Throws Code::invalid for settings that do not go
// together: two listeners of one name, or of one address and port.
std::string_view settings_schema();
Settings settings_from(json::object const& section);

// Is it an address that only this host reaches?
bool is_loopback(std::string_view address);

} // namespace volutus::kernel::gateway

// The section [auth] of the configuration.
#pragma once

#include <kernel/auth/password.hpp>
#include <volutus/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::auth {

// How callers are told apart. none: not at all, for a toy cloud on loopback. A token may then be "<user>:<project>"; without
// one the caller is who OpenMode says.
enum class Mode { tokens, none };

struct OpenMode {
    std::string user, project;
    std::vector<std::string> roles;
};

struct Settings {
    Mode mode = Mode::tokens;
    OpenMode open;
    std::string challenge;     // WWW-Authenticate of answers 401; "{base}" is where the client sees this cloud
    std::string key_directory; // empty: "keys" in the state directory
    std::size_t keys_kept = 3;
    std::chrono::milliseconds key_lifetime{}; // then the keys are rotated
    std::chrono::milliseconds token_lifetime{};
    std::chrono::milliseconds expired_token_window{}; // how long a service may still present a user's expired token
    std::string policy_file;                          // empty: policy.yaml beside the files of the configuration
    std::size_t cached_contexts = 0;
    PasswordSettings password;
};

// The schema of the section, and what a section that fits it says. Throws Code::invalid where settings do not go
// together: a token must not outlive the last key that opens it.
std::string_view settings_schema();
Settings settings_from(json::object const& section);

} // namespace volutus::kernel::auth

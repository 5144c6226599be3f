#include <kernel/auth/settings.hpp>

#include <volutus/error.hpp>

#include <fmt/format.h>

namespace volutus::kernel::auth {

std::string_view settings_schema() {
    return R"({
      "type": "object",
      "properties": {
        "mode": {"type": "string", "enum": ["tokens", "none"], "default": "tokens",
          "description": "none: everybody may do everything, on loopback only"},
        "open": {"type": "object", "description": "who a caller without a token is, where mode is none", "properties": {
          "user": {"type": "string", "minLength": 1, "maxLength": 64, "default": "somebody"},
          "project": {"type": "string", "minLength": 1, "maxLength": 64, "default": "toys"},
          "roles": {"type": "array", "maxItems": 16, "items": {"type": "string", "maxLength": 64}, "default": ["member"]}
        }},
        "challenge": {"type": "string", "maxLength": 1024, "default": "",
          "description": "WWW-Authenticate of answers 401; {base} stands for the cloud's own URL"},
        "key_directory": {"type": "string", "format": "path",
          "description": "Keys that seal tokens. Default: keys/ in the state directory"},
        "keys_kept": {"type": "integer", "minimum": 3, "maximum": 100, "default": 3},
        "key_lifetime": {"type": "integer", "format": "duration", "minimum": 60000, "default": "7d",
          "description": "Then a new key seals; the older ones still open"},
        "token_lifetime": {"type": "integer", "format": "duration", "minimum": 1000, "default": "1h"},
        "expired_token_window": {"type": "integer", "format": "duration", "default": "2d",
          "description": "How long a service may still present the expired token of a user whose work it finishes"},
        "policy_file": {"type": "string", "format": "path",
          "description": "Default: policy.yaml beside this file"},
        "cached_contexts": {"type": "integer", "minimum": 16, "maximum": 10000000, "default": 100000},
        "password": {"type": "object", "properties": {
          "memory": {"type": "integer", "format": "size", "minimum": 8192, "maximum": 1073741824, "default": "64MiB"},
          "passes": {"type": "integer", "minimum": 1, "maximum": 64, "default": 2},
          "at_once": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 4},
          "waiting": {"type": "integer", "minimum": 0, "maximum": 100000, "default": 256}
        }}
      }
    })";
}

Settings settings_from(json::object const& section) {
    auto const number = [](json::object const& from, std::string_view key) {
        return from.at(key).to_number<std::int64_t>();
    };
    auto const time = [&](std::string_view key) { return std::chrono::milliseconds(number(section, key)); };
    auto const path = [&](std::string_view key) {
        auto const* found = section.if_contains(key);
        return found ? json::text(*found) : std::string();
    };
    auto const& password = section.at("password").as_object();
    Settings out;
    out.mode = json::text(section.at("mode")) == "none" ? Mode::none : Mode::tokens;
    auto const& open = section.at("open").as_object();
    out.open.user = json::text(open.at("user"));
    out.open.project = json::text(open.at("project"));
    for (auto const& role : open.at("roles").as_array()) out.open.roles.push_back(json::text(role));
    out.challenge = json::text(section.at("challenge"));
    out.key_directory = path("key_directory");
    out.keys_kept = static_cast<std::size_t>(number(section, "keys_kept"));
    out.key_lifetime = time("key_lifetime");
    out.token_lifetime = time("token_lifetime");
    out.expired_token_window = time("expired_token_window");
    out.policy_file = path("policy_file");
    out.cached_contexts = static_cast<std::size_t>(number(section, "cached_contexts"));
    out.password.memory = static_cast<std::uint64_t>(number(password, "memory"));
    out.password.passes = static_cast<std::uint32_t>(number(password, "passes"));
    out.password.at_once = static_cast<std::size_t>(number(password, "at_once"));
    out.password.waiting = static_cast<std::size_t>(number(password, "waiting"));

    // Beside the staged and the sealing key, keys_kept - 2 retired ones open tokens, each for a key_lifetime.
    auto const opened_for = out.key_lifetime * static_cast<std::int64_t>(out.keys_kept - 2);
    if (out.token_lifetime + out.expired_token_window > opened_for)
        throw Error(
            Code::invalid,
            fmt::format("[auth]: a token is of use for {} s (token_lifetime and expired_token_window), but the key "
                        "that sealed it goes after {} s; raise keys_kept or key_lifetime",
                        (out.token_lifetime + out.expired_token_window).count() / 1000, opened_for.count() / 1000));
    return out;
}

} // namespace volutus::kernel::auth

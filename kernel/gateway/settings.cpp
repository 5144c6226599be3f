#include "kernel/gateway/settings.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <set>

namespace volutus::kernel::gateway {

namespace {

constexpr std::string_view classic = "classic:"; // before a service's name: the name of its own listener

std::int64_t number(json::object const& from, std::string_view key) { return from.at(key).to_number<std::int64_t>(); }

std::chrono::milliseconds time(json::object const& from, std::string_view key) {
    return std::chrono::milliseconds(number(from, key));
}

std::string text(json::object const& from, std::string_view key) { return json::text(from.at(key)); }

Listener listener_from(json::object const& table) {
    Listener listener;
    listener.name = text(table, "name");
    listener.address = text(table, "address");
    listener.port = static_cast<std::uint16_t>(number(table, "port"));
    listener.health = table.at("health").as_bool();
    listener.metrics = table.at("metrics").as_bool();
    auto const* certificate = table.if_contains("certificate");
    auto const* key = table.if_contains("key");
    if (!certificate != !key)
        throw Error(Code::invalid,
                    fmt::format("gateway.listen: '{}' has a certificate or a key, but not both; TLS needs both",
                                listener.name));
    if (certificate) listener.tls = Tls{json::text(*certificate), json::text(*key)};
    return listener;
}

void check_listeners(std::vector<Listener> const& listeners) {
    std::set<std::string> names;
    std::set<std::pair<std::string, std::uint16_t>> places;
    for (auto const& listener : listeners) {
        if (!names.insert(listener.name).second)
            throw Error(
                Code::invalid,
                fmt::format("gateway.listen: two listeners have the name '{}'; give each its own", listener.name));
        if (listener.port != 0 && !places.emplace(listener.address, listener.port).second)
            throw Error(Code::invalid,
                        fmt::format("gateway: two listeners, '{}' one of them, want port {} of {}; change one",
                                    listener.name, listener.port, listener.address));
    }
}

Limits limits_from(json::object const& table) {
    Limits limits;
    limits.header_bytes = static_cast<std::size_t>(number(table, "header"));
    limits.document_bytes = static_cast<std::uint64_t>(number(table, "document"));
    limits.connections = static_cast<std::size_t>(number(table, "connections"));
    limits.connections_per_client = static_cast<std::size_t>(number(table, "connections_per_client"));
    limits.memory = static_cast<std::size_t>(number(table, "memory"));
    limits.idle = time(table, "idle");
    limits.header = time(table, "header_time");
    limits.pulse = time(table, "pulse");
    limits.body_rate = static_cast<std::uint64_t>(number(table, "body_rate"));
    return limits;
}

Rate rate_from(json::object const& rates, std::string const& of) {
    return {rates.at(of).to_number<double>(), rates.at(of + "_burst").to_number<double>()};
}

} // namespace

std::string_view settings_schema() {
    return R"({
      "type": "object",
      "properties": {
        "listen": {"type": "array", "minItems": 1, "maxItems": 64,
          "default": [{"name": "main", "address": "127.0.0.1", "port": 8480}],
          "items": {"type": "object", "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 64, "default": "main"},
            "address": {"type": "string", "minLength": 1, "maxLength": 64, "default": "127.0.0.1"},
            "port": {"type": "integer", "minimum": 0, "maximum": 65535, "default": 8480,
              "description": "0: one that is free; ports.json in the state directory tells which"},
            "certificate": {"type": "string", "format": "path", "description": "PEM; with its chain. Makes it TLS"},
            "key": {"type": "string", "format": "secret_file"},
            "health": {"type": "boolean", "default": true, "description": "answers /healthz and /readyz"},
            "metrics": {"type": "boolean", "default": true, "description": "answers /metrics"}
          }}},
        "classic_ports": {"type": "object", "default": {},
          "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 65535},
          "description": "service = port: the service without a prefix, on the address and with the TLS of the first listener"},
        "trusted_proxies": {"type": "array", "maxItems": 256, "default": [],
          "items": {"type": "string", "maxLength": 64},
          "description": "networks whose Forwarded and X-Forwarded-* headers count"},
        "server_name": {"type": "string", "maxLength": 64, "default": "Volutus"},
        "access_log": {"type": "boolean", "default": true, "description": "a line of JSON a request, on standard output"},
        "drain": {"type": "integer", "format": "duration", "maximum": 3600000, "default": "30s",
          "description": "for requests under way when the daemon stops"},
        "request_deadline": {"type": "integer", "format": "duration", "minimum": 100, "maximum": 3600000, "default": "60s",
          "description": "of a request that is no stream"},
        "threads": {"type": "object", "properties": {
          "io": {"type": "integer", "minimum": 0, "maximum": 256, "default": 0, "description": "0: one a processor"},
          "pool": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 32},
          "queue": {"type": "integer", "minimum": 0, "maximum": 1000000, "default": 1024,
            "description": "requests that wait for the pool; beyond: 503"},
          "uploads": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 64},
          "downloads": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 16}
        }},
        "limits": {"type": "object", "properties": {
          "header": {"type": "integer", "format": "size", "minimum": 1024, "maximum": 16777216, "default": "64KiB"},
          "document": {"type": "integer", "format": "size", "minimum": 1024, "maximum": 67108864, "default": "256KiB"},
          "connections": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000},
          "connections_per_client": {"type": "integer", "minimum": 0, "maximum": 1000000, "default": 5000,
            "description": "of one address, or one IPv6 network of 64 bits; 0: no bound. Trusted proxies have none"},
          "memory": {"type": "integer", "format": "size", "minimum": 1048576, "default": "256MiB",
            "description": "of requests and replies in hand; beyond, large ones are answered 503"},
          "idle": {"type": "integer", "format": "duration", "minimum": 100, "default": "75s"},
          "header_time": {"type": "integer", "format": "duration", "minimum": 100, "default": "15s"},
          "pulse": {"type": "integer", "format": "duration", "minimum": 100, "maximum": 3600000, "default": "15s",
            "description": "who watches events hears something at least so often"},
          "body_rate": {"type": "integer", "minimum": 0, "default": 512, "description": "bytes a second; slower peers are cut"}
        }},
        "rates": {"type": "object", "description": "requests a second; beyond: 429 with Retry-After. 0: no limit", "properties": {
          "client": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 0,
            "description": "of one address, or one IPv6 network of 64 bits"},
          "client_burst": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 500,
            "description": "at once, after a quiet time"},
          "user": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 0, "description": "of one user, with any token"},
          "user_burst": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 500}
        }}
      }
    })";
}

Settings settings_from(json::object const& section) {
    Settings out;
    auto& config = out.config;
    for (auto const& table : section.at("listen").as_array())
        config.listeners.push_back(listener_from(table.as_object()));
    auto const first = config.listeners.front();
    for (auto const& entry : section.at("classic_ports").as_object()) {
        std::string const service = entry.key();
        auto listener = first;
        listener.name = std::string(classic) + service;
        listener.port = static_cast<std::uint16_t>(entry.value().to_number<std::int64_t>());
        // These paths would hide the service's own.
        listener.health = listener.metrics = false;
        out.own_listeners[service] = listener.name;
        config.listeners.push_back(std::move(listener));
    }
    check_listeners(config.listeners);

    for (auto const& network : section.at("trusted_proxies").as_array())
        config.trusted_proxies.push_back(json::text(network));
    [[maybe_unused]] Networks const checked(config.trusted_proxies);
    config.server_name = text(section, "server_name");
    auto const& threads = section.at("threads").as_object();
    config.io_threads = static_cast<unsigned>(number(threads, "io"));
    config.pool_threads = static_cast<unsigned>(number(threads, "pool"));
    config.pool_queue = static_cast<std::size_t>(number(threads, "queue"));
    config.upload_threads = static_cast<unsigned>(number(threads, "uploads"));
    config.upload_queue = config.upload_threads;
    config.download_threads = static_cast<unsigned>(number(threads, "downloads"));
    config.limits = limits_from(section.at("limits").as_object());
    auto const& rates = section.at("rates").as_object();
    config.client_rate = rate_from(rates, "client");
    out.user_rate = rate_from(rates, "user");
    out.access_log = section.at("access_log").as_bool();
    out.drain = time(section, "drain");
    out.request_deadline = time(section, "request_deadline");
    return out;
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

} // namespace volutus::kernel::gateway

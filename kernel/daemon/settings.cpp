#include "kernel/daemon/settings.hpp"

#include "kernel/config/secret_file.hpp"
#include "kernel/daemon/setup.hpp"
#include "kernel/http/client.hpp"
#include "kernel/plugin/process_link.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <sstream>
#include <sys/un.h>
#include <unistd.h>

namespace volutus::kernel::daemon {

namespace {

constexpr std::string_view kernel_schema = R"({
  "type": "object",
  "properties": {
    "node": {"type": "string", "maxLength": 64, "default": "", "description": "default: the host's name"},
    "state_directory": {"type": "string", "format": "path", "default": "/var/lib/volutus"},
    "plugin_directory": {"type": "string", "format": "path", "description": "default: lib/volutus beside the program's folder"},
    "plugin_host": {"type": "string", "format": "path", "description": "default: volutus-plugin-host beside the program"},
    "admin_socket": {"type": "string", "format": "path", "description": "default: admin.sock in the state directory"},
    "patience": {"type": "integer", "format": "duration", "minimum": 10, "maximum": 3600000, "default": "30s",
      "description": "for one step of a plugin's life: configure, start, quiesce"},
    "stop_limit": {"type": "integer", "format": "duration", "minimum": 100, "maximum": 3600000, "default": "30s",
      "description": "after draining, for task steps and plugins to come to rest"}
  }
})";

constexpr std::string_view log_schema = R"({
  "type": "object",
  "properties": {
    "level": {"type": "string", "enum": ["error", "warning", "notice", "info", "debug"], "default": "info"},
    "format": {"type": "string", "enum": ["text", "json"], "default": "text"}
  }
})";

constexpr std::string_view store_schema = R"({
  "type": "object",
  "properties": {
    "engine": {"type": "string", "minLength": 1, "maxLength": 64, "default": "sqlite"},
    "path": {"type": "string", "format": "path", "description": "default: store.db in the state directory"},
    "readers": {"type": "integer", "minimum": 1, "maximum": 256, "default": 8, "description": "reads at the same time"},
    "feed_retention": {"type": "integer", "format": "duration", "minimum": 60000, "default": "7d"}
  }
})";

constexpr std::string_view bus_schema = R"({
  "type": "object",
  "properties": {
    "transport": {"type": "string", "minLength": 1, "maxLength": 64, "default": "in_process"}
  }
})";

constexpr std::string_view tasks_schema = R"({
  "type": "object",
  "properties": {
    "threads": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 8, "description": "tasks that run at once"},
    "tries": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 8, "description": "of a step, before the task is undone"},
    "step_limit": {"type": "integer", "format": "duration", "minimum": 1000, "default": "10m"},
    "lease": {"type": "integer", "format": "duration", "minimum": 1000, "maximum": 3600000, "default": "30s"},
    "first_pause": {"type": "integer", "format": "duration", "minimum": 1, "maximum": 3600000, "default": "100ms"},
    "longest_pause": {"type": "integer", "format": "duration", "minimum": 1, "maximum": 86400000, "default": "60s"}
  }
})";

constexpr std::string_view scheduler_schema = R"({
  "type": "object",
  "properties": {
    "weights": {"type": "object", "additionalProperties": {"type": "number", "minimum": -1000, "maximum": 1000},
      "description": "how much a resource class counts for in choosing a host; 1 where nothing is said"}
  }
})";

constexpr std::string_view trace_schema = R"({
  "type": "object",
  "properties": {
    "endpoint": {"type": "string", "maxLength": 1024, "default": "",
      "description": "of a collector of OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces; empty: no spans leave"},
    "header_file": {"type": "string", "format": "secret_file", "description": "a header a line that the collector asks for"},
    "queue": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 8192, "description": "spans; more are dropped"},
    "pause": {"type": "integer", "format": "duration", "minimum": 10, "maximum": 60000, "default": "1s",
      "description": "between two requests to the collector"}
  }
})";

std::string text_or(json::object const& section, std::string_view key, std::string fallback) {
    auto const* found = section.if_contains(key);
    return found ? json::text(*found) : std::move(fallback);
}

std::chrono::milliseconds time(json::object const& section, std::string_view key) {
    return std::chrono::milliseconds(section.at(key).to_number<std::int64_t>());
}

template <class Number> Number number(json::object const& section, std::string_view key) {
    return section.at(key).to_number<Number>();
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] ? std::string(name.data())
                                                                       : std::string("local");
}

// An installed program has its plugins in ../lib/volutus, one in a build folder in ../lib.
std::string default_plugin_directory() {
    std::error_code none;
    auto const program = std::filesystem::read_symlink("/proc/self/exe", none);
    auto const prefix = program.parent_path().parent_path();
    auto const installed = prefix / "lib" / "volutus";
    return std::filesystem::is_directory(installed, none) ? installed.string() : (prefix / "lib").string();
}

Level level_from(std::string_view name) {
    if (name == "error") return Level::error;
    if (name == "warning") return Level::warning;
    if (name == "notice") return Level::notice;
    return name == "debug" ? Level::debug : Level::info;
}

void read_kernel(json::object const& section, Overrides const& overrides, Settings& out) {
    out.node = json::text(section.at("node"));
    if (out.node.empty()) out.node = host_name();
    out.state_directory =
        overrides.state_directory.empty() ? json::text(section.at("state_directory")) : overrides.state_directory;
    out.plugin_directory = text_or(section, "plugin_directory", default_plugin_directory());
    out.plugin_host = text_or(section, "plugin_host", plugin::plugin_host_program());
    out.admin_socket = text_or(section, "admin_socket", out.state_directory + "/admin.sock");
    out.patience = time(section, "patience");
    out.stop_limit = time(section, "stop_limit");
}

void read_tasks(json::object const& section, Settings& out) {
    out.tasks.node = out.node;
    out.tasks.threads = number<std::size_t>(section, "threads");
    out.tasks.tries = number<std::uint64_t>(section, "tries");
    out.tasks.step_limit = time(section, "step_limit");
    out.tasks.lease = time(section, "lease");
    out.tasks.first_pause = time(section, "first_pause");
    out.tasks.longest_pause = time(section, "longest_pause");
}

void read_scheduler(json::object const& section, Settings& out) {
    if (auto const* weights = section.if_contains("weights"))
        for (auto const& [resource, weight] : weights->as_object())
            out.scheduler.weights[std::string(resource)] = weight.to_number<double>();
}

void read_trace(json::object const& section, config::Config const& config, Settings& out, config::Problems& problems) {
    out.trace.endpoint = json::text(section.at("endpoint"));
    out.trace.node = out.node;
    out.trace.queue = number<std::size_t>(section, "queue");
    out.trace.pause = time(section, "pause");
    if (!out.trace.endpoint.empty() && !http::is_url(out.trace.endpoint))
        problems.add(
            config.origin_of("trace.endpoint"), "trace.endpoint",
            fmt::format("'{}' is no URL; write one such as http://127.0.0.1:4318/v1/traces", out.trace.endpoint));
    if (auto const* file = section.if_contains("header_file")) {
        std::istringstream lines(config::read_secret(json::text(*file)));
        for (std::string line; std::getline(lines, line);)
            if (!line.empty()) out.trace.headers.push_back(line);
    }
}

} // namespace

std::vector<config::KnownSection> own_sections() {
    return {{"kernel", kernel_schema}, {"log", log_schema},     {"store", store_schema},
            {"bus", bus_schema},       {"tasks", tasks_schema}, {"scheduler", scheduler_schema},
            {"trace", trace_schema}};
}

Settings settings_from(config::Config const& config, Overrides const& overrides, config::Problems& problems) {
    auto const before = problems.all().size();
    auto const kernel = config.section("kernel", kernel_schema, problems);
    auto const log = config.section("log", log_schema, problems);
    auto const store = config.section("store", store_schema, problems);
    auto const bus = config.section("bus", bus_schema, problems);
    auto const tasks = config.section("tasks", tasks_schema, problems);
    auto const scheduler = config.section("scheduler", scheduler_schema, problems);
    auto const trace = config.section("trace", trace_schema, problems);
    Settings out;
    if (problems.all().size() != before) return out;

    read_kernel(kernel, overrides, out);
    if (auto const most = sizeof(sockaddr_un::sun_path) - 1; out.admin_socket.size() > most)
        problems.add(config.origin_of("kernel.admin_socket"), "kernel.admin_socket",
                     fmt::format("{} is longer than a socket's path may be, {} bytes; set a shorter one",
                                 out.admin_socket, most));
    out.log.level = level_from(json::view(log.at("level").as_string()));
    out.log.json = json::text(log.at("format")) == "json";
    out.store.engine = json::text(store.at("engine"));
    out.store.database.path = text_or(store, "path", out.state_directory + "/store.db");
    out.store.program = version;
    out.store.readers = number<std::size_t>(store, "readers");
    out.store.feed_retention = time(store, "feed_retention");
    out.bus_transport = json::text(bus.at("transport"));
    read_tasks(tasks, out);
    read_scheduler(scheduler, out);
    read_trace(trace, config, out, problems);
    return out;
}

} // namespace volutus::kernel::daemon

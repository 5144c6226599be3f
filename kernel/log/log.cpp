#include "kernel/log/log.hpp"

#include <fmt/chrono.h>

#include <unistd.h>

namespace volutus::kernel::log {

namespace {
Options chosen;

std::string_view name_of(Level level) {
    switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::notice: return "notice";
    case Level::info: return "info";
    case Level::debug: return "debug";
    }
    return "info";
}

std::string quoted(json::value const& value) {
    auto const* text = value.if_string();
    bool const plain = text && !text->empty() && json::view(*text).find_first_of(" \"=\n\t") == std::string_view::npos;
    return plain ? std::string(json::view(*text)) : json::print(value);
}
} // namespace

void configure(Options const& options) { chosen = options; }

void write(Level level, std::string_view source, std::string_view message, json::object const& fields) {
    if (level > chosen.level) return;
    auto const now = fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", world::wall_now());
    std::string line;
    if (chosen.json) {
        json::object whole{{"time", now}, {"level", name_of(level)}, {"source", source}, {"message", message}};
        for (auto const& [key, value] : fields) whole.emplace(key, value);
        line = json::print(whole);
    } else {
        line = fmt::format("{} {} {}: {}", now, name_of(level), source, message);
        for (auto const& [key, value] : fields) line += fmt::format(" {}={}", std::string_view(key), quoted(value));
    }
    line += '\n';
    // One write, so that lines of several threads do not mix. A log that cannot be written has nowhere to say so.
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace volutus::kernel::log

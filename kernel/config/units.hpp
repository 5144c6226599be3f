// Durations and sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace volutus::kernel::config {

// "250ms", "30s", "5m", "12h", "7d" in milliseconds; nullopt for anything else, and beyond 2^53.
std::optional<std::int64_t> parse_duration(std::string_view text);

// "512B", "64KiB", "10MiB", "1GiB", "2TiB" in bytes; nullopt for anything else, and beyond 2^53.
std::optional<std::int64_t> parse_size(std::string_view text);

} // namespace volutus::kernel::config

// One TOML file as JSON, with the line of every value.
#pragma once

#include <kernel/config/problems.hpp>
#include <volutus/json.hpp>

#include <map>
#include <string>
#include <string_view>

namespace volutus::kernel::config {

struct TomlFile {
    json::object values;
    std::map<std::string, unsigned> lines; // by path: "gateway.listen[0].port"
};

// What TOML has and JSON has not (dates, times, infinity) and what is nested deeper than 32 levels is a problem. A text
// that does not parse is one problem and gives an empty file.
TomlFile parse_toml(std::string_view text, std::string const& file, Problems& problems);

} // namespace volutus::kernel::config

// The log of the daemon: one line an event, as key=value or JSON, on standard error. Any thread.
#pragma once

#include <volutus/call.hpp>
#include <volutus/json.hpp>

#include <string_view>

namespace volutus::kernel::log {

struct Options {
    Level level = Level::info;
    bool json = false;
};
void configure(Options const& options);

// `source` is the part of the kernel, or the id of the plugin, that speaks.
void write(Level level, std::string_view source, std::string_view message, json::object const& fields = {});

} // namespace volutus::kernel::log

#include "kernel/bus/bus.hpp"

#include "kernel/bus/in_process.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <array>

namespace volutus::kernel::bus {

namespace {

struct Transport {
    std::string_view name;
    std::unique_ptr<Bus> (*open)(std::string node);
};

constexpr std::array transports{
    Transport{"in_process", [](std::string node) { return std::make_shared<InProcessHub>()->join(std::move(node)); }},
};

} // namespace

std::unique_ptr<Bus> open_bus(std::string_view transport, std::string node) {
    std::string known;
    for (auto const& one : transports) {
        if (one.name == transport) return one.open(std::move(node));
        known += fmt::format("{}'{}'", known.empty() ? "" : ", ", one.name);
    }
    throw Error(Code::invalid, fmt::format("bus.transport: there is no transport '{}'; there is {}", transport, known));
}

void check_size(std::string_view what, std::string const& message) {
    if (message.size() > largest_message)
        throw Error(Code::too_large, fmt::format("a {} of {} bytes is too large for the bus, which carries {}", what,
                                                 message.size(), largest_message));
}

} // namespace volutus::kernel::bus

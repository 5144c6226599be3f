#include "tests/sim/arguments.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

namespace volutus::sim {

namespace {

std::map<std::string_view, Plant> const plants{
    {"skipped_undo", Plant::skipped_undo}, {"dropped_sync", Plant::dropped_sync}, {"late_call", Plant::late_call}};

[[noreturn]] void usage(char const* program) {
    fmt::print(stderr,
               "usage: {} [--seed N | --seeds A..B] [--traces] [--trace-file F] [--plant "
               "skipped_undo|dropped_sync|late_call]\n",
               program);
    std::exit(2);
}

std::uint64_t number(std::string_view text, char const* program) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) usage(program);
    return value;
}

} // namespace

Arguments arguments_of(int argc, char** argv, Arguments out) {
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        auto next = [&]() -> std::string_view {
            if (++i >= argc) usage(argv[0]);
            return argv[i];
        };
        if (word == "--seed") {
            out.first = out.last = number(next(), argv[0]);
        } else if (word == "--seeds") {
            auto const range = next();
            auto const dots = range.find("..");
            if (dots == range.npos) usage(argv[0]);
            out.first = number(range.substr(0, dots), argv[0]);
            out.last = number(range.substr(dots + 2), argv[0]);
        } else if (word == "--traces") {
            out.traces = true;
        } else if (word == "--trace-file") {
            out.trace_file = next();
        } else if (word == "--plant") {
            out.plant_name = next();
            auto const found = plants.find(out.plant_name);
            if (found == plants.end()) usage(argv[0]);
            out.plant = found->second;
        } else {
            usage(argv[0]);
        }
    }
    return out;
}

} // namespace volutus::sim

#include "tests/sim/arguments.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace volutus::sim {

namespace {

[[noreturn]] void usage(char const* program) {
    fmt::print(stderr, "usage: {} [--seed N | --seeds A..B] [--traces] [--trace-file F] [--plant BUG]\nBUG:", program);
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<Plant>>(
        [](auto plant) { fmt::print(stderr, " {}", plant.name); });
    fmt::print(stderr, "\n");
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
            if (!boost::describe::enum_from_string(out.plant_name.c_str(), out.plant)) usage(argv[0]);
        } else {
            usage(argv[0]);
        }
    }
    return out;
}

} // namespace volutus::sim

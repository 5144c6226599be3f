#include <kernel/config/units.hpp>

#include <charconv>
#include <initializer_list>

namespace volutus::kernel::config {

namespace {
// Integers up to here survive a reader that has only doubles.
constexpr std::int64_t greatest = std::int64_t{1} << 53;

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

std::optional<std::int64_t> parse(std::string_view text, std::initializer_list<Unit> units) {
    std::int64_t number = 0;
    auto const* end = text.data() + text.size();
    auto const [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || number < 0) return std::nullopt;
    std::string_view const name(rest, static_cast<std::size_t>(end - rest));
    for (auto const& unit : units)
        if (unit.name == name)
            return number <= greatest / unit.factor ? std::optional(number * unit.factor) : std::nullopt;
    return std::nullopt;
}
} // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
    return parse(text, {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    constexpr std::int64_t kib = 1024;
    return parse(
        text, {{"B", 1}, {"KiB", kib}, {"MiB", kib * kib}, {"GiB", kib * kib * kib}, {"TiB", kib * kib * kib * kib}});
}

} // namespace volutus::kernel::config

#include "names.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace volutus::network::on_linux {

namespace {

constexpr std::size_t digits = 10;

// FNV-1a, folded to 40 bits. Links carry the whole id as their alias, by which a collision is noticed.
std::uint64_t digest(std::string_view id) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (unsigned char c : id) hash = (hash ^ c) * 0x100000001b3;
    return (hash ^ hash >> 40) & 0xffffffffff;
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

Names::Names(std::string prefix) : prefix_(std::move(prefix)) {
    bool const fine = !prefix_.empty() && prefix_.size() <= 4 && is_lower(prefix_.front()) &&
                      std::all_of(prefix_.begin(), prefix_.end(), [](char c) { return is_lower(c) || is_digit(c); });
    if (!fine)
        throw Error(Code::invalid,
                    fmt::format("prefix \"{}\" is not 1 to 4 lower-case letters and digits, a letter first", prefix_));
}

std::string Names::link(char kind, std::string_view id) const {
    return fmt::format("{}{}{:010x}", prefix_, kind, digest(id));
}

bool Names::is_link(char kind, std::string_view name) const {
    return name.size() == prefix_.size() + 1 + digits && name.substr(0, prefix_.size()) == prefix_ &&
           name[prefix_.size()] == kind &&
           std::all_of(name.end() - digits, name.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::string Names::network_namespace(std::string_view network) const {
    return fmt::format("{}-net-{}", prefix_, network);
}

std::string Names::router_namespace(std::string_view router) const {
    return fmt::format("{}-router-{}", prefix_, router);
}

std::optional<std::string> Names::router_of(std::string_view name) const {
    auto const begin = router_namespace("");
    if (name.substr(0, begin.size()) != begin) return std::nullopt;
    return std::string(name.substr(begin.size()));
}

} // namespace volutus::network::on_linux

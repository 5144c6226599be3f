#include "rules.hpp"

#include "addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace volutus::network::on_linux {

namespace {

// Names that the networking API knows beside numbers; IANA's protocol numbers.
constexpr std::array<std::pair<std::string_view, unsigned>, 24> protocols{{
    {"icmp", 1},       {"igmp", 2},  {"ipip", 4},        {"ipencap", 4},     {"tcp", 6},        {"egp", 8},
    {"udp", 17},       {"dccp", 33}, {"ipv6-encap", 41}, {"ipv6-route", 43}, {"ipv6-frag", 44}, {"rsvp", 46},
    {"gre", 47},       {"esp", 50},  {"ah", 51},         {"ipv6-icmp", 58},  {"icmpv6", 58},    {"ipv6-nonxt", 59},
    {"ipv6-opts", 60}, {"ospf", 89}, {"vrrp", 112},      {"pgm", 113},       {"sctp", 132},     {"udplite", 136},
}};

unsigned protocol_number(std::string const& protocol) {
    for (auto const& [name, number] : protocols)
        if (name == protocol) return number;
    unsigned number = 256;
    auto const* end = protocol.data() + protocol.size();
    auto const [stopped, error] = std::from_chars(protocol.data(), end, number);
    if (error != std::errc() || stopped != end || number > 255)
        throw Error(Code::invalid,
                    fmt::format("protocol \"{}\" of a security rule is neither a known name nor 0 to 255", protocol));
    return number;
}

void require(std::optional<std::int64_t> const& value, std::int64_t most, char const* what) {
    if (value && (*value < 0 || *value > most))
        throw Error(Code::invalid, fmt::format("{} {} of a security rule is not 0 to {}", what, *value, most));
}

// The kernel's payload expressions know the ports of these.
std::string_view with_ports(unsigned protocol) {
    switch (protocol) {
    case 6: return "tcp";
    case 17: return "udp";
    case 33: return "dccp";
    case 132: return "sctp";
    case 136: return "udplite";
    default: return {};
    }
}

std::string protocol_match(Rule const& rule) {
    if (rule.protocol.empty() || rule.protocol == "any") {
        if (rule.port_min || rule.port_max)
            throw Error(Code::invalid, "a security rule with ports needs a protocol that has them, such as tcp or udp");
        return {};
    }
    auto number = protocol_number(rule.protocol);
    if (number == 1 && rule.version == 6) number = 58; // "icmp" of an IPv6 rule means ICMPv6
    if (number == 1 || number == 58) {
        std::string_view const name = number == 1 ? "icmp" : "icmpv6";
        require(rule.port_min, 255, "ICMP type");
        require(rule.port_max, 255, "ICMP code");
        if (!rule.port_min) return fmt::format("meta l4proto {}", number);
        if (!rule.port_max) return fmt::format("{} type {}", name, *rule.port_min);
        return fmt::format("{} type {} {} code {}", name, *rule.port_min, name, *rule.port_max);
    }
    if (!rule.port_min && !rule.port_max) return fmt::format("meta l4proto {}", number);
    auto const name = with_ports(number);
    if (name.empty())
        throw Error(Code::invalid, fmt::format("protocol {} of a security rule has no ports", rule.protocol));
    auto const low = rule.port_min.value_or(0), high = rule.port_max.value_or(65535);
    require(low, 65535, "port");
    require(high, 65535, "port");
    if (low > high) throw Error(Code::invalid, fmt::format("ports {} to {} of a security rule are none", low, high));
    return low == high ? fmt::format("{} dport {}", name, low) : fmt::format("{} dport {}-{}", name, low, high);
}

} // namespace

std::string members_set(unsigned version, std::string const& group) {
    return fmt::format("members{}-{}", version, checked_id(group));
}

std::string accepting(Rule const& rule) {
    if (rule.version != 4 && rule.version != 6)
        throw Error(Code::invalid, fmt::format("version {} of a security rule is not 4 or 6", rule.version));
    std::string_view const family = rule.version == 4 ? "ip" : "ip6";
    std::string_view const peer = rule.direction == "ingress" ? "saddr" : "daddr";
    auto text = fmt::format("ether type {}", family);
    if (!rule.remote_group.empty())
        text += fmt::format(" {} {} @{}", family, peer, members_set(rule.version, rule.remote_group));
    if (!rule.remote_cidr.empty()) {
        auto const cidr = Cidr::parse(rule.remote_cidr, "remote CIDR");
        if (cidr.v6 != (rule.version == 6))
            throw Error(Code::invalid, fmt::format("remote CIDR {} of a security rule is not of version {}",
                                                   rule.remote_cidr, rule.version));
        if (cidr.length > 0) text += fmt::format(" {} {} {}", family, peer, cidr.network().text());
    }
    if (auto const protocol = protocol_match(rule); !protocol.empty()) text += " " + protocol;
    return text + " accept";
}

} // namespace volutus::network::on_linux

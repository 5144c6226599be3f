#include "port_chains.hpp"

#include "addresses.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace volutus::network::on_linux {

namespace {

// What a port may send from.
struct Sender {
    std::string mac;
    Cidr addresses;
};

// nftables' sets refuse intervals that overlap, so an address that lies in a wider pair is left to that pair.
void add_sender(std::vector<Sender>& all, Sender const& wanted) {
    for (auto const& one : all)
        if (one.mac == wanted.mac && one.addresses.contains(wanted.addresses)) return;
    all.erase(std::remove_if(
                  all.begin(), all.end(),
                  [&](Sender const& one) { return one.mac == wanted.mac && wanted.addresses.contains(one.addresses); }),
              all.end());
    all.push_back(wanted);
}

std::vector<Sender> senders_of(Port const& port) {
    std::vector<Sender> all;
    auto const own = checked_mac(port.mac);
    add_sender(all, {own, Cidr::parse(link_local_of(own), "address")});
    for (auto const& address : port.addresses)
        add_sender(all, {own, Cidr::parse(address, "address of a port").network()});
    for (auto const& pair : port.allowed_pairs) {
        auto const mac = pair.mac.empty() ? own : checked_mac(pair.mac);
        add_sender(all, {mac, Cidr::parse(link_local_of(mac), "address")});
        add_sender(all, {mac, Cidr::parse(pair.cidr, "allowed address pair").network()});
    }
    return all;
}

// "MAC . address" for each, as nftables writes sets of two.
std::vector<std::string> pairs_of(std::vector<Sender> const& senders, bool v6) {
    std::vector<std::string> pairs;
    for (auto const& sender : senders)
        if (sender.addresses.v6 == v6) pairs.push_back(fmt::format("{} . {}", sender.mac, sender.addresses.shortest()));
    return pairs;
}

std::string set_of(std::vector<std::string> const& items) { return fmt::format("{{ {} }}", fmt::join(items, ", ")); }

std::string hexadecimal(Cidr const& address) {
    std::string text = "0x";
    for (auto byte : address.bytes) text += fmt::format("{:02x}", byte);
    return text;
}

// The target of a neighbour advertisement, 8 bytes into ICMPv6, for which this nftables has no word.
std::string advertises(Cidr const& target) {
    auto mask = target;
    mask.bytes.fill(0xff);
    return fmt::format("icmpv6 type nd-neighbor-advert @th,64,128 & {} == {} accept", hexadecimal(mask.network()),
                       hexadecimal(target));
}

void judge(std::vector<std::string>& rules, Port const& port, char const* direction) {
    rules.push_back(fmt::format("meta mark set meta mark | {:#x}", mark_judged));
    for (auto const& group : port.groups) rules.push_back(fmt::format("jump {}-{}", direction, checked_id(group)));
    rules.push_back(fmt::format("meta mark set meta mark | {:#x}", mark_refused));
}

constexpr auto neighbours = "{ nd-router-solicit, nd-neighbor-solicit, mld-listener-query, mld-listener-report, "
                            "mld-listener-done, mld2-listener-report }";

} // namespace

std::vector<std::string> rules_from(Port const& port) {
    if (!port.up) return {"drop"};
    if (!port.security) return {"accept"};
    auto const senders = senders_of(port);
    auto const v4 = pairs_of(senders, false), v6 = pairs_of(senders, true);
    std::set<std::string> const distinct = [&] {
        std::set<std::string> found;
        for (auto const& sender : senders) found.insert(sender.mac);
        return found;
    }();
    std::vector<std::string> const macs(distinct.begin(), distinct.end());
    std::vector<std::string> rules{
        fmt::format("ether saddr != {} drop", set_of(macs)),
        // From 0.0.0.0 or :: a guest asks whether an address is free (RFC 5227, RFC 4862).
        fmt::format("ether type arp arp saddr ether {} arp saddr ip 0.0.0.0 accept", set_of(macs)),
    };
    if (!v4.empty())
        rules.push_back(fmt::format("ether type arp arp saddr ether . arp saddr ip {} accept", set_of(v4)));
    rules.insert(rules.end(),
                 {"ether type != { ip, ip6 } drop",
                  "ether type ip ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept",
                  "ether type ip udp sport 67 udp dport 68 drop",
                  "ether type ip6 icmpv6 type { nd-router-advert, nd-redirect } drop",
                  "ether type ip6 udp sport 547 udp dport 546 drop",
                  fmt::format("ether type ip6 ip6 saddr :: icmpv6 type {} accept", neighbours),
                  fmt::format("ether saddr . ip6 saddr {} icmpv6 type {} accept", set_of(v6), neighbours)});
    for (auto const& sender : senders)
        if (sender.addresses.v6) rules.push_back(advertises(sender.addresses));
    rules.push_back("ether type ip6 icmpv6 type nd-neighbor-advert drop");
    rules.push_back(v4.empty() ? "ether type ip drop"
                               : fmt::format("ether type ip ether saddr . ip saddr != {} drop", set_of(v4)));
    rules.push_back(fmt::format("ether type ip6 ether saddr . ip6 saddr != {} drop", set_of(v6)));
    rules.push_back("ether type ip udp sport 68 udp dport 67 accept");
    rules.push_back("ether type ip6 udp sport 546 udp dport 547 accept");
    judge(rules, port, "egress");
    return rules;
}

std::vector<std::string> rules_to(Port const& port) {
    if (!port.up) return {"drop"};
    if (!port.security) return {"accept"};
    // Answers of DHCP and advertisements of routers reach a guest without a rule; only who is trusted can send them.
    std::vector<std::string> rules{
        "ether type arp accept",
        "ether type != { ip, ip6 } drop",
        "ether type ip udp sport 67 udp dport 68 accept",
        "ether type ip6 udp sport 547 udp dport 546 accept",
        "ether type ip6 icmpv6 type { nd-router-advert, nd-neighbor-advert, nd-neighbor-solicit, mld-listener-query, "
        "mld-listener-report, mld-listener-done, mld2-listener-report } accept",
    };
    judge(rules, port, "ingress");
    return rules;
}

} // namespace volutus::network::on_linux

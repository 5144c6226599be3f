#include "routers.hpp"

#include "addresses.hpp"
#include "announce.hpp"
#include "commands.hpp"
#include "dhcp.hpp"
#include "legs.hpp"
#include "namespaces.hpp"
#include "nftables.hpp"
#include "rulesets.hpp"

#include <volutus/error.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace volutus::network::on_linux {

namespace {

// By this number the kernel tells our routes from its own: "protocol" of ip route, free for static use.
constexpr auto protocol = "187";

// From an inside network to a floating IP: such a packet has to come back this way, so it is translated twice.
constexpr std::uint32_t mark_hairpin = 1;

using FloatingPairs = std::map<std::string, std::string>; // address outside to address inside

FloatingPairs wanted_pairs(Router const& router) {
    FloatingPairs pairs;
    for (auto const& floating : router.floating_ips)
        pairs[Cidr::parse(floating.address, "floating IP").address()] =
            Cidr::parse(floating.fixed, "fixed address").address();
    return pairs;
}

// What the namespace of the calling thread translates now.
FloatingPairs present_pairs() {
    FloatingPairs pairs;
    for (auto const& item : nft_show("map ip router floating")) {
        auto const* map = item.as_object().if_contains("map");
        auto const* elements = map ? map->as_object().if_contains("elem") : nullptr;
        if (!elements) continue;
        for (auto const& element : elements->as_array())
            pairs[json::text(element.as_array().at(0))] = json::text(element.as_array().at(1));
    }
    return pairs;
}

std::string elements_of(std::string const& map, FloatingPairs const& pairs, bool turned) {
    if (pairs.empty()) return {};
    std::vector<std::string> items;
    for (auto const& [outside, inside] : pairs)
        items.push_back(turned ? fmt::format("{} : {}", inside, outside) : fmt::format("{} : {}", outside, inside));
    return fmt::format("add element ip router {} {{ {} }}\n", map, fmt::join(items, ", "));
}

std::string first_v4(std::vector<std::string> const& addresses) {
    for (auto const& text : addresses)
        if (auto const address = Cidr::parse(text, "address of a router"); !address.v6) return address.address();
    return {};
}

// {0}: the gateway's link.
constexpr auto translation_text = R"(
add table ip router
add map ip router floating {{ type ipv4_addr : ipv4_addr; }}
add map ip router fixed {{ type ipv4_addr : ipv4_addr; }}
add chain ip router prerouting {{ type nat hook prerouting priority -100; }}
add chain ip router postrouting {{ type nat hook postrouting priority 100; }}
add chain ip router forward {{ type filter hook forward priority 0; }}
flush map ip router floating
flush map ip router fixed
flush chain ip router prerouting
flush chain ip router postrouting
flush chain ip router forward
)";

std::string translation(Router const& router, std::string const& outside_link, FloatingPairs const& pairs) {
    auto text =
        fmt::format(translation_text) + elements_of("floating", pairs, false) + elements_of("fixed", pairs, true);
    if (!router.gateway) return text;
    text += fmt::format("add rule ip router prerouting iifname != \"{}\" ip daddr @floating meta mark set {}\n",
                        outside_link, mark_hairpin);
    text += "add rule ip router prerouting dnat to ip daddr map @floating\n";
    text += fmt::format("add rule ip router postrouting oifname \"{}\" snat to ip saddr map @fixed\n", outside_link);
    text += fmt::format("add rule ip router postrouting meta mark {} snat to ip saddr map @fixed\n", mark_hairpin);
    auto const own = first_v4(router.gateway->addresses);
    if (own.empty()) return text;
    text += fmt::format("add rule ip router postrouting meta mark {} snat to {}\n", mark_hairpin, own);
    if (router.snat) {
        // What conntrack cannot place would leave with the inside's address.
        text += fmt::format("add rule ip router forward oifname \"{}\" ct state invalid drop\n", outside_link);
        text += fmt::format("add rule ip router postrouting oifname \"{}\" ct status & dnat == 0 snat to {}\n",
                            outside_link, own);
    }
    return text;
}

// A connection that was translated goes on being translated until the kernel forgets it.
void forget_connections(std::string const& floating) {
    for (auto const* direction : {"--orig-dst", "--reply-dst"}) {
        auto const finished = run({"/usr/sbin/conntrack", "-D", direction, floating});
        bool const none = finished.status == 1 && finished.errors.find("0 flow entries") != std::string::npos;
        if (finished.status != 0 && !none)
            throw Error(Code::internal, fmt::format("connections of {} are not cut: {}", floating, finished.errors));
    }
}

} // namespace

void Routers::check(Router const& router) const {
    checked_id(router.id);
    wanted_pairs(router);
    auto const check_port = [&](RouterPort const& port) {
        checked_id(port.port);
        checked_mac(port.mac);
        for (auto const& address : port.addresses) Cidr::parse(address, "address of a router");
        if (!find_network_(port.network))
            throw Error(
                Code::not_found,
                fmt::format("router {} has port {} in network {}, which this host does not have; ensure it first",
                            router.id, port.port, port.network));
    };
    for (auto const& port : router.interfaces) check_port(port);
    if (router.gateway) check_port(*router.gateway);
    for (auto const& nexthop : router.gateway_nexthops) Cidr::parse(nexthop, "nexthop of a router");
    for (auto const& route : router.routes)
        if (Cidr::parse(route.destination, "destination of a route").v6 !=
            Cidr::parse(route.nexthop, "nexthop of a route").v6)
            throw Error(Code::invalid, fmt::format("route {} via {} mixes versions", route.destination, route.nexthop));
    if (!router.gateway && !router.floating_ips.empty())
        throw Error(Code::invalid, fmt::format("router {} has floating IPs but no gateway", router.id));
}

void Routers::ensure(Router const& router) {
    auto const name_space = names_.router_namespace(router.id);
    ensure_namespace(name_space);
    in_namespace(name_space, [] {
        set_kernel_parameter("ipv6/conf/all/forwarding", "1");
        set_kernel_parameter("ipv6/conf/all/ndisc_notify", "1");
        set_kernel_parameter("ipv6/conf/default/ndisc_notify", "1");
        set_kernel_parameter("ipv4/ip_forward", "1");
    });
    ip_batch(name_space, {"addr replace 169.254.169.254/32 dev lo"}); // metadata, for guests who ask by their gateway
    // Addresses and translation first appear, and last go, together: a floating IP that answers is one that leads inside.
    ensure_translation(router);
    ensure_legs(router);
    ip_batch(name_space, route_changes(router));
    ensure_advertisements(router);
}

std::vector<Leg> Routers::legs(Router const& router) const {
    std::vector<Leg> all;
    auto const add = [&](RouterPort const& port, std::vector<std::string> const& more) {
        auto const network = find_network_(port.network);
        if (!network) throw Error(Code::not_found, fmt::format("network {} went away", port.network));
        Leg leg;
        leg.port = port.port;
        leg.outside = names_.outside(port.port);
        leg.inside = names_.inside(port.port);
        leg.name_space = names_.router_namespace(router.id);
        leg.bridge = bridge_of_(*network);
        leg.mac = checked_mac(port.mac);
        leg.mtu = network->mtu;
        leg.addresses = port.addresses;
        leg.addresses.insert(leg.addresses.end(), more.begin(), more.end());
        leg.up = router.up;
        all.push_back(std::move(leg));
    };
    for (auto const& port : router.interfaces) add(port, {});
    if (router.gateway) {
        std::vector<std::string> floating;
        for (auto const& [address, fixed] : wanted_pairs(router)) floating.push_back(address + "/32");
        add(*router.gateway, floating);
    }
    return all;
}

void Routers::ensure_legs(Router const& router) {
    auto const name_space = names_.router_namespace(router.id);
    std::set<std::string> wanted;
    for (auto const& leg : legs(router)) {
        ensure_leg(leg);
        wanted.insert(leg.inside);
        std::vector<Cidr> announced;
        for (auto const& address : leg.addresses) announced.push_back(Cidr::parse(address, "address"));
        if (leg.up) in_namespace(name_space, [&] { announce(leg.inside, leg.mac, announced); });
    }
    std::vector<std::string> gone;
    for (auto const& item : ip_show(name_space, {"link", "show"})) {
        auto const name = json::text(item.as_object().at("ifname"));
        if (names_.is_link('q', name) && !wanted.count(name)) gone.push_back(fmt::format("link delete dev {}", name));
    }
    ip_batch(name_space, gone);
}

std::vector<std::string> Routers::route_changes(Router const& router) const {
    if (!router.up) return {}; // links that are down have no routes
    auto const name_space = names_.router_namespace(router.id);
    std::set<std::string> wanted4, wanted6;
    auto const want = [&](Cidr const& destination, std::string const& nexthop, std::string const& device) {
        auto const spelt = destination.length == 0 ? std::string("default") : destination.shortest();
        (destination.v6 ? wanted6 : wanted4).insert(fmt::format("{} via {}{}", spelt, nexthop, device));
    };
    if (router.gateway)
        for (auto const& text : router.gateway_nexthops) {
            auto nexthop = Cidr::parse(text, "nexthop of a router");
            auto any = nexthop;
            any.length = 0;
            // With the link, for a gateway may stand outside its subnet.
            want(any.network(), nexthop.address(), fmt::format(" dev {}", names_.inside(router.gateway->port)));
        }
    for (auto const& route : router.routes)
        want(Cidr::parse(route.destination, "destination of a route").network(),
             Cidr::parse(route.nexthop, "nexthop of a route").address(), "");
    std::vector<std::string> lines, added;
    for (auto const* version : {"-4", "-6"}) {
        auto const& wanted = version[1] == '4' ? wanted4 : wanted6;
        std::set<std::string> there;
        for (auto const& item : ip_show(name_space, {version, "route", "show", "proto", protocol})) {
            auto const& route = item.as_object();
            auto const spelt = fmt::format("{} via {}", json::text(route.at("dst")), json::text(route.at("gateway")));
            auto const with_device = fmt::format("{} dev {}", spelt, json::text(route.at("dev")));
            there.insert(wanted.count(with_device) ? with_device : spelt);
        }
        for (auto const& route : there)
            if (!wanted.count(route)) lines.push_back(fmt::format("route del {} proto {}", route, protocol));
        for (auto const& route : wanted)
            if (!there.count(route))
                added.push_back(fmt::format("route replace {}{} proto {}", route,
                                            route.find(" dev ") == route.npos ? "" : " onlink", protocol));
    }
    lines.insert(lines.end(), added.begin(), added.end());
    return lines;
}

void Routers::ensure_translation(Router const& router) {
    auto const wanted = wanted_pairs(router);
    auto const outside = router.gateway ? names_.inside(router.gateway->port) : std::string();
    in_namespace(names_.router_namespace(router.id), [&] {
        auto const before = present_pairs();
        nft_apply(translation(router, outside, wanted));
        for (auto const& [address, fixed] : before) {
            auto const now = wanted.find(address);
            if (now == wanted.end() || now->second != fixed) forget_connections(address);
        }
    });
}

std::vector<std::string> Routers::altered(Router const& router, Links const& host) const {
    std::vector<std::string> all;
    for (auto const& leg : legs(router))
        for (auto& what : how_altered(leg, host)) all.push_back(std::move(what));
    for (auto const& line : route_changes(router)) all.push_back("its namespace needs: ip " + line);
    auto const outside = router.gateway ? names_.inside(router.gateway->port) : std::string();
    auto const wanted = rehearsed_ruleset(translation(router, outside, wanted_pairs(router)));
    in_namespace(names_.router_namespace(router.id), [&] {
        for (auto& [part, what] : differences(wanted, present_ruleset())) all.push_back(std::move(what));
    });
    if (!advertiser_runs(advertiser_directory(router.id))) all.push_back("its router advertisements are not sent");
    return all;
}

std::string Routers::advertiser_directory(std::string const& router) const {
    return fmt::format("{}/advertiser/{}", settings_.state_directory, router);
}

void Routers::ensure_advertisements(Router const& router) {
    std::vector<AdvertisedLink> links;
    for (auto const& port : router.interfaces) {
        auto const network = find_network_(port.network);
        if (!network || !router.up) continue;
        AdvertisedLink link{names_.inside(port.port), {}, network->mtu};
        for (auto const& subnet : network->subnets) {
            auto const cidr = Cidr::parse(subnet.cidr, "subnet");
            bool const here =
                std::any_of(port.addresses.begin(), port.addresses.end(), [&](std::string const& address) {
                    return cidr.contains(Cidr::parse(Cidr::parse(address, "address").address(), "address"));
                });
            if (cidr.v6 && here && !subnet.ipv6_ra_mode.empty()) link.subnets.push_back(subnet);
        }
        if (!link.subnets.empty()) links.push_back(std::move(link));
    }
    ensure_advertiser(advertiser_directory(router.id), names_.router_namespace(router.id), links);
}

void Routers::remove(std::string const& id) {
    remove_dhcp(advertiser_directory(id));
    auto const name_space = names_.router_namespace(id);
    // The kernel clears a namespace away some time after its name is gone; its addresses must not answer until then.
    if (has_namespace(name_space)) {
        std::vector<std::string> lines;
        for (auto const& item : ip_show(name_space, {"link", "show"})) {
            auto const name = json::text(item.as_object().at("ifname"));
            if (names_.is_link('q', name)) lines.push_back(fmt::format("link delete dev {}", name));
        }
        ip_batch(name_space, lines);
    }
    remove_namespace(name_space);
}

std::vector<std::string> Routers::present() const {
    std::vector<std::string> ids;
    for (auto const& name : namespaces())
        if (auto const id = names_.router_of(name); id && has_namespace(name)) ids.push_back(*id);
    return ids;
}

std::vector<std::string> Routers::floating_ips() const {
    std::vector<std::string> all;
    for (auto const& id : present())
        in_namespace(names_.router_namespace(id), [&] {
            for (auto const& [address, fixed] : present_pairs())
                all.push_back(fmt::format("{} {} {}", id, address, fixed));
        });
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace volutus::network::on_linux

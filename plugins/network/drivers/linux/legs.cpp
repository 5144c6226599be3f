#include "legs.hpp"

#include "addresses.hpp"
#include "commands.hpp"
#include "namespaces.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

namespace volutus::network::on_linux {

namespace {

constexpr auto folder = "/sys/class/net";

std::set<std::string> addresses_of(json::object const& link) {
    std::set<std::string> found;
    for (auto const& item : link.at("addr_info").as_array()) {
        auto const& info = item.as_object();
        auto const* address = info.if_contains("local");
        if (!address) continue;
        auto const text = fmt::format("{}/{}", json::text(*address), info.at("prefixlen").as_int64());
        found.insert(Cidr::parse(text, "address").text());
    }
    return found;
}

std::set<std::string> addresses_of(Leg const& leg) {
    std::set<std::string> wanted;
    for (auto const& address : leg.addresses) wanted.insert(Cidr::parse(address, "address of a port").text());
    return wanted;
}

// Those that nobody asked for are the kernel's to make.
bool is_link_local(std::string const& address) { return address.compare(0, 4, "fe80") == 0; }

void in_place(std::string const& name_space, std::function<void()> const& work) {
    if (name_space.empty())
        work();
    else
        in_namespace(name_space, work);
}

} // namespace

Links::Links(std::string const& name_space) {
    for (auto const& item : ip_show(name_space, {"-d", "addr", "show"})) {
        auto const& link = item.as_object();
        // ip shows an empty object for what a filter hides
        if (auto const* name = link.if_contains("ifname")) shown_[json::text(*name)] = link;
    }
}

json::object const* Links::find(std::string const& name) const {
    auto const found = shown_.find(name);
    return found == shown_.end() ? nullptr : &found->second;
}

bool Links::is_up(json::object const& link) {
    auto const& flags = link.at("flags").as_array();
    return std::any_of(flags.begin(), flags.end(), [](json::value const& flag) { return json::text(flag) == "UP"; });
}

std::string Links::master_of(json::object const& link) {
    auto const* master = link.if_contains("master");
    return master ? json::text(*master) : std::string();
}

bool has_link(std::string const& name) { return world::file_exists(fmt::format("{}/{}", folder, name)); }

std::string alias_of(std::string const& link) {
    for (auto const& item : ip_show("", {"link", "show", "dev", link}))
        if (auto const* alias = item.as_object().if_contains("ifalias")) return json::text(*alias);
    return {};
}

void silence(std::string const& link) {
    set_kernel_parameter(fmt::format("ipv6/conf/{}/disable_ipv6", link), "1");
    ip_batch("", {fmt::format("link set dev {} arp off", link)});
}

void remove_link(std::string const& name) {
    if (!has_link(name)) return;
    try {
        ip_batch("", {fmt::format("link delete dev {}", name)});
    } catch (Error const&) {
        // The kernel clears a namespace away in its own time, and a link with it whose other end was there.
        if (has_link(name)) throw;
    }
}

void ensure_leg(Leg const& leg) {
    Links there(leg.name_space);
    auto const* inside = there.find(leg.inside);
    if (!inside || !has_link(leg.outside)) {
        if (inside) ip_batch(leg.name_space, {fmt::format("link delete dev {}", leg.inside)});
        remove_link(leg.outside); // its other end is elsewhere: left by a crash
        auto const place = leg.name_space.empty() ? "" : fmt::format(" netns {}", leg.name_space);
        ip_batch("", {fmt::format("link add name {} type veth peer name {}{}", leg.outside, leg.inside, place)});
        silence(leg.outside);
        in_place(leg.name_space, [&] {
            set_kernel_parameter(fmt::format("ipv6/conf/{}/accept_ra", leg.inside), "0");
            set_kernel_parameter(fmt::format("ipv6/conf/{}/keep_addr_on_down", leg.inside), "1");
            set_kernel_parameter(fmt::format("ipv6/conf/{}/accept_dad", leg.inside),
                                 "0"); // the service gave it the address
        });
        there = Links(leg.name_space);
        inside = there.find(leg.inside);
        if (!inside) throw Error(Code::internal, fmt::format("link {} went away while it was made", leg.inside));
    }
    ip_batch("",
             {fmt::format("link set dev {} mtu {} alias {} master {} up", leg.outside, leg.mtu, leg.port, leg.bridge)});
    std::vector<std::string> lines;
    if (!leg.mac.empty() && json::text(inside->at("address")) != leg.mac)
        lines.push_back(fmt::format("link set dev {} address {}", leg.inside, leg.mac));
    lines.push_back(
        fmt::format("link set dev {} mtu {} alias {} {}", leg.inside, leg.mtu, leg.port, leg.up ? "up" : "down"));
    auto const wanted = addresses_of(leg), present = addresses_of(*inside);
    for (auto const& address : present)
        if (!wanted.count(address) && !is_link_local(address))
            lines.push_back(fmt::format("addr del {} dev {}", address, leg.inside));
    for (auto const& address : wanted)
        if (!present.count(address))
            lines.push_back(fmt::format("addr replace {} dev {}{}", address, leg.inside,
                                        address.find(':') == std::string::npos ? "" : " nodad"));
    ip_batch(leg.name_space, lines);
}

std::vector<std::string> how_altered(Leg const& leg, Links const& host) {
    std::vector<std::string> all;
    auto const* outside = host.find(leg.outside);
    if (!outside) return {fmt::format("its link {} is missing", leg.outside)};
    if (Links::master_of(*outside) != leg.bridge)
        all.push_back(fmt::format("its link {} is not on bridge {}", leg.outside, leg.bridge));
    if (!Links::is_up(*outside)) all.push_back(fmt::format("its link {} is down", leg.outside));
    auto const where =
        leg.name_space.empty() ? leg.inside : fmt::format("{} in namespace {}", leg.inside, leg.name_space);
    if (!leg.name_space.empty() && !has_namespace(leg.name_space)) {
        all.push_back(fmt::format("its namespace {} is missing", leg.name_space));
        return all;
    }
    Links const there(leg.name_space);
    auto const* inside = there.find(leg.inside);
    if (!inside) {
        all.push_back(fmt::format("its link {} is missing", where));
        return all;
    }
    if (Links::is_up(*inside) != leg.up) all.push_back(fmt::format("its link {} is {}", where, leg.up ? "down" : "up"));
    if (!leg.mac.empty() && json::text(inside->at("address")) != leg.mac)
        all.push_back(fmt::format("its link {} has another MAC address", where));
    for (auto const* link : {outside, inside})
        if (link->at("mtu").to_number<std::uint32_t>() != leg.mtu)
            all.push_back(fmt::format("its link {} has another MTU", json::text(link->at("ifname"))));
    auto const wanted = addresses_of(leg), present = addresses_of(*inside);
    for (auto const& address : wanted)
        if (!present.count(address)) all.push_back(fmt::format("its link {} lacks address {}", where, address));
    for (auto const& address : present)
        if (!wanted.count(address) && !is_link_local(address))
            all.push_back(fmt::format("its link {} has address {} besides", where, address));
    return all;
}

} // namespace volutus::network::on_linux

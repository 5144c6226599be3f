#include "legs.hpp"

#include "addresses.hpp"
#include "commands.hpp"
#include "namespaces.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <set>

namespace volutus::network::on_linux {

namespace {

constexpr auto folder = "/sys/class/net";

std::optional<json::object> shown(std::string const& name_space, std::string const& link) {
    for (auto const& item : ip_show(name_space, {"addr", "show"})) {
        auto const& shows = item.as_object();
        // ip shows an empty object for what a filter hides
        if (auto const* name = shows.if_contains("ifname"); name && json::text(*name) == link) return shows;
    }
    return std::nullopt;
}

std::set<std::string> addresses_of(json::object const& link) {
    std::set<std::string> found;
    for (auto const& item : link.at("addr_info").as_array()) {
        auto const& info = item.as_object();
        auto const* address = info.if_contains("local");
        if (!address || json::text(*address).compare(0, 4, "fe80") == 0) continue; // those are the kernel's to make
        auto const text = fmt::format("{}/{}", json::text(*address), info.at("prefixlen").as_int64());
        found.insert(Cidr::parse(text, "address").text());
    }
    return found;
}

void in_place(std::string const& name_space, std::function<void()> const& work) {
    if (name_space.empty())
        work();
    else
        in_namespace(name_space, work);
}

} // namespace

bool has_link(std::string const& name) { return world::file_exists(fmt::format("{}/{}", folder, name)); }

std::vector<std::string> links() { return world::list_directory(folder); }

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
    auto inside = shown(leg.name_space, leg.inside);
    if (!inside || !has_link(leg.outside)) {
        if (inside) ip_batch(leg.name_space, {fmt::format("link delete dev {}", leg.inside)});
        remove_link(leg.outside); // its other end is elsewhere: left by a crash
        auto const place = leg.name_space.empty() ? "" : fmt::format(" netns {}", leg.name_space);
        ip_batch("", {fmt::format("link add name {} type veth peer name {}{}", leg.outside, leg.inside, place)});
        silence(leg.outside);
        in_place(leg.name_space, [&] {
            set_kernel_parameter(fmt::format("ipv6/conf/{}/accept_ra", leg.inside), "0");
            set_kernel_parameter(fmt::format("ipv6/conf/{}/accept_dad", leg.inside),
                                 "0"); // the service gave it the address
        });
        inside = shown(leg.name_space, leg.inside);
    }
    ip_batch("",
             {fmt::format("link set dev {} mtu {} alias {} master {} up", leg.outside, leg.mtu, leg.port, leg.bridge)});
    std::vector<std::string> lines;
    if (!leg.mac.empty() && json::text(inside->at("address")) != leg.mac)
        lines.push_back(fmt::format("link set dev {} address {}", leg.inside, leg.mac));
    lines.push_back(
        fmt::format("link set dev {} mtu {} alias {} {}", leg.inside, leg.mtu, leg.port, leg.up ? "up" : "down"));
    std::set<std::string> wanted;
    for (auto const& address : leg.addresses) wanted.insert(Cidr::parse(address, "address of a port").text());
    auto const there = addresses_of(*inside);
    for (auto const& address : there)
        if (!wanted.count(address)) lines.push_back(fmt::format("addr del {} dev {}", address, leg.inside));
    for (auto const& address : wanted)
        if (!there.count(address))
            lines.push_back(fmt::format("addr replace {} dev {}{}", address, leg.inside,
                                        address.find(':') == std::string::npos ? "" : " nodad"));
    ip_batch(leg.name_space, lines);
}

} // namespace volutus::network::on_linux

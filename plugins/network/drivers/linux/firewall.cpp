#include "firewall.hpp"

#include "addresses.hpp"
#include "nftables.hpp"
#include "port_chains.hpp"
#include "rules.hpp"
#include "rulesets.hpp"

#include <volutus/error.hpp>

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace volutus::network::on_linux {

namespace {

// {0}: table, {1}: judged, {2}: refused, {3}: both, {4}: links of the driver's own on bridges, {5}: all other bits.
constexpr auto foundation_text = R"(
add table bridge {0}
add set bridge {0} taps {{ type ifname; }}
add map bridge {0} from {{ type ifname : verdict; }}
add map bridge {0} to {{ type ifname : verdict; }}
add chain bridge {0} prerouting {{ type filter hook prerouting priority -200; }}
add chain bridge {0} forward {{ type filter hook forward priority -200; }}
add chain bridge {0} settled {{ type filter hook forward priority 50; }}
add chain bridge {0} input {{ type filter hook input priority -200; }}
flush chain bridge {0} prerouting
flush chain bridge {0} forward
flush chain bridge {0} settled
flush chain bridge {0} input
add rule bridge {0} prerouting meta mark & {3} != 0 meta mark set meta mark & {5}
add rule bridge {0} prerouting iifname vmap @from
add rule bridge {0} forward oifname vmap @to
add rule bridge {0} settled meta mark & {3} != 0 meta mark set meta mark & {5}
add rule bridge {0} input iifname @taps drop
add rule bridge {0} input iifname "{4}*" drop
add table inet {0}
add set inet {0} bridges {{ type ifname; }}
add map inet {0} zones {{ typeof iifname : ct zone; }}
add chain inet {0} zone {{ type filter hook prerouting priority -300; }}
add chain inet {0} judge {{ type filter hook forward priority 0; }}
flush chain inet {0} zone
flush chain inet {0} judge
add rule inet {0} zone ct zone set iifname map @zones
add rule inet {0} judge meta mark & {1} == 0 accept
add rule inet {0} judge ct state established ct direction reply accept
add rule inet {0} judge ct state related accept
add rule inet {0} judge meta mark & {2} != 0 drop
)";

std::string replaced_set(std::string const& table, unsigned version, Group const& group) {
    auto const name = members_set(version, group.id);
    std::vector<std::string> members;
    for (auto const& member : group.members) {
        auto const cidr = Cidr::parse(member, "member of a security group");
        if (cidr.v6 == (version == 6)) members.push_back(cidr.network().shortest());
    }
    auto text =
        fmt::format("add set bridge {0} {1} {{ type {2}; flags interval; auto-merge; }}\nflush set bridge {0} {1}\n",
                    table, name, version == 6 ? "ipv6_addr" : "ipv4_addr");
    if (!members.empty())
        text += fmt::format("add element bridge {} {} {{ {} }}\n", table, name, fmt::join(members, ", "));
    return text;
}

} // namespace

std::string Firewall::foundation() const {
    return fmt::format(foundation_text, names_.table(), mark_judged, mark_refused, mark_judged | mark_refused,
                       names_.prefix() + "p", ~(mark_judged | mark_refused));
}

void Firewall::apply(std::string const& ruleset) const {
    // Whoever flushes the host's ruleset takes our tables with it; they come back with the first that is ensured.
    auto const there = nft_show("tables");
    auto const count = std::count_if(there.begin(), there.end(), [&](json::value const& item) {
        auto const* table = item.as_object().if_contains("table");
        return table && json::text(table->at("name")) == names_.table() &&
               (json::text(table->at("family")) == "bridge" || json::text(table->at("family")) == "inet");
    });
    nft_apply(count == 2 ? ruleset : foundation() + ruleset);
}

std::string Firewall::text_of(Bridge const& wanted) const {
    auto const table = names_.table();
    auto const& bridge = wanted.name;
    auto text = fmt::format("add element inet {0} bridges {{ {1} }}\nadd element inet {0} zones {{ {1} : {2} }}\n",
                            table, bridge, wanted.zone);
    // Chains of NAT exist for networks that want it only: they make the kernel look at each first packet of the host.
    auto const chain = fmt::format("leave-{}", bridge);
    if (wanted.masqueraded.empty()) {
        text +=
            fmt::format("add chain inet {0} {1}\nflush chain inet {0} {1}\ndelete chain inet {0} {1}\n", table, chain);
    } else {
        text += fmt::format(
            "add chain inet {0} {1} {{ type nat hook postrouting priority 100; }}\nflush chain inet {0} {1}\n"
            "add rule inet {0} {1} oifname @bridges accept\n",
            table, chain);
        for (auto const& subnet : wanted.masqueraded) {
            auto const cidr = Cidr::parse(subnet, "subnet").network();
            text += fmt::format("add rule inet {0} {1} {2} saddr {3} {2} daddr != {3} masquerade\n", table, chain,
                                cidr.v6 ? "ip6" : "ip", cidr.text());
        }
    }
    return text;
}

void Firewall::ensure_bridge(Bridge const& bridge) { nft_apply(foundation() + text_of(bridge)); }

void Firewall::remove_bridge(std::string const& bridge) {
    auto const table = names_.table();
    auto const chain = fmt::format("leave-{}", bridge);
    auto text = fmt::format("add element inet {0} bridges {{ {1} }}\ndelete element inet {0} bridges {{ {1} }}\n"
                            "add chain inet {0} {2}\nflush chain inet {0} {2}\ndelete chain inet {0} {2}\n",
                            table, bridge, chain);
    for (auto const& item : nft_show(fmt::format("map inet {} zones", table))) {
        auto const* map = item.as_object().if_contains("map");
        auto const* elements = map ? map->as_object().if_contains("elem") : nullptr;
        if (!elements) continue;
        for (auto const& element : elements->as_array())
            if (json::text(element.as_array().at(0)) == bridge)
                text += fmt::format("delete element inet {} zones {{ {} }}\n", table, bridge);
    }
    apply(text);
}

std::string Firewall::text_of(Group const& group) const {
    auto const table = names_.table();
    auto text = replaced_set(table, 4, group) + replaced_set(table, 6, group);
    for (auto const* direction : {"ingress", "egress"}) {
        auto const chain = fmt::format("{}-{}", direction, checked_id(group.id));
        text += fmt::format("add chain bridge {0} {1}\nflush chain bridge {0} {1}\n", table, chain);
    }
    for (auto const& rule : group.rules) {
        if (rule.direction != "ingress" && rule.direction != "egress")
            throw Error(Code::invalid,
                        fmt::format("direction \"{}\" of a security rule is not ingress or egress", rule.direction));
        // The group that a rule names may come later; until then it has no members.
        if (!rule.remote_group.empty())
            text += fmt::format("add set bridge {} {} {{ type {}; flags interval; auto-merge; }}\n", table,
                                members_set(rule.version, rule.remote_group),
                                rule.version == 6 ? "ipv6_addr" : "ipv4_addr");
        text += fmt::format("add rule bridge {} {}-{} {}\n", table, rule.direction, group.id, accepting(rule));
    }
    return text;
}

void Firewall::ensure_group(Group const& group) { apply(text_of(group)); }

void Firewall::remove_group(std::string const& id) {
    auto const table = names_.table();
    std::string text;
    for (auto const* direction : {"ingress", "egress"})
        text += fmt::format(
            "add chain bridge {0} {1}-{2}\nflush chain bridge {0} {1}-{2}\ndelete chain bridge {0} {1}-{2}\n", table,
            direction, checked_id(id));
    apply(text);
    for (unsigned version : {4u, 6u}) {
        auto const set = members_set(version, id);
        auto const empty = fmt::format("add set bridge {0} {1} {{ type {2}; flags interval; auto-merge; }}\n"
                                       "flush set bridge {0} {1}\n",
                                       table, set, version == 6 ? "ipv6_addr" : "ipv4_addr");
        try {
            apply(empty + fmt::format("delete set bridge {} {}\n", table, set));
        } catch (Error const& error) {
            if (error.code() != Code::conflict) throw;
            apply(empty); // another group's rule still names it: nobody is in it
        }
    }
}

std::string Firewall::forget_device(std::string const& port, std::string const& device) const {
    // Adding what is there changes nothing, and deleting what is not there fails: so both.
    return fmt::format(
        "add element bridge {0} taps {{ {1} }}\ndelete element bridge {0} taps {{ {1} }}\n"
        "add element bridge {0} from {{ {1} : jump from-{2} }}\ndelete element bridge {0} from {{ {1} }}\n"
        "add element bridge {0} to {{ {1} : jump to-{2} }}\ndelete element bridge {0} to {{ {1} }}\n",
        names_.table(), checked_device(device), port);
}

std::string Firewall::text_of(Port const& port) const {
    auto const table = names_.table();
    auto text = fmt::format("add chain bridge {0} from-{1}\nadd chain bridge {0} to-{1}\n"
                            "flush chain bridge {0} from-{1}\nflush chain bridge {0} to-{1}\n",
                            table, checked_id(port.id));
    for (auto const& rule : rules_from(port))
        text += fmt::format("add rule bridge {} from-{} {}\n", table, port.id, rule);
    for (auto const& rule : rules_to(port)) text += fmt::format("add rule bridge {} to-{} {}\n", table, port.id, rule);
    return text +
           fmt::format("add element bridge {0} taps {{ {1} }}\nadd element bridge {0} from {{ {1} : jump from-{2} }}\n"
                       "add element bridge {0} to {{ {1} : jump to-{2} }}\n",
                       table, checked_device(port.device), port.id);
}

void Firewall::ensure_port(Port const& port, std::string const& device_before) {
    if (device_before.empty() || device_before == port.device) return apply(text_of(port));
    apply(fmt::format("add chain bridge {0} from-{1}\nadd chain bridge {0} to-{1}\n", names_.table(),
                      checked_id(port.id)) +
          forget_device(port.id, device_before) + text_of(port));
}

void Firewall::remove_port(std::string const& id, std::string const& device) {
    auto const table = names_.table();
    auto text = fmt::format("add chain bridge {0} from-{1}\nadd chain bridge {0} to-{1}\n", table, checked_id(id));
    if (!device.empty()) text += forget_device(id, device);
    text +=
        fmt::format("flush chain bridge {0} from-{1}\nflush chain bridge {0} to-{1}\ndelete chain bridge {0} from-{1}\n"
                    "delete chain bridge {0} to-{1}\n",
                    table, id);
    apply(text);
}

std::vector<std::string> Firewall::chains(std::string const& begin) const {
    std::vector<std::string> found;
    for (auto const& item : nft_show("chains bridge")) {
        auto const* chain = item.as_object().if_contains("chain");
        if (!chain || json::text(chain->at("table")) != names_.table()) continue;
        auto const name = json::text(chain->at("name"));
        if (name.compare(0, begin.size(), begin) == 0) found.push_back(name.substr(begin.size()));
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::string> Firewall::groups() const { return chains("ingress-"); }
std::vector<std::string> Firewall::ports() const { return chains("to-"); }

std::vector<Alteration> Firewall::altered(std::vector<Bridge> const& bridges, std::vector<Group> const& groups,
                                          std::vector<Port> const& ports) const {
    if (bridges.empty() && groups.empty() && ports.empty()) return {}; // the tables come with the first of them
    auto text = foundation();
    std::map<std::string, Alteration> owners; // of chains and sets, and of elements, by their names
    for (auto const& bridge : bridges) {
        text += text_of(bridge);
        Alteration const owner{"network", bridge.network, ""};
        owners[bridge.name] = owners["leave-" + bridge.name] = owner;
    }
    for (auto const& group : groups) {
        text += text_of(group);
        for (auto const& name :
             {"ingress-" + group.id, "egress-" + group.id, members_set(4, group.id), members_set(6, group.id)})
            owners[name] = {"group", group.id, ""};
    }
    for (auto const& port : ports) {
        text += text_of(port);
        owners[port.device] = owners["from-" + port.id] = owners["to-" + port.id] = {"port", port.id, ""};
    }
    std::vector<Alteration> all;
    for (auto const& [part, what] : differences(
             rehearsed_ruleset(text), present_ruleset({"bridge " + names_.table(), "inet " + names_.table()}))) {
        auto owner = owners.find(part.name);
        if (owner == owners.end()) owner = owners.find(part.element);
        bool const left_empty = owner == owners.end() && part.name.rfind("members", 0) == 0 && part.element.empty();
        if (left_empty) continue; // a set that outlived its group, because a rule named it then
        all.push_back(owner == owners.end() ? Alteration{"host", "", what}
                                            : Alteration{owner->second.thing, owner->second.id, what});
    }
    return all;
}

} // namespace volutus::network::on_linux

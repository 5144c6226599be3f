#include "security_groups.hpp"

#include "address.hpp"
#include "port.hpp"
#include "refusal.hpp"
#include "tags.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <tuple>

namespace volutus::network_service {

namespace {

constexpr std::string_view group_quota = "security_group", rule_quota = "security_group_rule";

// Names that the API takes for protocols, and the numbers that IANA gave them.
constexpr std::array<std::pair<std::string_view, int>, 26> protocols{
    {{"ah", 51},        {"dccp", 33},       {"egp", 8},        {"esp", 50},       {"gre", 47},
     {"hopopt", 0},     {"icmp", 1},        {"icmpv6", 58},    {"igmp", 2},       {"ip", 0},
     {"ipip", 4},       {"ipv6-encap", 41}, {"ipv6-frag", 44}, {"ipv6-icmp", 58}, {"ipv6-nonxt", 59},
     {"ipv6-opts", 60}, {"ipv6-route", 43}, {"ospf", 89},      {"pgm", 113},      {"rsvp", 46},
     {"sctp", 132},     {"tcp", 6},         {"udp", 17},       {"udplite", 136},  {"vrrp", 112},
     {"any", -1}}};

std::optional<int> protocol_number(std::string_view text) {
    for (auto const& [name, number] : protocols)
        if (name == text) return number;
    int number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0 || number > 255)
        return std::nullopt;
    return number;
}

bool has_ports(int protocol) {
    constexpr std::array with_ports{6, 17, 33, 132, 136};
    return std::find(with_ports.begin(), with_ports.end(), protocol) != with_ports.end();
}

void check_range(SecurityGroupRule const& rule, int protocol) {
    auto const &low = rule.port_range_min, &high = rule.port_range_max;
    if (protocol == 1 || protocol == 58) {
        for (auto const& [value, what, name] :
             {std::tuple{&low, "type", "port_range_min"}, std::tuple{&high, "code", "port_range_max"}})
            if (*value && (**value < 0 || **value > 255))
                refuse(Code::invalid, "SecurityGroupInvalidIcmpValue",
                       fmt::format("Invalid value for ICMP {} ({}) {}. It must be 0 to 255.", what, name, **value));
        if (!low && high)
            refuse(Code::invalid, "SecurityGroupMissingIcmpType",
                   fmt::format("ICMP code (port-range-max) {} is provided but ICMP type (port-range-min) is missing.",
                               *high));
        return;
    }
    if (!low && !high) return;
    if (!has_ports(protocol))
        refuse(Code::invalid, "SecurityGroupInvalidProtocolForPort",
               fmt::format("Invalid protocol {} for port range, only supported for TCP, UDP, UDPLITE, SCTP and DCCP.",
                           rule.protocol.value_or("None")));
    for (auto const& value : {low, high})
        if (value && (*value < 1 || *value > 65535))
            refuse(Code::invalid, "SecurityGroupInvalidPortValue", fmt::format("Invalid value for port {}", *value));
    if (!low || !high || *low > *high)
        refuse(Code::invalid, "SecurityGroupInvalidPortRange",
               "For TCP/UDP protocols, port_range_min must be <= port_range_max");
}

// Checks a rule that a user asks for, and brings it into the form that is kept.
void complete(SecurityGroupRule& rule) {
    bool const six = rule.ethertype == "IPv6";
    if (rule.protocol) {
        std::transform(rule.protocol->begin(), rule.protocol->end(), rule.protocol->begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (rule.protocol->empty() || *rule.protocol == "any") rule.protocol.reset();
    }
    int protocol = -1;
    if (rule.protocol) {
        auto const number = protocol_number(*rule.protocol);
        if (!number)
            refuse(Code::invalid, "SecurityGroupRuleInvalidProtocol",
                   fmt::format("Security group rule protocol {} not supported. Only protocol values [None, 'ah', "
                               "'tcp', 'udp', 'icmp', ...] and integer representations [0 to 255] are supported.",
                               *rule.protocol));
        protocol = *number;
        if (protocol == 1 && six) protocol = 58; // ICMP of the rule's own version
        if (protocol == 58 && !six)
            refuse(Code::invalid, "SecurityGroupEthertypeConflictWithProtocol",
                   fmt::format("Invalid ethertype {} for protocol {}.", rule.ethertype, *rule.protocol));
    }
    check_range(rule, protocol);
    if (rule.remote_ip_prefix && rule.remote_group_id)
        refuse(Code::invalid, "SecurityGroupRemoteGroupAndRemoteIpPrefix",
               "Only remote_ip_prefix or remote_group_id may be provided.");
    if (rule.remote_ip_prefix) {
        auto const block = parse_block(*rule.remote_ip_prefix);
        if (!block || block->base.version != (six ? 6u : 4u))
            refuse(Code::invalid, "SecurityGroupRuleParameterConflict",
                   fmt::format("Conflicting value ethertype {} for CIDR {}", rule.ethertype, *rule.remote_ip_prefix));
        rule.remote_ip_prefix = to_string(*block);
    }
    auto number_or = [](std::optional<std::int64_t> const& value) {
        return value ? std::to_string(*value) : std::string("-");
    };
    rule.says = fmt::format("{} {} {} {} {} {} {}", rule.direction, rule.ethertype, protocol,
                            number_or(rule.port_range_min), number_or(rule.port_range_max),
                            rule.remote_ip_prefix.value_or("-"), rule.remote_group_id.value_or("-"));
}

SecurityGroupRule rule_for(SecurityGroup const& group, std::string direction, std::string ethertype) {
    SecurityGroupRule rule;
    rule.id = new_uuid();
    rule.project_id = group.project_id;
    rule.security_group_id = group.id;
    rule.direction = std::move(direction);
    rule.ethertype = std::move(ethertype);
    rule.created_at = rule.updated_at = group.created_at;
    rule.revision_number = 0;
    return rule;
}

// That name, in any case, is the group's that each project has.
void refuse_default_name(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name == "default")
        refuse(Code::conflict, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
}

// What a new group lets through.
std::vector<SecurityGroupRule> first_rules(SecurityGroup const& group) {
    std::vector<SecurityGroupRule> rules;
    for (auto const* ethertype : {"IPv4", "IPv6"}) {
        rules.push_back(rule_for(group, "egress", ethertype));
        if (!group.default_of) continue;
        rules.push_back(rule_for(group, "ingress", ethertype));
        rules.back().remote_group_id = group.id;
    }
    for (auto& rule : rules) complete(rule);
    return rules;
}

} // namespace

json::array rules_of(Request& request, SecurityGroup const& group) {
    // A list that does not show them need not read them.
    auto const wanted = request.queries("fields");
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), "security_group_rules") == wanted.end()) return {};
    json::array rules;
    for (auto const& rule : request.store().all<SecurityGroupRule>(where("security_group_id", json::string(group.id))))
        rules.push_back(request.view_of(rule));
    return rules;
}

Writes SecurityGroups::made(SecurityGroup const& group, std::vector<SecurityGroupRule> const& rules) const {
    Writes writes =
        put(group) + claim_quota(group.project_id, group_quota, group.id, 1, settings_.limits.security_group);
    for (auto const& rule : rules)
        writes +=
            put(rule) + claim_quota(rule.project_id, rule_quota, rule.id, 1, settings_.limits.security_group_rule);
    return writes;
}

std::string SecurityGroups::ensure_default(Store& store, std::string const& project) const {
    if (project.empty()) return {};
    auto find = [&] { return store.find<SecurityGroup>(where("default_of", json::string(project))); };
    if (auto const there = find()) return there->id;
    SecurityGroup group;
    group.id = new_uuid();
    group.project_id = project;
    group.name = "default";
    group.description = "Default security group";
    group.default_of = project;
    group.created_at = group.updated_at = timestamp_now();
    group.revision_number = 1;
    try {
        store.prepare(made(group, first_rules(group)));
    } catch (Error const& error) {
        if (error.code() != Code::conflict) throw;
        if (auto const there = find()) return there->id; // somebody else was first
        throw;
    }
    return group.id;
}

Reply SecurityGroups::list(Request& request) {
    auto project = request.query("project_id");
    if (!project) project = request.query("tenant_id");
    if (!project && request.caller().project) project = request.caller().project->id;
    // An operator may ask about others, who have the group from then on; nobody else brings about anything for others.
    bool const own = project && request.caller().project && *project == request.caller().project->id;
    if (project && (own || request.may("get_security_group:all", request.own_target())))
        ensure_default(request.store(), *project);
    return list_tagged(request);
}

Reply SecurityGroups::create(Request& request, std::vector<SecurityGroup> const& wanted) {
    auto groups = wanted;
    Writes writes;
    for (auto& group : groups) {
        begin(request, group);
        refuse_default_name(group.name);
        ensure_default(request.store(), group.project_id);
        writes += made(group, first_rules(group));
    }
    request.apply(std::move(writes));
    return request.shown_all(groups);
}

Reply SecurityGroups::update(Request& request) {
    return retry_on_conflict([&] {
        auto group = request.require<SecurityGroup>();
        auto const name = group.name;
        request.change(group);
        if (group.default_of && group.name != name)
            refuse(Code::conflict, "SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
        if (group.name != name) refuse_default_name(group.name);
        touch(group);
        request.apply(put(group));
        return request.shown(group);
    });
}

// Its rules go with it, and the rules of others that name it.
Reply SecurityGroups::remove(Request& request) {
    return retry_on_conflict([&] {
        auto const group = request.require<SecurityGroup>();
        if (group.default_of && !request.may("delete_security_group:default", request.own_target()))
            refuse(Code::conflict, "SecurityGroupCannotRemoveDefault",
                   "Insufficient rights for removing default security group.");
        auto& store = request.store();
        Changed changed;
        Writes writes = volutus::remove(group) + release(group.id);
        for (auto const& rule : store.all<SecurityGroupRule>(where("security_group_id", json::string(group.id))))
            writes += volutus::remove(rule) + release(rule.id);
        for (auto const& rule : store.all<SecurityGroupRule>(where("remote_group_id", json::string(group.id)))) {
            if (rule.security_group_id == group.id) continue;
            writes += volutus::remove(rule) + release(rule.id);
            changed.group(rule.security_group_id);
        }
        changed.group(group.id);
        try {
            request.apply(std::move(writes) + changed.writes());
        } catch (Error const& error) {
            if (error.code() != Code::conflict) throw;
            refuse(Code::conflict, "SecurityGroupInUse", fmt::format("Security Group {} in use.", group.id));
        }
        return request.reply();
    });
}

Reply SecurityGroups::list_rules(Request& request) {
    if (request.caller().project) ensure_default(request.store(), request.caller().project->id);
    return request.list();
}

Reply SecurityGroups::create_rules(Request& request, std::vector<SecurityGroupRule> const& wanted) {
    auto rules = wanted;
    Writes writes;
    Changed changed;
    for (auto& rule : rules) {
        auto const group = visible<SecurityGroup>(request, rule.security_group_id, "SecurityGroupNotFound");
        if (rule.project_id.empty()) rule.project_id = group.project_id;
        begin(request, rule);
        rule.revision_number = 0;
        if (rule.remote_group_id) check_usable(request, {*rule.remote_group_id});
        complete(rule);
        writes +=
            put(rule) + claim_quota(rule.project_id, rule_quota, rule.id, 1, settings_.limits.security_group_rule);
        changed.group(rule.security_group_id);
        if (rule.remote_group_id) changed.group(*rule.remote_group_id);
    }
    try {
        request.apply(std::move(writes) + changed.writes());
    } catch (Error const& error) {
        if (error.code() != Code::conflict) throw;
        refuse(Code::conflict, "SecurityGroupRuleExists",
               fmt::format("Security group rule already exists. Rule id is {}.", detail_of(error, "id")));
    }
    return request.shown_all(rules);
}

Reply SecurityGroups::remove_rule(Request& request) {
    auto const rule = request.require<SecurityGroupRule>();
    Changed changed;
    changed.group(rule.security_group_id);
    if (rule.remote_group_id) changed.group(*rule.remote_group_id);
    request.apply(volutus::remove(rule) + release(rule.id) + changed.writes());
    return request.reply();
}

SecurityGroup SecurityGroups::find(Store& store, std::string const& project, std::string const& name_or_id) const {
    if (auto const group = store.get<SecurityGroup>(name_or_id); group && group->project_id == project) return *group;
    auto const named =
        store.all<SecurityGroup>(where("project_id", json::string(project)), where("name", json::string(name_or_id)));
    if (named.size() == 1) return named.front();
    if (named.empty())
        refuse(Code::not_found, "SecurityGroupNotFound",
               fmt::format("Security group {} not found for project {}.", name_or_id, project));
    refuse(
        Code::conflict, "NoUniqueMatch",
        fmt::format("Multiple security_group matches found for name '{}', use an ID to be more specific.", name_or_id));
}

void SecurityGroups::check_usable(Request& request, std::vector<std::string> const& groups) const {
    for (auto const& id : groups) {
        auto const group = request.store().get<SecurityGroup>(id);
        if (!group || !request.may("get_security_group", {{"project_id", group->project_id}}))
            refuse(Code::not_found, "SecurityGroupNotFound", fmt::format("Security group {} does not exist", id));
    }
}

} // namespace volutus::network_service

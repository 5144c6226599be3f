// The REST API of security groups and their rules.
#pragma once

#include "security_groups.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char groups_path[] = "/security-groups", group_path[] = "/security-groups/{security_group_id}";
inline constexpr char group_tags[] = "/security-groups/{tagged_id}/tags",
                      group_tag[] = "/security-groups/{tagged_id}/tags/{tag}";

inline constexpr auto security_groups = resource<SecurityGroup>(
    "security_group", "security_groups", kind("network.security_group"), called("security group"),
    unique_in("network.security_group.default", "default_of"), rule("delete_security_group:default", admin_only),
    field<&SecurityGroup::id>("id"),
    field<&SecurityGroup::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                                      set_by(policy("create_security_group:project_id", admin_only), {})),
    field<&SecurityGroup::name>("name", writable, max_length(255)),
    field<&SecurityGroup::description>("description", writable, max_length(255)),
    field<&SecurityGroup::status_reason>("status_reason", when_set),
    field<&SecurityGroup::default_of>("default_of", hidden, indexed), computed<rules_of>("security_group_rules"),
    field<&SecurityGroup::tags>("tags", indexed), field<&SecurityGroup::revision_number>("revision_number"),
    field<&SecurityGroup::created_at>("created_at"), field<&SecurityGroup::updated_at>("updated_at"),

    list<&SecurityGroups::list>(groups_path, "get_security_group", filters("id", "name", "description", "project_id"),
                                sorts("id", "name", "project_id", "created_at", "updated_at"), sorted_by("id"),
                                sees_all(policy("get_security_group:all", admin_only)), waits),
    show(group_path, "get_security_group"),
    create<&SecurityGroups::create>(groups_path, "create_security_group", bulk, quota("security_group")),
    update<&SecurityGroups::update>(group_path, "update_security_group"),
    remove<&SecurityGroups::remove>(group_path, "delete_security_group"),
    route<&Tagged<SecurityGroup>::list>("GET", group_tags, "get_security_groups_tags"),
    route<&Tagged<SecurityGroup>::replace>("PUT", group_tags, "update_security_groups_tags"),
    route<&Tagged<SecurityGroup>::clear>("DELETE", group_tags, "delete_security_groups_tags", status(204)),
    route<&Tagged<SecurityGroup>::check>("GET", group_tag, "get_security_groups_tags", status(204)),
    route<&Tagged<SecurityGroup>::add>("PUT", group_tag, "update_security_groups_tags", status(201)),
    route<&Tagged<SecurityGroup>::drop>("DELETE", group_tag, "delete_security_groups_tags", status(204)));

inline constexpr char rules_path[] = "/security-group-rules",
                      rule_path[] = "/security-group-rules/{security_group_rule_id}";

inline constexpr auto security_group_rules = resource<SecurityGroupRule>(
    "security_group_rule", "security_group_rules", kind("network.security_group_rule"), called("security group rule"),
    unique_in("network.security_group_rule.says", "security_group_id", "says"), field<&SecurityGroupRule::id>("id"),
    field<&SecurityGroupRule::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                                          set_by(policy("create_security_group_rule:project_id", admin_only), {})),
    field<&SecurityGroupRule::security_group_id>("security_group_id", required_on_create, max_length(255),
                                                 owned_by("network.security_group")),
    field<&SecurityGroupRule::direction>("direction", required_on_create, one_of("ingress", "egress")),
    field<&SecurityGroupRule::ethertype>("ethertype", on_create, fallback("\"IPv4\""), one_of("IPv4", "IPv6")),
    field<&SecurityGroupRule::protocol>("protocol", on_create, max_length(40)),
    field<&SecurityGroupRule::port_range_min>("port_range_min", on_create),
    field<&SecurityGroupRule::port_range_max>("port_range_max", on_create),
    field<&SecurityGroupRule::remote_ip_prefix>("remote_ip_prefix", on_create, formats::ip_or_cidr),
    field<&SecurityGroupRule::remote_group_id>("remote_group_id", on_create, max_length(255),
                                               refers_to("network.security_group")),
    field<&SecurityGroupRule::description>("description", on_create, max_length(255)),
    field<&SecurityGroupRule::says>("says", hidden), field<&SecurityGroupRule::tags>("tags"),
    field<&SecurityGroupRule::revision_number>("revision_number"), field<&SecurityGroupRule::created_at>("created_at"),
    field<&SecurityGroupRule::updated_at>("updated_at"),

    list<&SecurityGroups::list_rules>(rules_path, "get_security_group_rule",
                                      filters("id", "security_group_id", "direction", "ethertype", "protocol",
                                              "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id",
                                              "description", "project_id"),
                                      sorts("id", "created_at", "direction", "protocol"), sorted_by("id"),
                                      sees_all(policy("get_security_group_rule:all", admin_only)), waits),
    show(rule_path, "get_security_group_rule"),
    create<&SecurityGroups::create_rules>(rules_path, "create_security_group_rule", bulk, quota("security_group_rule")),
    remove<&SecurityGroups::remove_rule>(rule_path, "delete_security_group_rule"));

} // namespace volutus::network_service

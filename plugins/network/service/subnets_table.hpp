// The REST API of subnets.
#pragma once

#include "subnets.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char subnets_path[] = "/subnets", subnet_path[] = "/subnets/{subnet_id}";
inline constexpr char subnet_tags[] = "/subnets/{tagged_id}/tags", subnet_tag[] = "/subnets/{tagged_id}/tags/{tag}";

inline constexpr auto subnets = resource<Subnet>(
    "subnet", "subnets", kind("network.subnet"), field<&Subnet::id>("id"),
    field<&Subnet::network_id>("network_id", required_on_create, max_length(255), owned_by("network.network")),
    field<&Subnet::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                               set_by(policy("create_subnet:project_id", admin_only), {})),
    field<&Subnet::name>("name", writable, max_length(255)),
    field<&Subnet::description>("description", writable, max_length(255)),
    field<&Subnet::ip_version>("ip_version", required_on_create, at_least(4), at_most(6)),
    field<&Subnet::cidr>("cidr", on_create, max_length(64)),
    field<&Subnet::gateway_ip>("gateway_ip", writable, formats::ip),
    field<&Subnet::allocation_pools>("allocation_pools", writable, max_length(100)),
    field<&Subnet::enable_dhcp>("enable_dhcp", writable, fallback("true")),
    field<&Subnet::dns_nameservers>("dns_nameservers", writable, max_length(5)),
    field<&Subnet::host_routes>("host_routes", writable, max_length(20)),
    field<&Subnet::ipv6_ra_mode>("ipv6_ra_mode", on_create, one_of("slaac", "dhcpv6-stateful", "dhcpv6-stateless")),
    field<&Subnet::ipv6_address_mode>("ipv6_address_mode", on_create,
                                      one_of("slaac", "dhcpv6-stateful", "dhcpv6-stateless")),
    field<&Subnet::subnetpool_id>("subnetpool_id", on_create, max_length(255), refers_to("network.subnet_pool")),
    field<&Subnet::use_default_subnetpool>("use_default_subnetpool", hidden, on_create, fallback("false")),
    field<&Subnet::prefixlen>("prefixlen", hidden, on_create, at_least(0), at_most(128)),
    field<&Subnet::audience>("audience", hidden), field<&Subnet::tags>("tags", indexed),
    field<&Subnet::revision_number>("revision_number"), field<&Subnet::created_at>("created_at"),
    field<&Subnet::updated_at>("updated_at"),

    list<&list_tagged>(subnets_path, "get_subnet",
                       filters("id", "name", "description", "network_id", "project_id", "ip_version", "cidr",
                               "gateway_ip", "enable_dhcp", "ipv6_ra_mode", "ipv6_address_mode", "subnetpool_id"),
                       sorts("id", "name", "network_id", "cidr", "ip_version", "created_at", "updated_at"),
                       sorted_by("id"), sees_all(policy("get_subnet:all", admin_only)), reach("audience")),
    show(subnet_path, policy("get_subnet", seen_by_its_audience)),
    create<&Subnets::create>(subnets_path, "create_subnet", bulk, quota("subnet")),
    update<&Subnets::update>(subnet_path, "update_subnet"), remove<&Subnets::remove>(subnet_path, "delete_subnet"),
    route<&Tagged<Subnet>::list>("GET", subnet_tags, policy("get_subnets_tags", seen_by_its_audience)),
    route<&Tagged<Subnet>::replace>("PUT", subnet_tags, "update_subnets_tags"),
    route<&Tagged<Subnet>::clear>("DELETE", subnet_tags, "delete_subnets_tags", status(204)),
    route<&Tagged<Subnet>::check>("GET", subnet_tag, "get_subnets_tags", status(204)),
    route<&Tagged<Subnet>::add>("PUT", subnet_tag, "update_subnets_tags", status(201)),
    route<&Tagged<Subnet>::drop>("DELETE", subnet_tag, "delete_subnets_tags", status(204)));

} // namespace volutus::network_service

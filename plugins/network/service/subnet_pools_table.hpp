// The REST API of subnet pools.
#pragma once

#include "subnet_pools.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char subnet_pools_path[] = "/subnetpools", subnet_pool_path[] = "/subnetpools/{subnetpool_id}";
inline constexpr char subnet_pool_tags[] = "/subnetpools/{tagged_id}/tags",
                      subnet_pool_tag[] = "/subnetpools/{tagged_id}/tags/{tag}";

inline constexpr auto subnet_pools = resource<SubnetPool>(
    "subnetpool", "subnetpools", kind("network.subnet_pool"), called("subnet pool"), field<&SubnetPool::id>("id"),
    field<&SubnetPool::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                                   set_by(policy("create_subnetpool:project_id", admin_only), {})),
    field<&SubnetPool::name>("name", required_on_create, writable, max_length(255)),
    field<&SubnetPool::description>("description", writable, max_length(255)),
    field<&SubnetPool::prefixes>("prefixes", required_on_create, writable, min_length(1), max_length(100)),
    field<&SubnetPool::ip_version>("ip_version"),
    field<&SubnetPool::default_prefixlen>("default_prefixlen", writable, at_least(0), at_most(128)),
    field<&SubnetPool::min_prefixlen>("min_prefixlen", writable, at_least(0), at_most(128)),
    field<&SubnetPool::max_prefixlen>("max_prefixlen", writable, at_least(0), at_most(128)),
    field<&SubnetPool::default_quota>("default_quota", writable, at_least(0)),
    field<&SubnetPool::shared>("shared", on_create, fallback("false"),
                               set_by(policy("create_subnetpool:shared", admin_only), {})),
    field<&SubnetPool::is_default>("is_default", writable, fallback("false"),
                                   set_by_admins("create_subnetpool:is_default", "update_subnetpool:is_default")),
    field<&SubnetPool::audience>("audience", hidden), field<&SubnetPool::tags>("tags", indexed),
    field<&SubnetPool::revision_number>("revision_number"), field<&SubnetPool::created_at>("created_at"),
    field<&SubnetPool::updated_at>("updated_at"),

    list<&list_tagged>(subnet_pools_path, "get_subnetpool",
                       filters("id", "name", "description", "project_id", "ip_version", "shared", "is_default"),
                       sorts("id", "name", "created_at"), sorted_by("id"),
                       sees_all(policy("get_subnetpool:all", admin_only)), reach("audience")),
    show(subnet_pool_path, policy("get_subnetpool", seen_by_its_audience)),
    create<&SubnetPools::create>(subnet_pools_path, "create_subnetpool", quota("subnetpool")),
    update<&SubnetPools::update>(subnet_pool_path, "update_subnetpool"),
    remove<&SubnetPools::remove>(subnet_pool_path, "delete_subnetpool"),
    route<&Tagged<SubnetPool>::list>("GET", subnet_pool_tags, policy("get_subnetpools_tags", seen_by_its_audience)),
    route<&Tagged<SubnetPool>::replace>("PUT", subnet_pool_tags, "update_subnetpools_tags"),
    route<&Tagged<SubnetPool>::clear>("DELETE", subnet_pool_tags, "delete_subnetpools_tags", status(204)),
    route<&Tagged<SubnetPool>::check>("GET", subnet_pool_tag, "get_subnetpools_tags", status(204)),
    route<&Tagged<SubnetPool>::add>("PUT", subnet_pool_tag, "update_subnetpools_tags", status(201)),
    route<&Tagged<SubnetPool>::drop>("DELETE", subnet_pool_tag, "delete_subnetpools_tags", status(204)));

} // namespace volutus::network_service

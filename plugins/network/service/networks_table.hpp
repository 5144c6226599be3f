// The REST API of networks.
#pragma once

#include "networks.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char networks_path[] = "/networks", network_path[] = "/networks/{network_id}";
inline constexpr char network_tags[] = "/networks/{tagged_id}/tags", network_tag[] = "/networks/{tagged_id}/tags/{tag}";

inline constexpr auto networks = resource<Network>(
    "network", "networks", kind("network.network"), field<&Network::id>("id"),
    field<&Network::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                                set_by(policy("create_network:project_id", admin_only), {})),
    field<&Network::name>("name", writable, max_length(255)),
    field<&Network::description>("description", writable, max_length(255)), field<&Network::status>("status"),
    field<&Network::status_reason>("status_reason", when_set),
    field<&Network::admin_state_up>("admin_state_up", writable, fallback("true")),
    field<&Network::shared>("shared", writable, fallback("false"),
                            set_by_admins("create_network:shared", "update_network:shared")),
    field<&Network::external>("router:external", writable, fallback("false"),
                              set_by_admins("create_network:router:external", "update_network:router:external")),
    field<&Network::is_default>("is_default", writable, fallback("false"),
                                set_by_admins("create_network:is_default", "update_network:is_default")),
    field<&Network::mtu>("mtu", writable, at_least(0), at_most(65535), fallback("0")),
    field<&Network::port_security_enabled>("port_security_enabled", writable, fallback("true")),
    field<&Network::network_type>("provider:network_type", on_create, max_length(32),
                                  admins("get_network:provider:network_type", "create_network:provider:network_type",
                                         "update_network:provider:network_type")),
    field<&Network::physical_network>("provider:physical_network", on_create, min_length(1), max_length(255),
                                      admins("get_network:provider:physical_network",
                                             "create_network:provider:physical_network",
                                             "update_network:provider:physical_network")),
    field<&Network::segmentation_id>("provider:segmentation_id", on_create, at_least(1), at_most(16777215),
                                     admins("get_network:provider:segmentation_id",
                                            "create_network:provider:segmentation_id",
                                            "update_network:provider:segmentation_id")),
    field<&Network::subnets>("subnets"), computed<zones_of>("availability_zones"),
    field<&Network::availability_zone_hints>("availability_zone_hints", on_create, max_length(10)),
    field<&Network::audience>("audience", hidden), field<&Network::tags>("tags", indexed),
    field<&Network::revision_number>("revision_number"), field<&Network::created_at>("created_at"),
    field<&Network::updated_at>("updated_at"),

    list<&list_tagged>(networks_path, "get_network",
                       filters("id", "name", "description", "project_id", "status", "admin_state_up", "shared",
                               "router:external", "is_default", "mtu", "provider:network_type",
                               "provider:physical_network", "provider:segmentation_id"),
                       sorts("id", "name", "status", "project_id", "admin_state_up", "created_at", "updated_at"),
                       sorted_by("id"), sees_all(policy("get_network:all", admin_only)), reach("audience")),
    show(network_path, policy("get_network", seen_by_its_audience)),
    create<&Networks::create>(networks_path, "create_network", bulk, quota("network")),
    update<&Networks::update>(network_path, "update_network"),
    remove<&Networks::remove>(network_path, "delete_network"),
    route<&Tagged<Network>::list>("GET", network_tags, policy("get_networks_tags", seen_by_its_audience)),
    route<&Tagged<Network>::replace>("PUT", network_tags, "update_networks_tags"),
    route<&Tagged<Network>::clear>("DELETE", network_tags, "delete_networks_tags", status(204)),
    route<&Tagged<Network>::check>("GET", network_tag, "get_networks_tags", status(204)),
    route<&Tagged<Network>::add>("PUT", network_tag, "update_networks_tags", status(201)),
    route<&Tagged<Network>::drop>("DELETE", network_tag, "delete_networks_tags", status(204)));

} // namespace volutus::network_service

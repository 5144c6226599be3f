// The REST API of routers.
#pragma once

#include "routers.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char routers_path[] = "/routers", router_path[] = "/routers/{router_id}";
inline constexpr char router_tags[] = "/routers/{tagged_id}/tags", router_tag[] = "/routers/{tagged_id}/tags/{tag}";

inline constexpr auto routers = resource<Router>(
    "router", "routers", kind("network.router"), field<&Router::id>("id"),
    field<&Router::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                               set_by(policy("create_router:project_id", admin_only), {})),
    field<&Router::name>("name", writable, max_length(255)),
    field<&Router::description>("description", writable, max_length(255)), field<&Router::status>("status"),
    field<&Router::status_reason>("status_reason", when_set),
    field<&Router::admin_state_up>("admin_state_up", writable, fallback("true")),
    field<&Router::external_gateway_info>("external_gateway_info", writable, view<gateway_of>()),
    field<&Router::gateway_port_id>("gateway_port_id", hidden),
    field<&Router::routes>("routes", on_update, max_length(30)), computed<router_zones>("availability_zones"),
    field<&Router::availability_zone_hints>("availability_zone_hints", on_create, max_length(10)),
    field<&Router::tags>("tags", indexed), field<&Router::revision_number>("revision_number"),
    field<&Router::created_at>("created_at"), field<&Router::updated_at>("updated_at"),
    rule("create_router:external_gateway_info:enable_snat", admin_only),
    rule("update_router:external_gateway_info:enable_snat", admin_only),
    rule("create_router:external_gateway_info:external_fixed_ips", admin_only),
    rule("update_router:external_gateway_info:external_fixed_ips", admin_only),

    list<&list_tagged>(routers_path, "get_router",
                       filters("id", "name", "description", "project_id", "status", "admin_state_up"),
                       sorts("id", "name", "project_id", "status", "created_at", "updated_at"), sorted_by("id"),
                       sees_all(policy("get_router:all", admin_only))),
    show(router_path, "get_router"), create<&Routers::create>(routers_path, "create_router", quota("router")),
    update<&Routers::update>(router_path, "update_router"), remove<&Routers::remove>(router_path, "delete_router"),
    route<&Routers::add_interface>("PUT", "/routers/{router_id}/add_router_interface", "add_router_interface", bare),
    route<&Routers::remove_interface>("PUT", "/routers/{router_id}/remove_router_interface", "remove_router_interface",
                                      bare),
    route<&Routers::add_routes>("PUT", "/routers/{router_id}/add_extraroutes", "add_extraroutes", envelope("router")),
    route<&Routers::remove_routes>("PUT", "/routers/{router_id}/remove_extraroutes", "remove_extraroutes",
                                   envelope("router")),
    route<&Tagged<Router>::list>("GET", router_tags, "get_routers_tags"),
    route<&Tagged<Router>::replace>("PUT", router_tags, "update_routers_tags"),
    route<&Tagged<Router>::clear>("DELETE", router_tags, "delete_routers_tags", status(204)),
    route<&Tagged<Router>::check>("GET", router_tag, "get_routers_tags", status(204)),
    route<&Tagged<Router>::add>("PUT", router_tag, "update_routers_tags", status(201)),
    route<&Tagged<Router>::drop>("DELETE", router_tag, "delete_routers_tags", status(204)));

} // namespace volutus::network_service

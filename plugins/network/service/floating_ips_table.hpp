// The REST API of floating IPs.
#pragma once

#include "floating_ips.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char floating_ips_path[] = "/floatingips", floating_ip_path[] = "/floatingips/{floatingip_id}";
inline constexpr char floating_ip_tags[] = "/floatingips/{tagged_id}/tags",
                      floating_ip_tag[] = "/floatingips/{tagged_id}/tags/{tag}";

inline constexpr auto floating_ips = resource<FloatingIp>(
    "floatingip", "floatingips", kind("network.floating_ip"), called("Floating IP"),
    unique_in("network.floating_ip.fixed", "port_id", "fixed_ip_address"), field<&FloatingIp::id>("id"),
    field<&FloatingIp::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                                   set_by(policy("create_floatingip:project_id", admin_only), {})),
    field<&FloatingIp::description>("description", writable, max_length(255)),
    field<&FloatingIp::floating_network_id>("floating_network_id", required_on_create, max_length(255),
                                            refers_to("network.network")),
    field<&FloatingIp::floating_ip_address>("floating_ip_address", on_create, formats::ip,
                                            set_by(policy("create_floatingip:floating_ip_address", admin_only), {})),
    field<&FloatingIp::subnet_id>("subnet_id", hidden, on_create, max_length(255)),
    field<&FloatingIp::fixed_ip_address>("fixed_ip_address", writable, formats::ip),
    field<&FloatingIp::port_id>("port_id", writable, max_length(255), refers_to("network.port")),
    field<&FloatingIp::router_id>("router_id", refers_to("network.router")), field<&FloatingIp::status>("status"),
    field<&FloatingIp::status_reason>("status_reason", when_set),
    field<&FloatingIp::floating_port_id>("floating_port_id", hidden),
    field<&FloatingIp::told_to>("told_to", hidden, indexed), field<&FloatingIp::tags>("tags", indexed),
    field<&FloatingIp::revision_number>("revision_number"), field<&FloatingIp::created_at>("created_at"),
    field<&FloatingIp::updated_at>("updated_at"),

    list<&list_tagged>(floating_ips_path, "get_floatingip",
                       filters("id", "description", "project_id", "status", "floating_network_id",
                               "floating_ip_address", "fixed_ip_address", "port_id", "router_id"),
                       sorts("id", "floating_ip_address", "status", "created_at", "updated_at"), sorted_by("id"),
                       sees_all(policy("get_floatingip:all", admin_only))),
    show(floating_ip_path, "get_floatingip"),
    create<&FloatingIps::create>(floating_ips_path, "create_floatingip", quota("floatingip")),
    update<&FloatingIps::update>(floating_ip_path, "update_floatingip"),
    remove<&FloatingIps::remove>(floating_ip_path, "delete_floatingip"),
    route<&Tagged<FloatingIp>::list>("GET", floating_ip_tags, "get_floatingips_tags"),
    route<&Tagged<FloatingIp>::replace>("PUT", floating_ip_tags, "update_floatingips_tags"),
    route<&Tagged<FloatingIp>::clear>("DELETE", floating_ip_tags, "delete_floatingips_tags", status(204)),
    route<&Tagged<FloatingIp>::check>("GET", floating_ip_tag, "get_floatingips_tags", status(204)),
    route<&Tagged<FloatingIp>::add>("PUT", floating_ip_tag, "update_floatingips_tags", status(201)),
    route<&Tagged<FloatingIp>::drop>("DELETE", floating_ip_tag, "delete_floatingips_tags", status(204)));

} // namespace volutus::network_service

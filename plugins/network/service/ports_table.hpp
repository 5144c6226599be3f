// The REST API of ports.
#pragma once

#include "ports.hpp"
#include "table_words.hpp"
#include "tags.hpp"

namespace volutus::network_service {

inline constexpr char ports_path[] = "/ports", port_path[] = "/ports/{port_id}";
inline constexpr char port_tags[] = "/ports/{tagged_id}/tags", port_tag[] = "/ports/{tagged_id}/tags/{tag}";

// These ask about the project of the port's network: its members may do on it what others may not.
inline constexpr std::string_view network_members = "rule:project_member_or_admin";

inline constexpr auto ports = resource<Port>(
    "port", "ports", kind("network.port"), unique_in("network.port.mac", "network_id", "mac_address"),
    unique_in("network.port.made_for", "made_for"), field<&Port::id>("id"),
    field<&Port::network_id>("network_id", required_on_create, max_length(255), owned_by("network.network")),
    field<&Port::project_id>("project_id", on_create, also_as("tenant_id"), max_length(255),
                             set_by(policy("create_port:project_id", admin_only), {})),
    field<&Port::name>("name", writable, max_length(255)),
    field<&Port::description>("description", writable, max_length(255)),
    field<&Port::admin_state_up>("admin_state_up", writable, fallback("true")), field<&Port::status>("status"),
    field<&Port::status_reason>("status_reason", when_set),
    field<&Port::mac_address>("mac_address", writable, formats::mac),
    field<&Port::fixed_ips>("fixed_ips", writable, max_length(100)),
    field<&Port::device_id>("device_id", writable, max_length(255)),
    field<&Port::device_owner>("device_owner", writable, max_length(255)),
    field<&Port::host>(
        "binding:host_id", writable, max_length(255), view<host_of>(),
        admins("get_port:binding:host_id", "create_port:binding:host_id", "update_port:binding:host_id")),
    field<&Port::profile>(
        "binding:profile", writable,
        admins("get_port:binding:profile", "create_port:binding:profile", "update_port:binding:profile")),
    computed<vif_type_of>("binding:vif_type", seen_by(policy("get_port:binding:vif_type", admin_only))),
    computed<vif_details_of>("binding:vif_details", seen_by(policy("get_port:binding:vif_details", admin_only))),
    field<&Port::vnic_type>("binding:vnic_type", writable, one_of("normal"), fallback("\"normal\"")),
    field<&Port::allowed_address_pairs>("allowed_address_pairs", writable, max_length(10)),
    field<&Port::security_groups>("security_groups", writable, max_length(100), refers_to("network.security_group"),
                                  indexed),
    field<&Port::port_security_enabled>("port_security_enabled", writable),
    field<&Port::fixed_subnets>("fixed_subnets", hidden, indexed, refers_to("network.subnet")),
    field<&Port::fixed_addresses>("fixed_addresses", hidden, indexed), field<&Port::holders>("holders", hidden),
    field<&Port::next_holder>("next_holder", hidden), field<&Port::at_driver>("at_driver", hidden),
    field<&Port::needs_network>("needs_network", hidden, indexed), field<&Port::bridge>("bridge", hidden),
    field<&Port::hostname>("hostname", hidden), field<&Port::made_for>("made_for", hidden),
    field<&Port::nic>("nic", hidden), field<&Port::tags>("tags", indexed),
    field<&Port::revision_number>("revision_number"), field<&Port::created_at>("created_at"),
    field<&Port::updated_at>("updated_at"), rule("create_port:mac_address", network_members),
    rule("update_port:mac_address", admin_only), rule("create_port:fixed_ips", network_members),
    rule("update_port:fixed_ips", network_members), rule("create_port:device_owner", network_members),
    rule("update_port:device_owner", network_members), rule("create_port:port_security_enabled", network_members),
    rule("update_port:port_security_enabled", network_members),
    rule("create_port:allowed_address_pairs", network_members),
    rule("update_port:allowed_address_pairs", network_members),

    list<&Ports::list>(ports_path, "get_port",
                       filters("id", "name", "description", "network_id", "project_id", "device_id", "device_owner",
                               "mac_address", "status", "admin_state_up", "binding:host_id", "security_groups"),
                       sorts("id", "name", "network_id", "mac_address", "status", "device_id", "device_owner",
                             "created_at", "updated_at"),
                       sorted_by("id"), sees_all(policy("get_port:all", admin_only)), queries("fixed_ips")),
    show(port_path, "get_port"), create<&Ports::create>(ports_path, "create_port", bulk, quota("port")),
    update<&Ports::update>(port_path, "update_port"), remove<&Ports::remove>(port_path, "delete_port"),
    route<&Tagged<Port>::list>("GET", port_tags, "get_ports_tags"),
    route<&Tagged<Port>::replace>("PUT", port_tags, "update_ports_tags"),
    route<&Tagged<Port>::clear>("DELETE", port_tags, "delete_ports_tags", status(204)),
    route<&Tagged<Port>::check>("GET", port_tag, "get_ports_tags", status(204)),
    route<&Tagged<Port>::add>("PUT", port_tag, "update_ports_tags", status(201)),
    route<&Tagged<Port>::drop>("DELETE", port_tag, "delete_ports_tags", status(204)));

} // namespace volutus::network_service

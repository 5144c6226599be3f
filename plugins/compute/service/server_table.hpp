// The REST API of servers. Shapes after the API reference of compute 2.1 to 2.85.
#pragma once

#include "server_view.hpp"
#include "servers.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr PolicyRule extended_attributes =
    policy("os_compute_api:os-extended-server-attributes", "rule:context_is_admin");
inline constexpr char one_server[] = "/servers/{server_id}";
inline constexpr char server_action[] = "/servers/{server_id}/action";
inline constexpr char metadata_path[] = "/servers/{server_id}/metadata";
inline constexpr char metadata_key_path[] = "/servers/{server_id}/metadata/{key}";
inline constexpr char password_path[] = "/servers/{server_id}/os-server-password";
inline constexpr char tags_path[] = "/servers/{server_id}/tags";
inline constexpr char one_tag[] = "/servers/{server_id}/tags/{tag}";
inline constexpr char forced_host_rule[] = "os_compute_api:servers:create:forced_host";
inline constexpr char operators_only[] = "rule:context_is_admin";

inline constexpr auto server_queries = [](ListRow& row) {
    row.queries = row.queries.of("name", "status", "ip", "ip6", "deleted", "changes-since", "changes-before", "host",
                                 "flavor", "image", "tenant_id", "project_id");
};
inline constexpr auto server_sorts = sorts(
    sort_key("created_at", "created"), sort_key("updated_at", "updated"), "name", sort_key("display_name", "name"),
    sort_key("uuid", "id"), sort_key("vm_state", "OS-EXT-STS:vm_state"), "status", sort_key("host", "host"),
    sort_key("project_id", "tenant_id"), "user_id", sort_key("key_name", "key_name"));

inline constexpr auto servers = resource<Server>(
    "server", "servers", kind("compute.server"), called("Instance"), tombstones(30), scoped_by("tenant_id"),
    field<&Server::id>("id"), field<&Server::name>("name", on_update, min_length(1), max_length(255), formats::trimmed),
    field<&Server::status>("status", indexed, view<shown_status>()), field<&Server::project_id>("tenant_id"),
    field<&Server::user_id>("user_id"), field<&Server::metadata>("metadata"), computed<shown_host_id>("hostId"),
    field<&Server::image>("image", view<shown_image>()),
    field<&Server::flavor>("flavor", view<flavor_reference>(until("2.46")), view<embedded_flavor>(since("2.47"))),
    field<&Server::created>("created"), field<&Server::updated>("updated"), computed<shown_addresses>("addresses"),
    field<&Server::access_v4>("accessIPv4", on_update, ipv4_or_empty),
    field<&Server::access_v6>("accessIPv6", on_update, ipv6_or_empty), computed<server_links>("links"),
    field<&Server::disk_config>("OS-DCF:diskConfig", on_update, one_of("AUTO", "MANUAL")),
    computed<no_progress>("progress"), field<&Server::fault>("fault", view<shown_fault>(), when_set),
    field<&Server::availability_zone>("OS-EXT-AZ:availability_zone"),
    field<&Server::config_drive>("config_drive", view<shown_config_drive>()), field<&Server::key_name>("key_name"),
    field<&Server::launched_at>("OS-SRV-USG:launched_at"), field<&Server::terminated_at>("OS-SRV-USG:terminated_at"),
    field<&Server::security_groups>("security_groups", view<shown_groups>(), when_set),
    field<&Server::host>("host", hidden, indexed),
    computed<shown_host>("OS-EXT-SRV-ATTR:host", seen_by(extended_attributes)),
    computed<shown_host>("OS-EXT-SRV-ATTR:hypervisor_hostname", seen_by(extended_attributes)),
    computed<shown_instance_name>("OS-EXT-SRV-ATTR:instance_name", seen_by(extended_attributes)),
    field<&Server::reservation_id>("OS-EXT-SRV-ATTR:reservation_id", since("2.3"), seen_by(extended_attributes)),
    field<&Server::launch_index>("OS-EXT-SRV-ATTR:launch_index", since("2.3"), seen_by(extended_attributes)),
    field<&Server::hostname>("OS-EXT-SRV-ATTR:hostname", since("2.3"), seen_by(extended_attributes)),
    computed<nothing_known>("OS-EXT-SRV-ATTR:kernel_id", since("2.3"), seen_by(extended_attributes)),
    computed<nothing_known>("OS-EXT-SRV-ATTR:ramdisk_id", since("2.3"), seen_by(extended_attributes)),
    computed<root_device>("OS-EXT-SRV-ATTR:root_device_name", since("2.3"), seen_by(extended_attributes)),
    field<&Server::user_data>("OS-EXT-SRV-ATTR:user_data", since("2.3"), seen_by(extended_attributes)),
    field<&Server::task_state>("OS-EXT-STS:task_state", transient()),
    field<&Server::vm_state>("OS-EXT-STS:vm_state", view<shown_vm_state>(), transient("building", "deleted")),
    field<&Server::power_state>("OS-EXT-STS:power_state"), computed<no_volumes>("os-extended-volumes:volumes_attached"),
    field<&Server::locked>("locked", since("2.9")),
    computed<host_status>("host_status", since("2.16"),
                          seen_by(policy("os_compute_api:servers:show:host_status", operators_only))),
    field<&Server::description>("description", since("2.19"), on_update, max_length(255)),
    field<&Server::tags>("tags", since("2.26")), computed<nothing_known>("trusted_image_certificates", since("2.63")),
    field<&Server::locked_reason>("locked_reason", since("2.73")),

    field<&Server::forced_host>("forced_host", hidden), field<&Server::provider>("provider", hidden),
    field<&Server::driver>("driver", hidden), field<&Server::networks>("networks", hidden),
    field<&Server::nics>("nics", hidden), field<&Server::public_key>("public_key", hidden),
    field<&Server::key_type>("key_type", hidden), field<&Server::password>("password", hidden),
    field<&Server::events>("events", hidden), view<fit_state>(), rule(forced_host_rule, operators_only),

    list<&Servers::list>(
        "/servers", "os_compute_api:servers:index", shows("id", "name", "links"), server_queries, server_sorts,
        sorted_by("created", true),
        sees_all(policy("os_compute_api:servers:index:get_all_tenants", operators_only), "all_tenants")),
    list<&Servers::list>(
        "/servers/detail", "os_compute_api:servers:detail", server_queries, server_sorts, sorted_by("created", true),
        sees_all(policy("os_compute_api:servers:detail:get_all_tenants", operators_only), "all_tenants")),
    show<&Servers::show>(one_server, "os_compute_api:servers:show"),
    create<&Servers::create>("/servers", "os_compute_api:servers:create", status(202),
                             quota("instances", "cores", "ram"),
                             shows("id", "links", "OS-DCF:diskConfig", "security_groups")),
    update<&Servers::update>(one_server, "os_compute_api:servers:update"),
    remove<&Servers::remove>(one_server, "os_compute_api:servers:delete"),

    action<&Servers::remove>(server_action, "forceDelete", "os_compute_api:os-deferred-delete:force"),
    action<&Servers::start>(server_action, "os-start", "os_compute_api:servers:start"),
    action<&Servers::stop>(server_action, "os-stop", "os_compute_api:servers:stop"),
    action<&Servers::reboot>(server_action, "reboot", "os_compute_api:servers:reboot"),
    action<&Servers::pause>(server_action, "pause", "os_compute_api:os-pause-server:pause"),
    action<&Servers::unpause>(server_action, "unpause", "os_compute_api:os-pause-server:unpause"),
    action<&Servers::lock>(server_action, "lock", "os_compute_api:os-lock-server:lock"),
    action<&Servers::unlock>(server_action, "unlock", "os_compute_api:os-lock-server:unlock"),
    action<&Servers::reset_state>(server_action, "os-resetState",
                                  policy("os_compute_api:os-admin-actions:reset_state", operators_only)),
    action<&Servers::console_output>(server_action, "os-getConsoleOutput", "os_compute_api:os-console-output",
                                     status(200)),
    action<&Servers::add_group>(server_action, "addSecurityGroup", "os_compute_api:os-security-groups:add"),
    action<&Servers::remove_group>(server_action, "removeSecurityGroup", "os_compute_api:os-security-groups:remove"),

    route<&Servers::list_metadata>("GET", metadata_path, "os_compute_api:server-metadata:index"),
    route<&Servers::add_metadata>("POST", metadata_path, "os_compute_api:server-metadata:create"),
    route<&Servers::replace_metadata>("PUT", metadata_path, "os_compute_api:server-metadata:update_all"),
    route<&Servers::show_metadata_key>("GET", metadata_key_path, "os_compute_api:server-metadata:show"),
    route<&Servers::set_metadata_key>("PUT", metadata_key_path, "os_compute_api:server-metadata:update"),
    route<&Servers::remove_metadata_key>("DELETE", metadata_key_path, "os_compute_api:server-metadata:delete",
                                         status(204)),
    route<&Servers::list_addresses>("GET", "/servers/{server_id}/ips", "os_compute_api:ips:index"),
    route<&Servers::list_addresses_of_network>("GET", "/servers/{server_id}/ips/{network}", "os_compute_api:ips:show"),
    route<&Servers::list_interfaces>("GET", "/servers/{server_id}/os-interface",
                                     "os_compute_api:os-attach-interfaces:list"),
    route<&Servers::show_interface>("GET", "/servers/{server_id}/os-interface/{port_id}",
                                    "os_compute_api:os-attach-interfaces:show"),
    route<&Servers::list_groups_of_server>("GET", "/servers/{server_id}/os-security-groups",
                                           "os_compute_api:os-security-groups:list"),
    route<&Servers::list_tags>("GET", tags_path, "os_compute_api:os-server-tags:index", since("2.26")),
    route<&Servers::replace_tags>("PUT", tags_path, "os_compute_api:os-server-tags:update_all", since("2.26")),
    route<&Servers::remove_tags>("DELETE", tags_path, "os_compute_api:os-server-tags:delete_all", since("2.26"),
                                 status(204)),
    route<&Servers::show_tag>("GET", one_tag, "os_compute_api:os-server-tags:show", since("2.26"), status(204)),
    route<&Servers::add_tag>("PUT", one_tag, "os_compute_api:os-server-tags:update", since("2.26"), status(201)),
    route<&Servers::remove_tag>("DELETE", one_tag, "os_compute_api:os-server-tags:delete", since("2.26"), status(204)),
    route<&Servers::list_volumes>("GET", "/servers/{server_id}/os-volume_attachments",
                                  "os_compute_api:os-volumes-attachments:index"),
    route<&Servers::show_password>("GET", password_path, "os_compute_api:os-server-password:show"),
    route<&Servers::remove_password>("DELETE", password_path, "os_compute_api:os-server-password:clear", status(204)),
    route<&Servers::list_events>("GET", "/servers/{server_id}/os-instance-actions",
                                 "os_compute_api:os-instance-actions:list"),
    route<&Servers::show_event>("GET", "/servers/{server_id}/os-instance-actions/{request_id}",
                                "os_compute_api:os-instance-actions:show"),
    route<&Servers::list_groups>("GET", "/os-security-groups", "os_compute_api:os-security-groups:get"),
    route<&Servers::show_group>("GET", "/os-security-groups/{group_id}", "os_compute_api:os-security-groups:show"));

} // namespace volutus::compute

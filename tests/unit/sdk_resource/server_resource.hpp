// The compute API's server, as far as its shape is concerned: a proof that the vocabulary of tables can say it.
// Shapes after the API reference of compute 2.1 to 2.96.
#pragma once

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace sdk_resource {

using namespace volutus;

struct Address {
    std::string network, addr, type, mac;
    std::int64_t version = 4;
};
constexpr auto address_rows = rows(field<&Address::network>("network", required_field),
                                   field<&Address::addr>("addr", required_field, formats::ip),
                                   field<&Address::type>("type", one_of("fixed", "floating")),
                                   field<&Address::mac>("mac", formats::mac), field<&Address::version>("version"));
constexpr Fields rows_of(Address const*) { return fields_of(address_rows); }

struct Flavor {
    std::string id, original_name;
    std::int64_t vcpus = 0, ram = 0, disk = 0, ephemeral = 0, swap = 0;
    std::map<std::string, std::string> extra_specs;
};
constexpr auto flavor_rows =
    rows(field<&Flavor::id>("id"), field<&Flavor::original_name>("original_name"), field<&Flavor::vcpus>("vcpus"),
         field<&Flavor::ram>("ram"), field<&Flavor::disk>("disk"), field<&Flavor::ephemeral>("ephemeral"),
         field<&Flavor::swap>("swap"), field<&Flavor::extra_specs>("extra_specs"));
constexpr Fields rows_of(Flavor const*) { return fields_of(flavor_rows); }

struct GroupName {
    std::string name;
};
constexpr auto group_name_rows = rows(field<&GroupName::name>("name", required_field));
constexpr Fields rows_of(GroupName const*) { return fields_of(group_name_rows); }

struct WantedNetwork {
    std::optional<std::string> uuid, port, fixed_ip, tag;
};
constexpr auto wanted_network_rows =
    rows(field<&WantedNetwork::uuid>("uuid", formats::uuid), field<&WantedNetwork::port>("port", formats::uuid),
         field<&WantedNetwork::fixed_ip>("fixed_ip", formats::ip), field<&WantedNetwork::tag>("tag", max_length(60)));
constexpr Fields rows_of(WantedNetwork const*) { return fields_of(wanted_network_rows); }

struct Server : Stored {
    std::string id, name, project_id, user_id, status = "BUILD", created_at, updated_at, host_id, image_id;
    std::optional<std::string> description, key_name, host, node, instance_name, task_state, terminated_at, launched_at;
    std::optional<std::string> locked_reason, user_data, ramdisk_id, kernel_id, root_device_name, reservation_id;
    std::string vm_state = "building", access_v4, access_v6, availability_zone, hostname, disk_config = "MANUAL";
    std::int64_t power_state = 0, launch_index = 0, progress = 0;
    bool locked = false, config_drive = false;
    Flavor flavor;
    std::vector<Address> addresses;
    std::map<std::string, std::string> metadata;
    std::vector<std::string> tags, trusted_certificates;
    std::vector<GroupName> security_groups;
    std::optional<json::object> fault;
};
volutus::Resource const& resource_of(Server const*);

// The body of a create has more than the server keeps, and names things by other words.
struct NewServer {
    std::string name, flavor_ref;
    std::optional<std::string> image_ref, key_name, description, user_data, availability_zone, admin_password, hostname;
    std::int64_t min_count = 1, max_count = 1;
    bool config_drive = false;
    json::value networks;
    std::map<std::string, std::string> metadata;
    std::vector<GroupName> security_groups;
    std::vector<std::string> tags;
    std::string disk_config = "MANUAL";
};
// From 2.37 `networks` is needed and may be "auto" or "none"; before it is a list or absent.
bool is_uuid_or_name(std::string_view text);
constexpr auto new_server_rows = rows(
    field<&NewServer::name>("name", required_field, min_length(1), max_length(255)),
    field<&NewServer::flavor_ref>("flavorRef", required_field), field<&NewServer::image_ref>("imageRef"),
    field<&NewServer::key_name>("key_name"),
    field<&NewServer::description>("description", since("2.19"), max_length(255)),
    field<&NewServer::user_data>("user_data", formats::base64, max_length(65535)),
    field<&NewServer::availability_zone>("availability_zone"), field<&NewServer::admin_password>("adminPass", secret),
    field<&NewServer::hostname>("hostname", since("2.90"), max_length(63)),
    field<&NewServer::min_count>("min_count", at_least(1), fallback("1")),
    field<&NewServer::max_count>("max_count", at_least(1), fallback("1")),
    field<&NewServer::config_drive>("config_drive"), field<&NewServer::networks>("networks", until("2.36")),
    field<&NewServer::networks>("networks", since("2.37"), required_field), field<&NewServer::metadata>("metadata"),
    field<&NewServer::security_groups>("security_groups"),
    field<&NewServer::tags>("tags", since("2.52"), max_length(50)),
    field<&NewServer::disk_config>("OS-DCF:diskConfig", one_of("AUTO", "MANUAL"), fallback("\"MANUAL\"")));
constexpr Fields rows_of(NewServer const*) { return fields_of(new_server_rows); }

struct Reboot {
    std::string type;
};
constexpr auto reboot_rows = rows(field<&Reboot::type>("type", required_field, one_of("SOFT", "HARD")));
constexpr Fields rows_of(Reboot const*) { return fields_of(reboot_rows); }

// ---- what is shown otherwise than it is kept ----
json::object shown_addresses(Request&, Server const& server);
json::object flavor_reference(Request&, Server const& server);
json::object embedded_flavor(Request&, Server const& server);
json::value shown_image(Request&, Server const& server);
json::array server_links(Request&, Server const& server);
std::string shown_config_drive(Request&, Server const& server);
std::string host_status(Request&, Server const& server);
std::optional<json::array> shown_groups(Request&, Server const& server);
std::string guest_hostname(Request&, Server const& server);
json::array no_volumes(Request&, Server const& server);

Reply create_server(Request& request, NewServer const& wanted);
Reply reboot_server(Request& request, Reboot const& how);
Reply stop_server(Request& request);
Reply lock_server(Request& request);

inline constexpr PolicyRule extended_attributes =
    policy("os_compute_api:os-extended-server-attributes", "rule:admin_api");
inline constexpr char one_server[] = "/servers/{server_id}";
inline constexpr char server_action[] = "/servers/{server_id}/action";

inline constexpr auto servers = resource<Server>(
    "server", "servers", kind("compute.server"), called("Instance"), tombstones(30), field<&Server::id>("id"),
    field<&Server::name>("name", writable, min_length(1), max_length(255)), field<&Server::status>("status"),
    field<&Server::project_id>("tenant_id"), scoped_by("tenant_id"), field<&Server::user_id>("user_id"),
    field<&Server::metadata>("metadata"), field<&Server::host_id>("hostId"), computed<shown_image>("image"),
    field<&Server::image_id>("image_id", hidden),
    field<&Server::flavor>("flavor", view<flavor_reference>(until("2.46")), view<embedded_flavor>(since("2.47"))),
    field<&Server::created_at>("created"), field<&Server::updated_at>("updated"),
    field<&Server::addresses>("addresses", view<shown_addresses>()),
    field<&Server::access_v4>("accessIPv4", writable, formats::ipv4),
    field<&Server::access_v6>("accessIPv6", writable, formats::ipv6), computed<server_links>("links"),
    field<&Server::disk_config>("OS-DCF:diskConfig", writable, one_of("AUTO", "MANUAL")),
    field<&Server::progress>("progress"), field<&Server::fault>("fault", when_set),
    field<&Server::availability_zone>("OS-EXT-AZ:availability_zone"),
    field<&Server::config_drive>("config_drive", view<shown_config_drive>()), field<&Server::key_name>("key_name"),
    field<&Server::launched_at>("OS-SRV-USG:launched_at"), field<&Server::terminated_at>("OS-SRV-USG:terminated_at"),
    field<&Server::security_groups>("security_groups", view<shown_groups>(), when_set),
    field<&Server::host>("OS-EXT-SRV-ATTR:host", seen_by(extended_attributes)),
    field<&Server::node>("OS-EXT-SRV-ATTR:hypervisor_hostname", seen_by(extended_attributes)),
    field<&Server::instance_name>("OS-EXT-SRV-ATTR:instance_name", seen_by(extended_attributes)),
    field<&Server::reservation_id>("OS-EXT-SRV-ATTR:reservation_id", since("2.3"), seen_by(extended_attributes)),
    field<&Server::launch_index>("OS-EXT-SRV-ATTR:launch_index", since("2.3"), seen_by(extended_attributes)),
    field<&Server::hostname>("OS-EXT-SRV-ATTR:hostname", since("2.3"), until("2.89"), seen_by(extended_attributes)),
    computed<guest_hostname>("OS-EXT-SRV-ATTR:hostname", since("2.90")),
    field<&Server::kernel_id>("OS-EXT-SRV-ATTR:kernel_id", since("2.3"), seen_by(extended_attributes)),
    field<&Server::ramdisk_id>("OS-EXT-SRV-ATTR:ramdisk_id", since("2.3"), seen_by(extended_attributes)),
    field<&Server::root_device_name>("OS-EXT-SRV-ATTR:root_device_name", since("2.3"), seen_by(extended_attributes)),
    field<&Server::user_data>("OS-EXT-SRV-ATTR:user_data", since("2.3"), seen_by(extended_attributes)),
    field<&Server::task_state>("OS-EXT-STS:task_state"), field<&Server::vm_state>("OS-EXT-STS:vm_state"),
    field<&Server::power_state>("OS-EXT-STS:power_state"), computed<no_volumes>("os-extended-volumes:volumes_attached"),
    field<&Server::locked>("locked", since("2.9")),
    computed<host_status>("host_status", since("2.16"),
                          seen_by(policy("os_compute_api:servers:show:host_status", "rule:admin_api"))),
    field<&Server::description>("description", since("2.19"), writable, max_length(255)),
    field<&Server::tags>("tags", since("2.26")),
    field<&Server::trusted_certificates>("trusted_image_certificates", since("2.63")),
    field<&Server::locked_reason>("locked_reason", since("2.73")),

    list("/servers", "os_compute_api:servers:index", shows("id", "name", "links"),
         filters("name", "status", filter("host", "OS-EXT-SRV-ATTR:host"), filter("flavor", "flavor.id"),
                 filter("image", "image_id"), filter("tags", "tags", since("2.26"))),
         sorts(sort_key("created_at", "created"), "name", sort_key("uuid", "id")), sorted_by("created", true),
         sees_all("os_compute_api:servers:index:get_all_tenants", "all_tenants")),
    list("/servers/detail", "os_compute_api:servers:detail",
         filters("name", "status", filter("host", "OS-EXT-SRV-ATTR:host"), filter("flavor", "flavor.id"),
                 filter("image", "image_id"), filter("tags", "tags", since("2.26"))),
         sorts(sort_key("created_at", "created"), "name", sort_key("uuid", "id")), sorted_by("created", true),
         sees_all("os_compute_api:servers:detail:get_all_tenants", "all_tenants")),
    show(one_server, "os_compute_api:servers:show"),
    create<create_server>("/servers", "os_compute_api:servers:create", status(202), quota("instances", "cores", "ram"),
                          shows("id", "links", "OS-DCF:diskConfig", "security_groups")),
    update(one_server, "os_compute_api:servers:update"), remove(one_server, "os_compute_api:servers:delete"),
    action<reboot_server>(server_action, "reboot", "os_compute_api:servers:reboot"),
    action<stop_server>(server_action, "os-stop", "os_compute_api:servers:stop"),
    action<lock_server>(server_action, "lock", "os_compute_api:os-lock-server:lock"),
    action<lock_server>(server_action, "trigger_crash_dump", "os_compute_api:servers:trigger_crash_dump",
                        since("2.17")));

inline volutus::Resource const& resource_of(Server const*) { return erased<servers>(); }

} // namespace sdk_resource

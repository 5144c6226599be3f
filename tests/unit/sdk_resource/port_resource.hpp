// The network API's port: a proof that the vocabulary of tables can say it. Shapes after the API reference of v2.0
// with the extensions binding, port-security, allowed-address-pairs, extra_dhcp_opt and standard-attr-*.
#pragma once

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace sdk_resource {

using namespace volutus;

struct FixedIp {
    std::optional<std::string> subnet_id, ip_address;
};
constexpr auto fixed_ip_rows = rows(field<&FixedIp::subnet_id>("subnet_id", formats::uuid),
                                    field<&FixedIp::ip_address>("ip_address", formats::ip));
constexpr Fields rows_of(FixedIp const*) { return fields_of(fixed_ip_rows); }

struct AddressPair {
    std::string ip_address;
    std::optional<std::string> mac_address;
};
constexpr auto address_pair_rows =
    rows(field<&AddressPair::ip_address>("ip_address", required_field, formats::ip_or_cidr),
         field<&AddressPair::mac_address>("mac_address", formats::mac));
constexpr Fields rows_of(AddressPair const*) { return fields_of(address_pair_rows); }

struct DhcpOption {
    std::string opt_name;
    std::optional<std::string> opt_value;
    std::int64_t ip_version = 4;
};
constexpr auto dhcp_option_rows =
    rows(field<&DhcpOption::opt_name>("opt_name", required_field, min_length(1), max_length(64)),
         field<&DhcpOption::opt_value>("opt_value", max_length(255)),
         field<&DhcpOption::ip_version>("ip_version", at_least(4), at_most(6), fallback("4")));
constexpr Fields rows_of(DhcpOption const*) { return fields_of(dhcp_option_rows); }

struct Port : Stored {
    std::string id, network_id, project_id, name, description, mac_address, device_id, device_owner, status = "DOWN";
    std::string created_at, updated_at, host, vnic_type = "normal", vif_type = "unbound";
    bool admin_state_up = true, port_security_enabled = true;
    std::vector<FixedIp> fixed_ips;
    std::vector<std::string> fixed_subnets, fixed_addresses; // of fixed_ips, for the filters
    std::vector<AddressPair> allowed_address_pairs;
    std::vector<DhcpOption> extra_dhcp_opts;
    std::vector<std::string> security_groups, tags;
    json::object profile, vif_details;
    std::int64_t revision_number = 1;
};
volutus::Resource const& resource_of(Port const*);

Reply create_ports(Request& request, std::vector<Port> const& wanted);

inline constexpr char ports_path[] = "/ports";
inline constexpr char port_path[] = "/ports/{port_id}";
inline constexpr char admin_only[] = "rule:admin_only";
constexpr auto admins(std::string_view get, std::string_view create, std::string_view update) {
    return [=](Field& f) {
        seen_by(policy(get, admin_only))(f);
        set_by(policy(create, admin_only), policy(update, admin_only))(f);
    };
}

inline constexpr auto ports = resource<Port>(
    "port", "ports", kind("network.port"), field<&Port::id>("id"),
    field<&Port::network_id>("network_id", required_on_create, formats::uuid, owned_by("network.network")),
    field<&Port::project_id>("project_id", on_create, also_as("tenant_id"),
                             set_by(policy("create_port:project_id", admin_only), {})),
    field<&Port::name>("name", writable, max_length(255)),
    field<&Port::description>("description", writable, max_length(255)),
    field<&Port::admin_state_up>("admin_state_up", writable, fallback("true")),
    field<&Port::mac_address>(
        "mac_address", writable, formats::mac,
        set_by(policy("create_port:mac_address", admin_only), policy("update_port:mac_address", admin_only))),
    field<&Port::fixed_ips>("fixed_ips", writable, max_length(100)),
    field<&Port::fixed_subnets>("fixed_subnets", hidden, refers_to("network.subnet")),
    field<&Port::fixed_addresses>("fixed_addresses", hidden),
    field<&Port::device_id>("device_id", writable, max_length(255)),
    field<&Port::device_owner>("device_owner", writable, max_length(255)), field<&Port::status>("status"),
    field<&Port::host>(
        "binding:host_id", writable,
        admins("get_port:binding:host_id", "create_port:binding:host_id", "update_port:binding:host_id")),
    field<&Port::profile>(
        "binding:profile", writable,
        admins("get_port:binding:profile", "create_port:binding:profile", "update_port:binding:profile")),
    field<&Port::vif_type>("binding:vif_type", seen_by(policy("get_port:binding:vif_type", admin_only))),
    field<&Port::vif_details>("binding:vif_details", seen_by(policy("get_port:binding:vif_details", admin_only))),
    field<&Port::vnic_type>("binding:vnic_type", writable, one_of("normal", "direct", "macvtap", "baremetal"),
                            fallback("\"normal\"")),
    field<&Port::allowed_address_pairs>("allowed_address_pairs", writable, max_length(10)),
    field<&Port::security_groups>("security_groups", writable),
    field<&Port::extra_dhcp_opts>("extra_dhcp_opts", writable),
    field<&Port::port_security_enabled>("port_security_enabled", writable, fallback("true")),
    field<&Port::tags>("tags"), field<&Port::revision_number>("revision_number"),
    field<&Port::created_at>("created_at"), field<&Port::updated_at>("updated_at"),
    unique_in("network.port.mac", "network_id", "mac_address"),

    list(ports_path, "get_port",
         filters("id", "name", "network_id", "project_id", "device_id", "device_owner", "mac_address", "status",
                 "admin_state_up", "binding:host_id", "security_groups", "tags",
                 filter("fixed_ips_subnet", "fixed_subnets"), filter("fixed_ips_address", "fixed_addresses")),
         sorts("name", "id", "created_at"), sorted_by("id"), sees_all(policy("get_port:all", admin_only))),
    show(port_path, "get_port"), create<create_ports>(ports_path, "create_port", bulk, quota("port")),
    update(port_path, "update_port"), remove(port_path, "delete_port"));

inline volutus::Resource const& resource_of(Port const*) { return erased<ports>(); }

} // namespace sdk_resource

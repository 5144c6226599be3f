#include "extensions_table.hpp"

#include <fmt/format.h>

#include <array>

namespace volutus::compute {

Resource const& resource_of(Extension const*) { return erased<extensions>(); }

namespace {

struct Row {
    std::string_view alias, name, description;
};
// Those of the API before microversions whose routes and fields are here.
constexpr std::array rows{
    Row{"NMN", "Multinic", "Multiple network support."},
    Row{"OS-DCF", "DiskConfig", "Disk Management Extension."},
    Row{"OS-EXT-AZ", "ExtendedAvailabilityZone", "Extended Availability Zone support."},
    Row{"OS-EXT-IPS", "ExtendedIps", "Adds type parameter to the ip list."},
    Row{"OS-EXT-IPS-MAC", "ExtendedIpsMac", "Adds mac address parameter to the ip list."},
    Row{"OS-EXT-SRV-ATTR", "ExtendedServerAttributes", "Extended Server Attributes support."},
    Row{"OS-EXT-STS", "ExtendedStatus", "Extended Status support."},
    Row{"OS-FLV-DISABLED", "FlavorDisabled", "Support to show the disabled status of a flavor."},
    Row{"OS-FLV-EXT-DATA", "FlavorExtraData", "Provide additional data for flavors."},
    Row{"OS-SRV-USG", "ServerUsage", "Adds launched_at and terminated_at on Servers."},
    Row{"flavors", "Flavors", "Flavors Extension."},
    Row{"os-aggregates", "Aggregates", "Admin-only aggregate administration."},
    Row{"os-attach-interfaces", "AttachInterfaces", "Attach interface support."},
    Row{"os-availability-zone", "AvailabilityZone", "Adds availability zones to the compute API."},
    Row{"os-config-drive", "ConfigDrive", "Config Drive Extension."},
    Row{"os-console-output", "ConsoleOutput", "Console log output support, with tailing ability."},
    Row{"os-consoles", "Consoles", "Interactive Console support."},
    Row{"os-extended-volumes", "ExtendedVolumes", "Extended Volumes support."},
    Row{"os-flavor-access", "FlavorAccess", "Flavor access support."},
    Row{"os-flavor-extra-specs", "FlavorExtraSpecs", "Flavors extra specs support."},
    Row{"os-flavor-manage", "FlavorManage", "Flavor create/delete API support."},
    Row{"os-hypervisors", "Hypervisors", "Admin-only hypervisor administration."},
    Row{"os-instance-actions", "InstanceActions", "View a log of actions and events taken on an instance."},
    Row{"os-keypairs", "Keypairs", "Keypair Support."},
    Row{"os-multiple-create", "MultipleCreate", "Allow multiple create in the Create Server v2.1 API."},
    Row{"os-pause-server", "PauseServer", "Enable pause/unpause server actions."},
    Row{"os-quota-sets", "Quotas", "Quotas management support."},
    Row{"os-security-groups", "SecurityGroups", "Security group support."},
    Row{"os-server-password", "ServerPassword", "Server password support."},
    Row{"os-services", "Services", "Services support."},
    Row{"os-used-limits", "UsedLimits", "Provide data on limited resource that are being used."},
    Row{"os-user-data", "UserData", "Add user_data to the Create Server API."},
    Row{"servers", "Servers", "Servers."},
};

json::object document(Row const& row) {
    return {{"alias", row.alias},
            {"name", row.name},
            {"description", row.description},
            {"namespace", "http://docs.openstack.org/compute/ext/fake_xml"},
            {"updated", "2014-12-03T00:00:00Z"},
            {"links", json::array()}};
}

} // namespace

Reply list_extensions(Request& request) {
    json::array out;
    for (auto const& row : rows) out.push_back(document(row));
    return request.reply(json::object{{"extensions", std::move(out)}});
}

Reply show_extension(Request& request) {
    for (auto const& row : rows)
        if (row.alias == request.parameter("alias")) return request.reply(json::object{{"extension", document(row)}});
    throw Error(Code::not_found, "The resource could not be found.");
}

Reply list_aggregates(Request& request) { return request.reply(json::object{{"aggregates", json::array()}}); }

} // namespace volutus::compute

#include "discovery.hpp"

#include "refusal.hpp"

#include <volutus/resource.hpp>

#include <array>

namespace volutus::network_service {

namespace {

struct ExtensionRow {
    std::string_view alias, name, description, updated;
};
// Those that are whole here; the names are what clients look for.
constexpr std::array extension_rows{
    ExtensionRow{"allowed-address-pairs", "Allowed Address Pairs", "Provides allowed address pairs",
                 "2013-07-23T10:00:00-00:00"},
    ExtensionRow{"availability_zone", "Availability Zone", "The availability zone extension.",
                 "2015-01-01T10:00:00-00:00"},
    ExtensionRow{"binding", "Port Binding", "Expose port bindings of a virtual port to external application",
                 "2014-02-03T10:00:00-00:00"},
    ExtensionRow{"default-subnetpools", "Default Subnetpools",
                 "Provides ability to mark and use a subnetpool as the default.", "2016-02-18T18:00:00-00:00"},
    ExtensionRow{"ext-gw-mode", "Neutron L3 Configurable external gateway mode",
                 "Extension of the router abstraction for specifying whether SNAT should occur on the external gateway",
                 "2013-03-28T10:00:00-00:00"},
    ExtensionRow{"external-net", "Neutron external network", "Adds external network attribute to network resource.",
                 "2013-01-14T10:00:00-00:00"},
    ExtensionRow{"extraroute", "Neutron Extra Route", "Extra routes configuration for L3 router",
                 "2013-02-01T10:00:00-00:00"},
    ExtensionRow{"extraroute-atomic", "Atomically add/remove extra routes",
                 "Edit extra routes of a router on server side by atomically adding/removing extra routes",
                 "2019-07-10T00:00:00+00:00"},
    ExtensionRow{"net-mtu", "Network MTU", "Provides MTU attribute for a network resource.",
                 "2015-03-25T10:00:00-00:00"},
    ExtensionRow{"net-mtu-writable", "Network MTU (writable)",
                 "Provides a writable MTU attribute for a network resource.", "2017-07-12T00:00:00-00:00"},
    ExtensionRow{"network-ip-availability", "Network IP Availability",
                 "Provides IP availability data for each network and subnet.", "2015-09-24T00:00:00-00:00"},
    ExtensionRow{"network_availability_zone", "Network Availability Zone", "Availability zone support for network.",
                 "2015-01-01T10:00:00-00:00"},
    ExtensionRow{"pagination", "Pagination support", "Extension that indicates that pagination is enabled.",
                 "2016-06-12T00:00:00-00:00"},
    ExtensionRow{"port-security", "Port Security", "Provides port security", "2012-07-23T10:00:00-00:00"},
    ExtensionRow{"project-id", "project_id field enabled", "Extension that indicates that project_id field is enabled.",
                 "2016-09-09T09:09:09-09:09"},
    ExtensionRow{"provider", "Provider Network", "Expose mapping of virtual networks to physical networks",
                 "2012-09-07T10:00:00-00:00"},
    ExtensionRow{"quota-check-limit", "Quota engine limit check",
                 "Compares a new limit with what is used, where a client asks for it", "2022-07-15T10:00:00-00:00"},
    ExtensionRow{"quota_details", "Quota details management support",
                 "Expose functions for quotas usage statistics per project", "2017-02-10T10:00:00-00:00"},
    ExtensionRow{"quotas", "Quota management support", "Expose functions for quotas management per project",
                 "2012-07-29T10:00:00-00:00"},
    ExtensionRow{"router", "Neutron L3 Router",
                 "Router abstraction for basic L3 forwarding between L2 Neutron networks and access to external "
                 "networks via a NAT gateway.",
                 "2012-07-20T10:00:00-00:00"},
    ExtensionRow{"router_availability_zone", "Router Availability Zone", "Availability zone support for router.",
                 "2015-01-01T10:00:00-00:00"},
    ExtensionRow{"security-group", "security-group", "The security groups extension.", "2012-10-05T10:00:00-00:00"},
    ExtensionRow{"sorting", "Sorting support", "Extension that indicates that sorting is enabled.",
                 "2016-06-12T00:00:00-00:00"},
    ExtensionRow{"standard-attr-description", "standard-attr-description",
                 "Extension to add descriptions to standard attributes", "2016-02-10T10:00:00-00:00"},
    ExtensionRow{"standard-attr-revisions", "Resource revision numbers",
                 "This extension will display the revision number of neutron resources.", "2016-04-11T10:00:00-00:00"},
    ExtensionRow{"standard-attr-tag",
                 "Tag support for resources with standard attribute: port, subnet, subnetpool, network, router, "
                 "floatingip, security_group",
                 "Enables to set tag on resources with standard attribute.", "2017-01-01T00:00:00-00:00"},
    ExtensionRow{
        "standard-attr-timestamp", "Resource timestamps",
        "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes.",
        "2016-09-12T10:00:00-00:00"},
    ExtensionRow{
        "status-reason", "Status reason",
        "Adds status_reason to networks, ports, routers, floating IPs and security groups: why they are not on "
        "the host as they are to be, where they are not. Volutus has it, and OpenStack has not.",
        "2026-11-22T00:00:00-00:00"},
    ExtensionRow{"subnet_allocation", "Subnet Allocation", "Enables allocation of subnets from a subnet pool",
                 "2015-03-30T10:00:00-00:00"},
};

Extension extension_of(ExtensionRow const& row) {
    Extension extension;
    extension.alias = row.alias;
    extension.name = row.name;
    extension.description = row.description;
    extension.updated = row.updated;
    return extension;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> collections{
    {{"network", "networks"},
     {"subnet", "subnets"},
     {"subnetpool", "subnetpools"},
     {"port", "ports"},
     {"router", "routers"},
     {"floatingip", "floatingips"},
     {"security_group", "security-groups"},
     {"security_group_rule", "security-group-rules"},
     {"quota", "quotas"}}};

} // namespace

Reply Discovery::versions(Request& request) {
    json::array links{json::object{{"rel", "self"}, {"href", request.link("//v2.0/")}}};
    return request.reply(json::object{
        {"versions", json::array{json::object{{"id", "v2.0"}, {"status", "CURRENT"}, {"links", std::move(links)}}}}});
}

Reply Discovery::resources(Request& request) {
    json::array shown;
    for (auto const& [name, collection] : collections)
        shown.push_back(json::object{
            {"name", name},
            {"collection", collection},
            {"links",
             json::array{json::object{{"rel", "self"}, {"href", request.link("//v2.0/" + std::string(collection))}}}}});
    return request.reply(json::object{{"resources", std::move(shown)}});
}

Reply Discovery::extensions(Request& request) {
    std::vector<Extension> all;
    for (auto const& row : extension_rows) all.push_back(extension_of(row));
    return request.shown_all(all);
}

Reply Discovery::extension(Request& request) {
    for (auto const& row : extension_rows)
        if (row.alias == request.id()) return request.shown(extension_of(row));
    refuse(Code::not_found, "HTTPNotFound", "The resource could not be found.");
}

Reply Discovery::zones(Request& request) {
    std::vector<Zone> zones;
    for (auto const* resource : {"network", "router"}) {
        auto& zone = zones.emplace_back();
        zone.name = settings_.availability_zone;
        zone.resource = resource;
        zone.state = "available";
    }
    return request.shown_all(zones);
}

} // namespace volutus::network_service

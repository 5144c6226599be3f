// The REST API of the availability of addresses.
#pragma once

#include "availability.hpp"
#include "table_words.hpp"

namespace volutus::network_service {

inline constexpr auto availabilities = resource<Availability>(
    "network_ip_availability", "network_ip_availabilities", unscoped, field<&Availability::network_id>("network_id"),
    field<&Availability::network_name>("network_name"),
    field<&Availability::project_id>("project_id", also_as("tenant_id")), field<&Availability::total_ips>("total_ips"),
    field<&Availability::used_ips>("used_ips"), field<&Availability::subnets>("subnet_ip_availability"),
    list<&Availabilities::list>("/network-ip-availabilities", policy("get_network_ip_availability", admin_only),
                                queries("ip_version", "network_id", "network_name", "project_id", "tenant_id")),
    show<&Availabilities::show>("/network-ip-availabilities/{network_id}", "get_network_ip_availability"));

} // namespace volutus::network_service

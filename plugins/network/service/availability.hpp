// How many addresses networks have and how many of them ports use, for operators.
#pragma once

#include "network.hpp"

#include <volutus/request.hpp>

namespace volutus::network_service {

struct SubnetAvailability {
    std::string subnet_id, subnet_name, cidr;
    std::int64_t ip_version = 4, total_ips = 0, used_ips = 0;
};
constexpr auto subnet_availability_rows =
    rows(field<&SubnetAvailability::subnet_id>("subnet_id"), field<&SubnetAvailability::subnet_name>("subnet_name"),
         field<&SubnetAvailability::cidr>("cidr"), field<&SubnetAvailability::ip_version>("ip_version"),
         field<&SubnetAvailability::total_ips>("total_ips"), field<&SubnetAvailability::used_ips>("used_ips"));
constexpr Fields rows_of(SubnetAvailability const*) { return fields_of(subnet_availability_rows); }

// total_ips: of the subnets' allocation pools; what does not fit an integer of JSON is told as the largest.
struct Availability : Stored {
    std::string network_id, network_name, project_id;
    std::int64_t total_ips = 0, used_ips = 0;
    std::vector<SubnetAvailability> subnets;
};
Resource const& resource_of(Availability const*);

class Availabilities {
public:
    Reply list(Request& request);
    Reply show(Request& request);
};

} // namespace volutus::network_service

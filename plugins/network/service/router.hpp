#pragma once

#include "port.hpp"
#include "subnet.hpp"

namespace volutus::network_service {

struct GatewayInfo {
    std::optional<std::string> network_id;
    std::optional<bool> enable_snat;
    std::optional<std::vector<FixedIp>> external_fixed_ips;
};
constexpr auto gateway_info_rows = rows(field<&GatewayInfo::network_id>("network_id", max_length(255)),
                                        field<&GatewayInfo::enable_snat>("enable_snat"),
                                        field<&GatewayInfo::external_fixed_ips>("external_fixed_ips", max_length(10)));
constexpr Fields rows_of(GatewayInfo const*) { return fields_of(gateway_info_rows); }

struct Router : Realised {
    std::string status = "ACTIVE";
    bool admin_state_up = true;
    std::optional<GatewayInfo> external_gateway_info;
    std::optional<std::string> gateway_port_id;
    std::optional<std::vector<HostRoute>> routes = std::vector<HostRoute>(); // a body may say null for none
    std::vector<std::string> availability_zone_hints;
};
Resource const& resource_of(Router const*);

} // namespace volutus::network_service

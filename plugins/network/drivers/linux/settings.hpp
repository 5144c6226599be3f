// What conf.d says of this host's networks.
#pragma once

#include <volutus/field.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace volutus::network::on_linux {

// A network outside. With `interface` the bridge of a network on it has that interface (or its VLAN) as a port; without,
// it is the host's own: the host holds the gateways' addresses of its subnets.
struct Physical {
    std::string name;
    std::string bridge;      // name of the bridge of its untagged network; "" = as for any network
    std::string interface;   // "" = the host's own
    bool masquerade = false; // what leaves the host's own network by another interface takes that one's address
};
inline constexpr auto physical_rows =
    rows(field<&Physical::name>("name", required_field, min_length(1), max_length(64)),
         field<&Physical::bridge>("bridge", max_length(15)), field<&Physical::interface>("interface", max_length(15)),
         field<&Physical::masquerade>("masquerade", fallback("false")));
constexpr Fields rows_of(Physical const*) { return fields_of(physical_rows); }

struct Settings {
    std::string state_directory;
    std::string prefix = "vt"; // of every name that the driver gives on this host
    std::string host;          // "" = the host's name
    std::uint32_t mtu = 1500;
    std::uint32_t first_zone = 1; // conntrack zones from here on are the driver's, one a network
    std::uint32_t lease_seconds = 86400;
    std::vector<Physical> physical;
};
inline constexpr auto settings_rows = rows(
    field<&Settings::state_directory>("state_directory", required_field, min_length(1),
                                      help("what the driver remembers")),
    field<&Settings::prefix>("prefix", fallback("\"vt\""), min_length(1), max_length(4),
                             help("begins every name of a link, namespace and nftables table that the driver makes")),
    field<&Settings::host>("host", max_length(255), help("this host's name in the binding of ports")),
    field<&Settings::mtu>("mtu", fallback("1500"), at_least(576), at_most(65535)),
    field<&Settings::first_zone>("first_zone", fallback("1"), at_least(1), at_most(65000)),
    field<&Settings::lease_seconds>("lease_seconds", fallback("86400"), at_least(120), at_most(31536000)),
    field<&Settings::physical>("physical", max_length(64), help("networks outside that this host has")));

} // namespace volutus::network::on_linux

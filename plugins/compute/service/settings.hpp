// [plugin.compute_service.config]
#pragma once

#include <volutus/field.hpp>
#include <volutus/manifest.hpp>

#include <cstdint>
#include <string>

namespace volutus::compute {

struct Settings {
    // What a project may have unless its own limit was set; -1 = unlimited.
    std::int64_t instances = 10, cores = 20, ram = 51200, key_pairs = 100;
    std::int64_t metadata_items = 128, server_groups = 10, server_group_members = 10;
    // How much of a host is given out.
    double cpu_ratio = 4.0, ram_ratio = 1.0, disk_ratio = 1.0;
    std::int64_t reserved_memory_mb = 512, reserved_disk_gb = 0;
    std::string zone = "nova";
    std::int64_t patience = 60;        // seconds for a guest to shut down
    std::int64_t console_minutes = 10; // that a console's URL may be opened
    std::string console_url;           // of the noVNC page
};

inline constexpr auto settings_rows = rows(
    field<&Settings::instances>("quota_instances", at_least(-1), fallback("10"), help("servers of a project")),
    field<&Settings::cores>("quota_cores", at_least(-1), fallback("20"), help("VCPUs of a project")),
    field<&Settings::ram>("quota_ram", at_least(-1), fallback("51200"), help("MiB of memory of a project")),
    field<&Settings::key_pairs>("quota_key_pairs", at_least(-1), fallback("100"), help("key pairs of a user")),
    field<&Settings::metadata_items>("quota_metadata_items", at_least(-1), at_most(1000), fallback("128"),
                                     help("keys in a server's metadata")),
    field<&Settings::server_groups>("quota_server_groups", at_least(-1), fallback("10"), help("of a project")),
    field<&Settings::server_group_members>("quota_server_group_members", at_least(-1), fallback("10"),
                                           help("of a server group")),
    field<&Settings::cpu_ratio>("cpu_allocation_ratio", fallback("4.0"), help("VCPUs given out for one of a host's")),
    field<&Settings::ram_ratio>("ram_allocation_ratio", fallback("1.0"), help("memory given out for what a host has")),
    field<&Settings::disk_ratio>("disk_allocation_ratio", fallback("1.0"), help("disk given out for what a host has")),
    field<&Settings::reserved_memory_mb>("reserved_memory_mb", at_least(0), fallback("512"),
                                         help("of a host, for itself")),
    field<&Settings::reserved_disk_gb>("reserved_disk_gb", at_least(0), fallback("0"), help("of a host, for itself")),
    field<&Settings::zone>("availability_zone", min_length(1), max_length(255), fallback("\"nova\""),
                           help("of hosts that are in no other")),
    field<&Settings::patience>("shutdown_timeout", at_least(0), at_most(600), fallback("60"),
                               help("seconds that a guest has to shut down before its plug is pulled")),
    field<&Settings::console_minutes>("console_minutes", at_least(1), at_most(1440), fallback("10"),
                                      help("for which the URL of a console can be opened")),
    field<&Settings::console_url>("console_url", fallback("\"\""),
                                  help("of a noVNC page elsewhere, which is told the token; default: this service's "
                                       "own address, for clients that speak websocket themselves")));

} // namespace volutus::compute

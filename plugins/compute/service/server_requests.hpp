// Bodies of requests about servers.
#pragma once

#include "server.hpp"

namespace volutus::compute {

struct GroupName {
    std::string name;
};
constexpr auto group_name_rows = rows(field<&GroupName::name>("name", required_field, min_length(1), max_length(255)));
constexpr Fields rows_of(GroupName const*) { return fields_of(group_name_rows); }

bool is_zone_name(std::string_view text);
bool is_ipv4_or_empty(std::string_view text);
bool is_ipv6_or_empty(std::string_view text);
inline constexpr auto zone_format = format("availability zone", &is_zone_name);
inline constexpr auto ipv4_or_empty = format("ipv4", &is_ipv4_or_empty);
inline constexpr auto ipv6_or_empty = format("ipv6", &is_ipv6_or_empty);

struct NewServer {
    std::string name, flavor;
    std::optional<std::string> image, key_name, description, user_data, zone, password, host, hypervisor_hostname;
    std::int64_t min_count = 1;
    std::optional<std::int64_t> max_count;
    bool config_drive = false, returns_reservation = false;
    json::value networks; // a list, "auto" or "none"
    std::map<std::string, std::string> metadata;
    std::vector<GroupName> security_groups;
    std::vector<std::string> tags;
    std::string disk_config = "MANUAL", access_v4, access_v6;
    json::value block_devices, block_device_mapping, personality, certificates;
};
constexpr auto new_server_rows = rows(
    field<&NewServer::name>("name", required_field, min_length(1), max_length(255), formats::trimmed),
    field<&NewServer::flavor>("flavorRef", required_field, min_length(1), max_length(1024)),
    field<&NewServer::image>("imageRef", max_length(1024)), field<&NewServer::key_name>("key_name", max_length(255)),
    field<&NewServer::description>("description", since("2.19"), max_length(255)),
    field<&NewServer::user_data>("user_data", formats::base64, max_length(65535)),
    field<&NewServer::zone>("availability_zone", zone_format, max_length(255)),
    field<&NewServer::password>("adminPass", secret), field<&NewServer::host>("host", since("2.74"), max_length(255)),
    field<&NewServer::hypervisor_hostname>("hypervisor_hostname", since("2.74"), max_length(255)),
    field<&NewServer::min_count>("min_count", at_least(1), fallback("1")),
    field<&NewServer::max_count>("max_count", at_least(1)),
    field<&NewServer::returns_reservation>("return_reservation_id"), field<&NewServer::config_drive>("config_drive"),
    field<&NewServer::networks>("networks", until("2.36")),
    field<&NewServer::networks>("networks", since("2.37"), required_field), field<&NewServer::metadata>("metadata"),
    field<&NewServer::security_groups>("security_groups", max_length(100)),
    field<&NewServer::tags>("tags", since("2.52"), max_length(50)),
    field<&NewServer::disk_config>("OS-DCF:diskConfig", one_of("AUTO", "MANUAL"), fallback("\"MANUAL\"")),
    field<&NewServer::access_v4>("accessIPv4", ipv4_or_empty),
    field<&NewServer::access_v6>("accessIPv6", ipv6_or_empty),
    field<&NewServer::block_devices>("block_device_mapping_v2"),
    field<&NewServer::block_device_mapping>("block_device_mapping"),
    field<&NewServer::personality>("personality", until("2.56")),
    field<&NewServer::certificates>("trusted_image_certificates", since("2.63")));
constexpr Fields rows_of(NewServer const*) { return fields_of(new_server_rows); }

struct Reboot {
    std::string type;
};
constexpr auto reboot_rows =
    rows(field<&Reboot::type>("type", required_field, one_of("SOFT", "HARD", "soft", "hard", "Soft", "Hard")));
constexpr Fields rows_of(Reboot const*) { return fields_of(reboot_rows); }

struct ConsoleOutput {
    std::optional<std::int64_t> length;
};
constexpr auto console_output_rows = rows(field<&ConsoleOutput::length>("length", at_least(-1)));
constexpr Fields rows_of(ConsoleOutput const*) { return fields_of(console_output_rows); }

struct LockReason {
    std::optional<std::string> reason;
};
constexpr auto lock_reason_rows =
    rows(field<&LockReason::reason>("locked_reason", since("2.73"), min_length(1), max_length(255)));
constexpr Fields rows_of(LockReason const*) { return fields_of(lock_reason_rows); }

struct ResetState {
    std::string state;
};
constexpr auto reset_state_rows = rows(field<&ResetState::state>("state", required_field, one_of("active", "error")));
constexpr Fields rows_of(ResetState const*) { return fields_of(reset_state_rows); }

struct ServerTags {
    std::vector<std::string> tags;
};
constexpr auto server_tags_rows = rows(field<&ServerTags::tags>("tags", required_field, max_length(50)));
constexpr Fields rows_of(ServerTags const*) { return fields_of(server_tags_rows); }

} // namespace volutus::compute

// Formats of strings that the APIs share, as words for a field's row: field<&Port::mac>("mac_address", formats::mac).
#pragma once

#include <volutus/field.hpp>
#include <volutus/world.hpp>

#include <string>
#include <string_view>

namespace volutus {

bool is_uuid(std::string_view text); // with or without hyphens, any case
bool is_mac(std::string_view text);  // six pairs parted by colons
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
bool is_ip(std::string_view text);
bool is_cidr(std::string_view text); // address/length
bool is_ip_or_cidr(std::string_view text);
bool is_base64(std::string_view text);
bool is_url(std::string_view text);       // http or https, with a host
bool is_timestamp(std::string_view text); // ISO 8601 to the second, any fraction and zone
bool is_trimmed(std::string_view text);   // not empty; printable, no space at either end

namespace formats {
inline constexpr auto uuid = format("uuid", &is_uuid);
inline constexpr auto mac = format("mac", &is_mac);
inline constexpr auto ipv4 = format("ipv4", &is_ipv4);
inline constexpr auto ipv6 = format("ipv6", &is_ipv6);
inline constexpr auto ip = format("ip", &is_ip);
inline constexpr auto cidr = format("cidr", &is_cidr);
inline constexpr auto ip_or_cidr = format("ip-or-cidr", &is_ip_or_cidr);
inline constexpr auto base64 = format("base64", &is_base64);
inline constexpr auto url = format("uri", &is_url);
inline constexpr auto timestamp = format("date-time", &is_timestamp);
inline constexpr auto trimmed = format("text without space around it", &is_trimmed);
} // namespace formats

std::string new_uuid();                                // random, version 4, lower case
std::string new_plain_uuid();                          // the same without hyphens
std::string timestamp(world::WallTime at);             // "2026-01-02T03:04:05Z"
std::string timestamp_with_micros(world::WallTime at); // "2026-01-02T03:04:05.000006Z"
inline std::string timestamp_now() { return timestamp(world::wall_now()); }

} // namespace volutus

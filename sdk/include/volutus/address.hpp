// Arithmetic on IP addresses in their text form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace volutus {

// base + offset, in the form that inet_ntop gives. None where base is no IPv4 or IPv6 address, or the sum none of its
// family.
std::optional<std::string> address_plus(std::string_view base, std::int64_t offset);

} // namespace volutus

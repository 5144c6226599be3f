// Documents without an API: what the driver still has to be told.
#pragma once

#include "due.hpp"

#include <volutus/resource.hpp>

namespace volutus::network_service {

inline constexpr auto dues = resource<Due>(
    "due", "dues", kind("network.due"), unscoped, passing, worked_on_at("network.lane", "lane"), field<&Due::id>("id"),
    field<&Due::lane>("lane", indexed), field<&Due::asked>("asked"), field<&Due::error>("error"));
inline constexpr auto lanes = resource<Lane>("lane", "lanes", kind("network.lane"), unscoped, field<&Lane::id>("id"),
                                             field<&Lane::asked>("asked"));
// A MAC that is kept is not free for another port.
inline constexpr auto kept = resource<Kept>(
    "kept", "kept", kind("network.kept"), unscoped, unique_in("network.port.mac", "network_id", "mac_address"),
    field<&Kept::id>("id"), field<&Kept::until>("until"), field<&Kept::pool>("pool"), field<&Kept::holder>("holder"),
    field<&Kept::value>("value"), field<&Kept::network_id>("network_id"), field<&Kept::mac_address>("mac_address"));

} // namespace volutus::network_service

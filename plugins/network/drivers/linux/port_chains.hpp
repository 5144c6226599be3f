// The rules of one port: what may come from it and what may go to it, in nftables' words, in order.
#pragma once

#include <volutus/contract/network.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace volutus::network::on_linux {

// Of a packet's mark, between the bridge's chains and the judge: a secured port is concerned; some group does not allow
// it, so it passes only as an answer. Chosen among bits that other software of clouds does not use.
inline constexpr std::uint32_t mark_judged = 0x02000000, mark_refused = 0x04000000;

std::vector<std::string> rules_from(Port const& port);
std::vector<std::string> rules_to(Port const& port);

} // namespace volutus::network::on_linux

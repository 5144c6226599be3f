// A leg: a pair of virtual links, one end on a network's bridge, the other in a namespace (a network's own port, a
// router's interface) or on the host (the gateway of its own network outside).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace volutus::network::on_linux {

struct Leg {
    std::string port;       // kept as the alias of both ends
    std::string outside;    // the end on the bridge
    std::string inside;     // the other
    std::string name_space; // "" = the host's
    std::string bridge;
    std::string mac; // "" = what the kernel chose
    std::uint32_t mtu = 1500;
    std::vector<std::string> addresses; // CIDRs; just these
    bool up = true;
};

bool has_link(std::string const& name); // on the host
std::string alias_of(std::string const& link);
std::vector<std::string> links(); // of the host, sorted

// Changes what differs. Link-local addresses that the kernel made stay.
void ensure_leg(Leg const& leg);

void remove_link(std::string const& name);

// Keeps the host itself away from a link that only passes frames: no address that the kernel makes, no answer to ARP.
void silence(std::string const& link);

} // namespace volutus::network::on_linux

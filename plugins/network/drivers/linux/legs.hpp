// A leg: a pair of virtual links, one end on a network's bridge, the other in a namespace (a network's own port, a
// router's interface) or on the host (the gateway of its own network outside).
#pragma once

#include <volutus/json.hpp>

#include <cstdint>
#include <map>
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

// What `ip` shows of the links of a namespace, at one moment.
class Links {
public:
    explicit Links(std::string const& name_space);
    json::object const* find(std::string const& name) const;

    static bool is_up(json::object const& link);
    static std::string master_of(json::object const& link); // "" = none

private:
    std::map<std::string, json::object> shown_;
};

bool has_link(std::string const& name); // on the host
std::string alias_of(std::string const& link);

// Changes what differs. Link-local addresses that the kernel made stay.
void ensure_leg(Leg const& leg);
// How it differs from that, for people.
std::vector<std::string> how_altered(Leg const& leg, Links const& host);

void remove_link(std::string const& name);

// Keeps the host itself away from a link that only passes frames: no address that the kernel makes, no answer to ARP.
void silence(std::string const& link);

} // namespace volutus::network::on_linux

// What a network is on the host: a bridge, its way outside, and a namespace with the network's own port.
#pragma once

#include "firewall.hpp"
#include "legs.hpp"
#include "names.hpp"
#include "settings.hpp"

#include <volutus/contract/network.hpp>

#include <optional>
#include <string>
#include <vector>

namespace volutus::network::on_linux {

class Networks {
public:
    Networks(Settings const& settings, Names const& names, Firewall& firewall)
        : settings_(settings), names_(names), firewall_(firewall) {}

    void check(Network const& network) const; // Code::invalid, also for a network outside that is not configured
    std::string bridge_of(Network const& network) const;
    void ensure(Network const& network, unsigned zone);
    void remove(Network const& network); // by its names alone: what a crash left halfway goes, too
    std::vector<std::string> present() const;

    Bridge firewall_view(Network const& network, unsigned zone) const;
    // How it differs from what was ensured, for people; `host`: links of the host.
    std::vector<std::string> altered(Network const& network, Links const& host) const;

private:
    Physical const* physical_of(Network const& network) const;
    void ensure_bridge(Network const& network);
    void ensure_outside(Network const& network);
    void ensure_own_port(Network const& network);
    std::optional<Leg> host_leg(Network const& network) const; // by which the host is in its own network outside
    std::optional<Leg> own_leg(Network const& network) const;  // of the network's own port
    std::string dhcp_directory(std::string const& network) const;

    Settings const& settings_;
    Names const& names_;
    Firewall& firewall_;
};

} // namespace volutus::network::on_linux

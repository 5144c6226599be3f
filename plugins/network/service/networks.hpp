// What is done to networks.
#pragma once

#include "due.hpp"
#include "network.hpp"
#include "settings.hpp"

namespace volutus::network_service {

class SecurityGroups;

class Networks {
public:
    Networks(Settings const& settings, SecurityGroups& groups) : settings_(settings), groups_(groups) {}

    Reply create(Request& request, std::vector<Network> const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

    Settings const& settings() const { return settings_; }

private:
    void complete(Request& request, Network& network) const;
    Writes segment_of(Network& network) const;
    void check_change(Request& request, Network const& before, Network const& after) const;

    Settings const& settings_;
    SecurityGroups& groups_;
};

std::vector<std::string> zones_of(Request& request, Network const& network);
// Whom to show it, and its subnets: the outside's subnets are the operator's business.
std::string audience_of(Network const& network);
std::string subnets_audience_of(Network const& network);
// Where the ledger has the numbers of its segment; "" where it has none.
std::string segment_pool(Network const& network);

} // namespace volutus::network_service

// A router: a namespace with a leg in each of its networks, its routes, and its NAT. Nothing of one router is seen by
// another, so two tenants may use the same addresses.
#pragma once

#include "legs.hpp"
#include "names.hpp"
#include "settings.hpp"

#include <volutus/contract/network.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace volutus::network::on_linux {

class Routers {
public:
    // network: as it was ensured last; none when it is not there.
    using FindNetwork = std::function<std::optional<Network>(std::string const& id)>;
    using BridgeOf = std::function<std::string(Network const&)>;
    Routers(Settings const& settings, Names const& names, FindNetwork find_network, BridgeOf bridge_of)
        : settings_(settings), names_(names), find_network_(std::move(find_network)), bridge_of_(std::move(bridge_of)) {
    }

    void check(Router const& router) const;
    void ensure(Router const& router);
    void remove(std::string const& id);
    std::vector<std::string> present() const;
    std::vector<std::string> floating_ips() const; // "<router> <address> <fixed address>"
    // How it differs from what was ensured, for people; `host`: links of the host.
    std::vector<std::string> altered(Router const& router, Links const& host) const;

private:
    std::vector<Leg> legs(Router const& router) const;
    std::vector<std::string> route_changes(Router const& router) const; // lines for ip that are missing
    void ensure_legs(Router const& router);
    void ensure_routes(Router const& router);
    void ensure_translation(Router const& router);
    void ensure_advertisements(Router const& router);
    std::string advertiser_directory(std::string const& router) const;

    Settings const& settings_;
    Names const& names_;
    FindNetwork find_network_;
    BridgeOf bridge_of_;
};

} // namespace volutus::network::on_linux

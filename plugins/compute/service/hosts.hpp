// The hosts that the drivers have: kept as documents, told to placement, and shown as hypervisors.
#pragma once

#include "backends.hpp"
#include "host.hpp"
#include "settings.hpp"

#include <volutus/request.hpp>

#include <map>

namespace volutus::compute {

class Hosts {
public:
    explicit Hosts(Host host) : backends_(host) {}
    void configure(Settings const& settings) { settings_ = settings; }

    // Asks every driver for its hosts, and brings documents and providers up to date. What a driver that does not
    // answer has stays as it was, and is shown as down.
    void keep(Call& call);
    bool is_up(ComputeHost const& host) const;

    Reply list(Request& request);
    Reply show(Request& request);
    Reply statistics(Request& request);
    Reply uptime(Request& request);
    Reply search(Request& request);
    Reply servers_of(Request& request);

    Reply list_services(Request& request);
    Reply update_service(Request& request);
    Reply set_service(Request& request); // the form before 2.53: enable, disable, disable-log-reason
    Reply list_zones(Request& request);

private:
    // Inventories, zone, and whether it may be used.
    void tell_placement(Call& call, ComputeHost const& host) const;
    void keep_one(Call& call, Store& store, std::string const& driver, hypervisor::Host const& told);
    json::object hypervisor_of(Request& request, ComputeHost const& host, bool in_detail) const;
    json::object service_of(Request& request, ComputeHost const& host) const;
    ComputeHost require_hypervisor(Request& request) const;
    std::vector<ComputeHost> all(Request& request) const;
    ComputeHost set_disabled(Request& request, std::string const& id, bool disabled,
                             std::optional<std::string> reason) const;

    Backends backends_;
    Settings settings_;
    mutable world::Mutex mutex_;
    std::map<std::string, world::Instant> heard_; // of drivers: when they last told their hosts
};

} // namespace volutus::compute

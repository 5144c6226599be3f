// What is done to floating IPs.
#pragma once

#include "allocation.hpp"
#include "floating_ip.hpp"
#include "network.hpp"
#include "settings.hpp"

namespace volutus::network_service {

// Its address goes back when the router that leads it has been told.
Writes remove_with_port(Store& store, FloatingIp const& ip, Changed& changed);

class FloatingIps {
public:
    explicit FloatingIps(Settings const& settings) : settings_(settings) {}

    Reply create(Request& request, FloatingIp const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

private:
    void lead(Request& request, FloatingIp& ip, std::optional<std::string> const& fixed) const;

    Settings const& settings_;
};

} // namespace volutus::network_service

// What is done to routers.
#pragma once

#include "allocation.hpp"
#include "network.hpp"
#include "router.hpp"
#include "settings.hpp"

namespace volutus::network_service {

// The body of add_router_interface and remove_router_interface.
struct Interface {
    std::optional<std::string> subnet_id, port_id;
};
constexpr auto interface_rows = rows(field<&Interface::subnet_id>("subnet_id", max_length(255)),
                                     field<&Interface::port_id>("port_id", max_length(255)));
constexpr Fields rows_of(Interface const*) { return fields_of(interface_rows); }

// The body of add_extraroutes and remove_extraroutes.
struct ExtraRoutes {
    std::vector<HostRoute> routes;
};
constexpr auto extra_routes_rows = rows(field<&ExtraRoutes::routes>("routes", required_field, max_length(30)));
constexpr Fields rows_of(ExtraRoutes const*) { return fields_of(extra_routes_rows); }

class Routers {
public:
    explicit Routers(Settings const& settings) : settings_(settings) {}

    Reply create(Request& request, Router const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);
    Reply add_interface(Request& request, Interface const& wanted);
    Reply remove_interface(Request& request, Interface const& wanted);
    Reply add_routes(Request& request, ExtraRoutes const& wanted);
    Reply remove_routes(Request& request, ExtraRoutes const& wanted);

    Settings const& settings() const { return settings_; }

private:
    struct Gateway; // of a router that changes: the port as it is to be, and what goes

    void plan_gateway(Request& request, Router& router, Router const& before, Gateway& into) const;
    Router change_routes(Request& request, std::vector<HostRoute> const& add, std::vector<HostRoute> const& drop);
    Reply interface_reply(Request& request, Router const& router, Port const& port, std::string const& subnet) const;

    Settings const& settings_;
};

std::vector<std::string> router_zones(Request& request, Router const& router);
json::value gateway_of(Request& request, Router const& router);
// The router's ports: interfaces and gateway.
std::vector<Port> ports_of(Store& store, Router const& router);

} // namespace volutus::network_service

// From the manifests of the services to the gateway's table of routes.
#pragma once

#include "kernel/gateway/router.hpp"
#include "kernel/gateway/service_handler.hpp"
#include "kernel/gateway/settings.hpp"
#include "kernel/plugin/loader.hpp"

#include <optional>
#include <vector>

namespace volutus::kernel::daemon {

// A route as a service's manifest declares it; keys that are not here are the service's own.
struct RouteDeclaration {
    std::string id, method, path, policy;
    bool reads = false, streams = false, anonymous = false, websocket = false;
};
BOOST_DESCRIBE_STRUCT(RouteDeclaration, (), (id, method, path, policy, reads, streams, anonymous, websocket))

// What a service's manifest says of it; keys that are not here are the service's own.
struct ServiceDeclaration {
    std::string name;
    std::optional<std::string> type, endpoint, description;
};
BOOST_DESCRIBE_STRUCT(ServiceDeclaration, (), (name, type, endpoint, description))

// Nothing for a plugin that is no service.
std::optional<ServiceDeclaration> service_of(plugin::Manifest const& manifest);

std::vector<RouteDeclaration> routes_of(plugin::Manifest const& manifest);

// Its place on the listeners that all services share: "/<service>". Nothing for a plugin that is no service.
std::optional<std::string> mount_prefix(plugin::Manifest const& manifest);

// The listeners that all services share, with this prefix.
std::vector<gateway::Place> shared_places(gateway::Settings const& settings, std::string const& prefix);

// Each service at its prefix on the shared listeners, and without one on its own.
std::vector<gateway::Mount> mounts(std::vector<plugin::Loader::Loaded> const& plugins, plugin::Registry& registry,
                                   gateway::Settings const& settings, gateway::Authenticate const& authenticate,
                                   std::string const& challenge, trace::Tracer* tracer);

} // namespace volutus::kernel::daemon

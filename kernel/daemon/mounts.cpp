#include "kernel/daemon/mounts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::daemon {

namespace {

std::vector<gateway::Place> places_of(std::string const& service, std::string const& prefix,
                                      gateway::Settings const& settings) {
    auto const& own = settings.own_listeners;
    auto places = shared_places(settings, prefix);
    if (auto const found = own.find(service); found != own.end()) places.push_back({found->second, ""});
    return places;
}

gateway::Route route_from(RouteDeclaration const& declared, plugin::LinkKind link) {
    gateway::Route route;
    route.method = declared.method;
    route.pattern = declared.path;
    route.id = declared.id;
    // The connection's own thread serves only what cannot wait: another process can.
    route.reads_only =
        declared.reads && !declared.streams && !declared.websocket && link == plugin::LinkKind::in_process;
    route.streams_body = declared.streams;
    route.websocket = declared.websocket;
    return route;
}

} // namespace

std::vector<gateway::Place> shared_places(gateway::Settings const& settings, std::string const& prefix) {
    auto const& own = settings.own_listeners;
    std::vector<gateway::Place> places;
    for (auto const& listener : settings.config.listeners) {
        bool const of_one =
            std::any_of(own.begin(), own.end(), [&](auto const& entry) { return entry.second == listener.name; });
        if (!of_one) places.push_back({listener.name, prefix});
    }
    return places;
}

std::optional<ServiceDeclaration> service_of(plugin::Manifest const& manifest) {
    if (manifest.service.empty()) return std::nullopt;
    auto service = json::decode<ServiceDeclaration>(manifest.service);
    return service.name.empty() ? std::nullopt : std::optional(std::move(service));
}

std::vector<RouteDeclaration> routes_of(plugin::Manifest const& manifest) {
    std::vector<RouteDeclaration> out;
    for (auto const& route : manifest.routes) out.push_back(json::decode<RouteDeclaration>(route));
    return out;
}

std::optional<std::string> mount_prefix(plugin::Manifest const& manifest) {
    auto const service = service_of(manifest);
    return service ? std::optional("/" + service->name) : std::nullopt;
}

std::vector<gateway::Mount> mounts(std::vector<plugin::Loader::Loaded> const& plugins, plugin::Registry& registry,
                                   gateway::Settings const& settings, gateway::Authenticate const& authenticate,
                                   std::string const& challenge, trace::Tracer* tracer) {
    std::vector<gateway::Mount> out;
    auto const overdue = std::make_shared<gateway::Overdue>();
    for (auto const& [plan, link] : plugins) {
        auto const prefix = mount_prefix(plan.manifest);
        if (!prefix) continue;
        gateway::Mount mount;
        mount.service = prefix->substr(1);
        mount.places = places_of(mount.service, *prefix, settings);
        gateway::ServiceOptions options;
        options.plugin = plan.name;
        options.deadline = settings.request_deadline;
        options.challenge = challenge;
        options.tracer = tracer;
        options.overdue = overdue;
        for (auto const& declared : routes_of(plan.manifest)) {
            mount.routes.push_back(route_from(declared, plan.link));
            if (declared.anonymous) options.anonymous.insert(declared.id);
        }
        mount.handler = std::make_shared<gateway::ServiceHandler>(registry, std::move(options), authenticate);
        out.push_back(std::move(mount));
    }
    return out;
}

} // namespace volutus::kernel::daemon

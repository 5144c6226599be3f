// A plugin that answers a REST API. It registers its tables and has no dispatch, validation or error code of its own;
// resource.hpp has the example.
#pragma once

#include <volutus/contract/service.hpp>
#include <volutus/plugin.hpp>
#include <volutus/serves.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace volutus {

class RulesRead;
class RunningKeys;

class ServicePlugin : public Plugin, private service::Service {
public:
    // `traits` lives as long as the plugin.
    ServicePlugin(Host host, ServiceTraits const& traits);
    ~ServicePlugin() override;

    ServiceTraits const& service_traits() const { return *traits_; }
    // The OpenAPI 3.1 document of all tables.
    json::object openapi(std::string_view base) const;

protected:
    // Before start. `object` is what the table's method handlers are called on and Request::service<T>() gives.
    template <auto const& Table, class T> void serve(T& object) {
        serve_resource(erased<Table>(), &object, &type_tag<T>);
    }
    void serve_resource(Resource const& resource, void* object, void const* type);

    // Before and after every handler; for audit, metering, and headers that all replies bear. What before() throws is
    // the answer.
    virtual void before(Request&) {}
    virtual void after(Request&, Reply&) {}

private:
    struct Bound {
        Resource const* resource;
        RouteRow const* route;
        void* object;
    };

    service::HttpReply handle(Call&, service::HttpRequest const&) override;
    service::HttpReply refuse(Call&, service::Refusal const&) override;
    void bind(std::string id, Bound bound);
    Reply respond(Request& request, std::vector<Bound> const& candidates);
    void choose(Request& request, std::vector<Bound> const& candidates) const;
    Reply perform(Request& request);
    Reply perform_once(Request& request, std::string const& key);
    Reply fail(Call&, Error const&, std::string_view noun, Version version, unsigned status = 0) const;
    service::HttpReply send(Call&, Reply&&, Version version) const;

    ServiceTraits const* traits_;
    std::unique_ptr<RunningKeys> running_keys_;
    std::unique_ptr<RulesRead> rules_read_;
    std::vector<Resource const*> resources_;
    std::unordered_map<std::string, std::vector<Bound>> routes_; // by the manifest's route id; read-only after start
};

} // namespace volutus

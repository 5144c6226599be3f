// The catalog: regions, services and their endpoints, and what of them a token shows.
#pragma once

#include "settings.hpp"

#include <volutus/contract/cloud.hpp>
#include <volutus/request.hpp>
#include <volutus/world.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace volutus::identity_service {

struct Region : Stored {
    std::string id;
    std::optional<std::string> parent_region_id, description;
    json::object extra;
};
Resource const& resource_of(Region const*);

struct Service : Stored {
    std::string id, type;
    std::optional<std::string> name, description;
    bool enabled = true;
    json::object extra;
};
Resource const& resource_of(Service const*);

struct Endpoint : Stored {
    std::string id, service_id, interface, url;
    std::optional<std::string> region_id, name, description;
    bool enabled = true;
    json::object extra;
};
Resource const& resource_of(Endpoint const*);

// A service and its endpoints as tokens show them. Every member is shown, so null and empty ones are there.
struct CatalogEndpoint {
    std::string id, interface, url;
    std::optional<json::value> region_id, region;
};
BOOST_DESCRIBE_STRUCT(CatalogEndpoint, (), (id, interface, url, region_id, region))

struct CatalogEntry {
    std::string id, type, name;
    std::optional<std::vector<CatalogEndpoint>> endpoints;
};
BOOST_DESCRIBE_STRUCT(CatalogEntry, (), (id, type, name, endpoints))

// The address of an endpoint may hold $(base)s, which stands for the address of the cloud as the client sees it, and
// $(project_id)s, $(tenant_id)s or $(user_id)s, also written with %, which a token fills in.
class Catalog {
public:
    explicit Catalog(Host host) : host_(host) {}

    void configure(Settings const& settings) { settings_ = settings; }
    // Adds what is loaded and not there yet. What an operator changed stays.
    void add_loaded(Call& call);

    // The cloud's own address: the configured one, or that of this request.
    std::string base(Request const& request) const;
    // As in a token of this caller. Endpoints that need a project are left out where there is none.
    std::vector<CatalogEntry> entries(Store& store, Context const& caller, std::string const& base) const;

    Reply create_region(Request& request, Region const& wanted);
    Reply remove_region(Request& request);
    Reply remove_service(Request& request);
    Reply create_endpoint(Request& request, Endpoint const& wanted);
    Reply update_endpoint(Request& request);

private:
    // What is enabled, as it was at a revision. Every token shows it and it hardly changes, so it is read again when the
    // feed tells of a change and not for every token.
    struct Offered {
        std::uint64_t revision = 0;
        std::vector<Service> services;
        std::vector<Endpoint> endpoints;
    };
    std::shared_ptr<Offered const> offered(Store& store) const;
    void check_endpoint(Request& request, Endpoint const& endpoint);
    void add_service(Store& store, cloud::Service const& loaded);

    Host host_;
    Settings settings_;
    mutable world::Mutex mutex_;
    mutable std::shared_ptr<Offered const> offered_;
};

std::string shown_url(Request& request, Endpoint const& endpoint);

} // namespace volutus::identity_service

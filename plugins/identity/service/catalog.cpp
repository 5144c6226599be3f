#include "catalog.hpp"

#include "documents.hpp"
#include "endpoint_url.hpp"
#include "erasure.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace volutus::identity_service {

namespace {

constexpr std::string_view mount = "/identity";
constexpr std::string_view interfaces[] = {"public", "internal", "admin"};

// None when the feed does not go back so far.
std::optional<store::Feed> changes_after(Host host, Call& call, store::Changes const& wanted) {
    try {
        return Client<store::contract>(host).call<&store::Store::changes>(call, wanted);
    } catch (Error const& error) {
        if (error.code() != Code::conflict) throw;
        return std::nullopt;
    }
}

} // namespace

std::string Catalog::base(Request const& request) const {
    if (!settings_.public_url.empty()) return settings_.public_url;
    std::string_view base = request.http().base;
    if (base.size() >= mount.size() && base.substr(base.size() - mount.size()) == mount)
        base.remove_suffix(mount.size());
    return std::string(base);
}

std::shared_ptr<Catalog::Offered const> Catalog::offered(Store& store) const {
    std::shared_ptr<Offered const> known;
    {
        world::Lock const lock(mutex_);
        known = offered_;
    }
    if (known) {
        store::Changes since;
        since.since = known->revision;
        since.kinds = {std::string(resource_of(static_cast<Service const*>(nullptr)).kind_name),
                       std::string(resource_of(static_cast<Endpoint const*>(nullptr)).kind_name)};
        since.wait = false;
        auto feed = changes_after(host_, store.call(), since);
        // It may need several looks to get to the head.
        while (feed && feed->entries.empty() && feed->revision != since.since) {
            since.since = feed->revision;
            feed = changes_after(host_, store.call(), since);
        }
        if (!feed || !feed->entries.empty()) {
            known.reset();
        } else if (since.since != known->revision) {
            auto later = *known;
            later.revision = since.since;
            known = std::make_shared<Offered const>(std::move(later));
        } else {
            return known;
        }
    }
    if (!known) {
        Offered read;
        store::Query first;
        first.limit = 1;
        read.revision = store.page(resource_of(static_cast<Service const*>(nullptr)), std::move(first)).revision;
        read.services = store.all<Service>(where("enabled", true));
        read.endpoints = store.all<Endpoint>(where("enabled", true));
        known = std::make_shared<Offered const>(std::move(read));
    }
    world::Lock const lock(mutex_);
    if (!offered_ || offered_->revision < known->revision) offered_ = known;
    return known;
}

std::vector<CatalogEntry> Catalog::entries(Store& store, Context const& caller, std::string const& base) const {
    UrlValues values{{"base", base}};
    if (caller.user) values["user_id"] = caller.user->id;
    if (caller.project) values["project_id"] = values["tenant_id"] = caller.project->id;
    auto const there = offered(store);
    std::vector<CatalogEntry> entries;
    entries.reserve(there->services.size());
    std::map<std::string_view, std::vector<CatalogEndpoint>*> endpoints; // by service
    for (auto const& service : there->services) {
        entries.push_back({service.id, service.type, service.name.value_or(""), std::vector<CatalogEndpoint>()});
        endpoints[service.id] = &*entries.back().endpoints;
    }
    for (auto const& endpoint : there->endpoints) {
        auto const service = endpoints.find(endpoint.service_id);
        auto url = filled_in(endpoint.url, values);
        if (service == endpoints.end() || !url) continue;
        auto const region = endpoint.region_id ? json::value(json::string(*endpoint.region_id)) : json::value();
        service->second->push_back({endpoint.id, endpoint.interface, std::move(*url), region, region});
    }
    return entries;
}

Reply Catalog::create_region(Request& request, Region const& wanted) {
    auto region = wanted;
    auto const& named = request.http().parameters;
    if (auto const found = named.find("region_id"); found != named.end()) {
        if (!region.id.empty() && region.id != found->second)
            throw Error(Code::invalid, "The region's id in the URL and in the body differ.");
        region.id = found->second;
    }
    if (region.id.empty()) region.id = new_plain_uuid();
    if (region.id.size() > 255) throw Error(Code::invalid, "A region's id has at most 255 bytes.");
    if (region.parent_region_id && !request.store().get<Region>(*region.parent_region_id))
        request.missing("region", *region.parent_region_id);
    try {
        request.apply(put(region));
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw;
        throw Error(Code::conflict,
                    fmt::format("Conflict occurred attempting to store region - Duplicate ID, {}.", region.id));
    }
    return request.shown(region);
}

Reply Catalog::remove_region(Request& request) {
    auto const region = request.require<Region>();
    try {
        Erasure(request.host(), request.call()).erase(region);
    } catch (Error const& error) {
        if (error.code() != Code::conflict) throw;
        throw Error(Code::forbidden, fmt::format("Unable to delete region {} because it or its child regions have "
                                                 "associated endpoints.",
                                                 region.id));
    }
    return request.reply();
}

Reply Catalog::remove_service(Request& request) {
    Erasure(request.host(), request.call()).erase(request.require<Service>());
    return request.reply();
}

// A region that is named "region", as older clients do, is made when it is not there.
void Catalog::check_endpoint(Request& request, Endpoint const& endpoint) {
    auto& store = request.store();
    if (!store.get<Service>(endpoint.service_id))
        throw Error(Code::invalid, fmt::format("Could not find service: {}.", endpoint.service_id));
    if (!is_absolute(endpoint.url))
        throw Error(Code::invalid, fmt::format("'{}' is no URL: it begins with a scheme, as in https:", endpoint.url));
    if (!filled_in(endpoint.url, {{"base", ""}, {"user_id", ""}, {"project_id", ""}, {"tenant_id", ""}}))
        throw Error(Code::invalid, fmt::format("Malformed endpoint URL ({}); it may hold $(project_id)s, $(tenant_id)s "
                                               "and $(user_id)s.",
                                               endpoint.url));
    if (!endpoint.region_id || store.get<Region>(*endpoint.region_id)) return;
    if (!request.body().contains("region"))
        throw Error(Code::invalid, fmt::format("Could not find region: {}.", *endpoint.region_id));
    Region region;
    region.id = *endpoint.region_id;
    region.description = "";
    request.apply(put(region));
}

Reply Catalog::create_endpoint(Request& request, Endpoint const& wanted) {
    auto endpoint = wanted;
    endpoint.id = new_plain_uuid();
    check_endpoint(request, endpoint);
    request.apply(put(endpoint));
    return request.shown(endpoint);
}

Reply Catalog::update_endpoint(Request& request) {
    return retry_on_conflict([&] {
        auto endpoint = request.require<Endpoint>();
        request.change(endpoint);
        check_endpoint(request, endpoint);
        request.apply(put(endpoint));
        return request.shown(endpoint);
    });
}

std::string shown_url(Request& request, Endpoint const& endpoint) {
    return with_base(endpoint.url, request.service<Catalog>().base(request));
}

void Catalog::add_loaded(Call& call) {
    Store store(host_, call);
    auto const loaded = Client<cloud::contract>(host_).call<&cloud::Cloud::services>(call).services;
    if (!store.get<Region>(settings_.region)) {
        Region region;
        region.id = settings_.region;
        region.description = "";
        store.apply(put(region));
    }
    for (auto const& service : loaded) add_service(store, service);
}

void Catalog::add_service(Store& store, cloud::Service const& loaded) {
    auto service = store.find<Service>(where("type", json::string(loaded.type)));
    Writes writes;
    std::vector<Endpoint> there;
    if (service) {
        there = store.all<Endpoint>(where("service_id", json::string(service->id)),
                                    where("region_id", json::string(settings_.region)));
    } else {
        service.emplace();
        service->id = new_plain_uuid();
        service->type = loaded.type;
        service->name = loaded.name;
        service->description = loaded.description;
        writes += put(*service);
    }
    for (auto interface : interfaces) {
        if (std::any_of(there.begin(), there.end(), [&](auto const& row) { return row.interface == interface; }))
            continue;
        Endpoint endpoint;
        endpoint.id = new_plain_uuid();
        endpoint.service_id = service->id;
        endpoint.interface = interface;
        endpoint.region_id = settings_.region;
        endpoint.url = "$(base)s" + loaded.path;
        writes += put(endpoint);
    }
    if (!writes.apply.put.empty()) store.apply(std::move(writes));
}

} // namespace volutus::identity_service

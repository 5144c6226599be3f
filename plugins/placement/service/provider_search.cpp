#include "provider_search.hpp"

#include "changes.hpp"
#include "landscape.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::placement_service {

namespace {

struct Asked : Group {
    std::optional<std::string> name, uuid;

    bool wants(Provider const& provider) const {
        return (!name || provider.name == *name) && (!uuid || provider.id == *uuid);
    }
    bool looks_at_room() const { return !resources.empty() || !empty_but_resources(); }
};

std::string uuid_from(std::string const& name, std::string const& value) {
    if (!is_uuid(value)) refuse_query(fmt::format("Invalid uuid: {} '{}' is not a 'uuid'", name, value));
    return canonical_uuid(value);
}

Asked asked_of(Request& request) {
    Asked asked;
    for (auto const& [name, value] : request.http().query) {
        if (name == "name")
            asked.name = value;
        else if (name == "uuid")
            asked.uuid = uuid_from(name, value);
        else if (name == "resources" && request.since("1.4"))
            read_resources(asked, value);
        else if (name == "in_tree" && request.since("1.14"))
            asked.in_tree = uuid_from(name, value);
        else if (!(name == "member_of" && request.since("1.3")) && !(name == "required" && request.since("1.18")))
            refuse_query(fmt::format("Additional properties are not allowed ('{}' was unexpected)", name));
    }
    read_all(asked, request, "");
    check_names(request.store(), asked);
    return asked;
}

std::vector<Provider> found(Request& request, Asked const& asked) {
    std::vector<Provider> providers;
    if (!asked.looks_at_room() && (asked.name || asked.uuid)) { // one at most: no need to look at all
        auto one = asked.uuid ? request.store().get<Provider>(*asked.uuid)
                              : request.store().find<Provider>(where("name", json::string(*asked.name)));
        if (one && asked.wants(*one)) providers.push_back(std::move(*one));
        return providers;
    }
    Names classes;
    for (auto const& [resource, amount] : asked.resources) classes.insert(resource);
    Landscape const landscape(request.store(), classes);
    auto const* tree = landscape.tree_for(asked);
    for (auto const& place : landscape.places())
        if (asked.wants(place.provider) && (!asked.in_tree || place.root == tree) && meets(place, asked) &&
            place.fits(asked.resources))
            providers.push_back(place.provider);
    return providers;
}

} // namespace

Reply list_providers(Request& request) {
    auto const providers = found(request, asked_of(request));
    std::string newest;
    for (auto const& provider : providers) newest = std::max(newest, provider.updated_at);
    return modified(request.shown_all(providers), newest);
}

} // namespace volutus::placement_service

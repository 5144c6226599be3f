#include "candidates.hpp"

#include "candidate_search.hpp"

namespace volutus::placement_service {

namespace {

// Until 1.11 the allocations of a candidate are a list, from 1.12 on they are keyed by provider: what a PUT of
// allocations takes in that version.
json::object request_for(Request& request, Candidate const& candidate) {
    json::object by_provider;
    json::array list;
    for (auto const& [provider, amounts] : candidate.amounts) {
        json::object one{{"resources", json::encode(amounts)}};
        if (request.since("1.12")) {
            by_provider.emplace(provider, std::move(one));
        } else {
            one.emplace("resource_provider", json::object{{"uuid", provider}});
            list.push_back(std::move(one));
        }
    }
    if (!request.since("1.12")) return {{"allocations", std::move(list)}};
    json::object shown{{"allocations", std::move(by_provider)}};
    if (request.since("1.34")) {
        json::object mappings;
        for (auto const& [suffix, providers] : candidate.serving)
            mappings.emplace(suffix, json::array(providers.begin(), providers.end()));
        shown.emplace("mappings", std::move(mappings));
    }
    return shown;
}

json::object summary_of(Request& request, Place const& place, Names const& asked) {
    json::object resources;
    for (auto const& [name, account] : place.accounts)
        // Until 1.26 only what was asked for.
        if (request.since("1.27") || asked.count(name))
            resources.emplace(name, json::object{{"capacity", capacity_of(account)}, {"used", account.used}});
    json::object summary{{"resources", std::move(resources)}};
    if (request.since("1.17")) summary.emplace("traits", json::encode(place.provider.traits));
    if (request.since("1.29")) {
        summary.emplace("parent_provider_uuid", json::encode(place.provider.parent));
        summary.emplace("root_provider_uuid", place.root->provider.id);
    }
    return summary;
}

} // namespace

Reply list_candidates(Request& request) {
    auto const search = search_of(request);
    auto const asked = search.classes();
    using Rooms = Landscape::Rooms;
    Landscape const landscape(request.store(), asked, request.since("1.27") ? Rooms::all : Rooms::asked);
    json::array requests;
    json::object summaries;
    auto summarise = [&](Place const& place) {
        auto& summary = summaries[place.provider.id];
        if (summary.is_null()) summary = summary_of(request, place, asked);
    };
    for (auto const& candidate : candidates_for(search, landscape, request.since("1.29"))) {
        requests.push_back(request_for(request, candidate));
        for (auto const& [provider, amounts] : candidate.amounts) {
            auto const* place = landscape.find(provider);
            summarise(*place);
            // From 1.29 on the whole trees, so that a client sees what stands beside what it gets.
            if (request.since("1.29"))
                for (auto const* other : landscape.tree_of(*place)) summarise(*other);
        }
    }
    return request.reply(
        json::object{{"allocation_requests", std::move(requests)}, {"provider_summaries", std::move(summaries)}});
}

} // namespace volutus::placement_service

#include "landscape.hpp"

#include "names.hpp"

#include <algorithm>

namespace volutus::placement_service {

bool Place::shares() const { return has_trait("MISC_SHARES_VIA_AGGREGATE"); }

bool Place::has_trait(std::string const& name) const {
    return std::find(provider.traits.begin(), provider.traits.end(), name) != provider.traits.end();
}

bool Place::is_in(Names const& aggregates) const {
    return std::any_of(provider.aggregates.begin(), provider.aggregates.end(),
                       [&](auto const& one) { return aggregates.count(one) > 0; });
}

bool Place::fits(std::string const& resource, std::int64_t amount) const {
    auto const found = accounts.find(resource);
    if (found == accounts.end()) return false;
    auto const& account = found->second;
    return amount >= account.min_unit && (account.max_unit == 0 || amount <= account.max_unit) &&
           amount % account.step_size == 0 && amount <= capacity_of(account) - account.used;
}

bool Place::fits(std::map<std::string, std::int64_t> const& amounts) const {
    return std::all_of(amounts.begin(), amounts.end(), [&](auto const& one) { return fits(one.first, one.second); });
}

bool Place::is_below(Place const& other) const {
    auto const* at = this;
    while (at && at != &other) at = at->parent;
    return at != nullptr;
}

bool meets(Place const& place, Group const& group) {
    auto const has = [&](std::string const& trait) { return place.has_trait(trait); };
    return std::none_of(group.forbidden.begin(), group.forbidden.end(), has) &&
           std::all_of(group.required.begin(), group.required.end(),
                       [&](Names const& any) { return std::any_of(any.begin(), any.end(), has); }) &&
           std::all_of(group.member_of.begin(), group.member_of.end(),
                       [&](Names const& any) { return place.is_in(any); }) &&
           !place.is_in(group.not_member_of);
}

Landscape::Landscape(Store& store, Names const& classes, Rooms rooms) {
    auto providers = store.all<Provider>();
    std::sort(providers.begin(), providers.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    for (auto& provider : providers) {
        auto& place = places_.emplace_back();
        place.provider = std::move(provider);
        by_id_[place.provider.id] = &place;
    }
    for (auto& place : places_) {
        if (auto const& parent = place.provider.parent) {
            auto const found = by_id_.find(*parent);
            if (found != by_id_.end()) place.parent = found->second;
        }
        auto const root = by_id_.find(place.provider.root);
        place.root = root == by_id_.end() ? &place : root->second;
        trees_[place.root->provider.id].push_back(&place);
        if (place.shares()) sharing_.push_back(&place);
    }
    auto wanted = classes;
    if (rooms == Rooms::all) {
        for (auto& name : standard_class_names()) wanted.insert(std::move(name));
        for (auto const& place : places_)
            wanted.insert(place.provider.custom_classes.begin(), place.provider.custom_classes.end());
    }
    for (auto const& resource : wanted) read_rooms(store, resource);
}

void Landscape::read_rooms(Store& store, std::string const& resource) {
    store::AccountQuery query;
    query.resource = resource;
    while (true) {
        auto page = store.accounts(query);
        for (auto& account : page.accounts)
            if (auto const found = by_id_.find(account.account); found != by_id_.end() && !account.quota)
                found->second->accounts.emplace(resource, std::move(account));
        if (!page.next_after) return;
        query.after = std::move(page.next_after);
    }
}

Place const* Landscape::find(std::string const& id) const {
    auto const found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

std::vector<Place const*> Landscape::roots() const {
    std::vector<Place const*> roots;
    for (auto const& place : places_)
        if (place.root == &place) roots.push_back(&place);
    return roots;
}

Landscape::Tree Landscape::sharing_with(Place const& root) const {
    Names aggregates;
    for (auto const* place : tree_of(root))
        aggregates.insert(place->provider.aggregates.begin(), place->provider.aggregates.end());
    Tree found;
    for (auto const* place : sharing_)
        if (place->root != &root && place->is_in(aggregates)) found.push_back(place);
    return found;
}

Place const* Landscape::tree_for(Group const& group) const {
    auto const* place = group.in_tree ? find(*group.in_tree) : nullptr;
    return place ? place->root : nullptr;
}

} // namespace volutus::placement_service

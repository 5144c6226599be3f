#include "provided.hpp"

#include "inventories.hpp"
#include "names.hpp"

#include <volutus/formats.hpp>

#include <algorithm>
#include <set>

namespace volutus::placement_service {

namespace {

// What the owner tells takes the place of what it told before; what an operator added stays.
bool bring_up_to_date(std::vector<std::string>& all, std::vector<std::string>& kept, std::vector<std::string> told) {
    std::sort(told.begin(), told.end());
    std::set<std::string> now(all.begin(), all.end());
    for (auto const& old : kept) now.erase(old);
    now.insert(told.begin(), told.end());
    std::vector<std::string> sorted(now.begin(), now.end());
    if (sorted == all && told == kept) return false;
    all = std::move(sorted);
    kept = std::move(told);
    return true;
}

std::vector<Inventory> checked(std::vector<Inventory> inventories) {
    for (auto& inventory : inventories) {
        if (inventory.max_unit == 0) inventory.max_unit = largest_unit;
        check(inventory);
    }
    return inventories;
}

std::vector<std::string> classes_of(std::vector<Inventory> const& inventories) {
    std::vector<std::string> names;
    for (auto const& inventory : inventories) names.push_back(inventory.resource_class);
    return names;
}

} // namespace

void Provided::keep(Call& call, placement::Provider const& wanted) {
    if (!is_uuid(wanted.id) || wanted.name.empty() || wanted.name.size() > 200)
        throw Error(Code::invalid, "a provider has a UUID and a name of 1 to 200 characters; this one is '" +
                                       wanted.id + "', '" + wanted.name + "'");
    Store store(host_, call);
    retry_on_conflict([&] {
        auto provider = store.get<Provider>(wanted.id).value_or(Provider{});
        bool const is_new = provider.id.empty();
        provider.id = wanted.id;
        auto const inventories = checked(wanted.inventories);
        auto writes = replace_inventories(provider, accounts_of(store, wanted.id), inventories);
        auto traits = provider.traits;
        bool const other_traits = bring_up_to_date(traits, provider.kept_traits, wanted.traits);
        bool const other_aggregates =
            bring_up_to_date(provider.aggregates, provider.kept_aggregates, wanted.aggregates);
        bool const differs = is_new || provider.name != wanted.name || other_traits || other_aggregates;
        if (!differs && writes.apply.set.empty()) return;
        auto const now = timestamp_now();
        if (is_new) {
            provider.created_at = now;
            provider.root = wanted.id;
        }
        provider.name = wanted.name;
        provider.set_traits(std::move(traits));
        provider.updated_at = now;
        if (!is_new) ++provider.generation;
        writes += register_traits(store, provider.kept_traits);
        writes += register_classes(store, classes_of(inventories));
        store.apply(put(provider) + std::move(writes));
    });
}

void Provided::remove(Call& call, placement::ProviderId const& gone) {
    Store store(host_, call);
    retry_on_conflict([&] {
        auto const provider = store.get<Provider>(gone.id);
        if (!provider) return;
        Writes writes = volutus::remove(*provider);
        for (auto const& [resource, account] : accounts_of(store, gone.id)) writes += drop_inventory(account);
        store.apply(std::move(writes));
    });
}

} // namespace volutus::placement_service

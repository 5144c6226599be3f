#include "inventories.hpp"

#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace volutus::placement_service {

Accounts accounts_of(Store& store, std::string const& provider) {
    Accounts found;
    store::AccountQuery query;
    query.account = provider;
    while (true) {
        auto page = store.accounts(query);
        for (auto& account : page.accounts)
            if (!account.quota) found.insert_or_assign(account.resource, std::move(account));
        if (!page.next_after) return found;
        query.after = std::move(page.next_after);
    }
}

std::int64_t capacity_of(store::Account const& account) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(account.total - account.reserved) * account.ratio));
}

Inventory inventory_of(store::Account const& account) {
    return {account.resource,
            account.total,
            account.reserved,
            account.min_unit,
            account.max_unit == 0 ? largest_unit : account.max_unit,
            account.step_size,
            account.ratio};
}

json::object shown(Inventory const& inventory) {
    return {{"total", inventory.total},         {"reserved", inventory.reserved},
            {"min_unit", inventory.min_unit},   {"max_unit", inventory.max_unit},
            {"step_size", inventory.step_size}, {"allocation_ratio", inventory.allocation_ratio}};
}

void check(Inventory const& inventory) {
    auto refuse = [&](std::string const& why) {
        throw Error(Code::invalid, fmt::format("Unable to set inventory of {}: {}.", inventory.resource_class, why));
    };
    if (inventory.total < 1 || inventory.total > largest_unit) refuse(fmt::format("total is 1 to {}", largest_unit));
    if (inventory.reserved < 0 || inventory.reserved > inventory.total) refuse("reserved is at most the total");
    if (inventory.min_unit < 1 || inventory.max_unit < inventory.min_unit || inventory.max_unit > largest_unit)
        refuse("min_unit is at least 1 and at most max_unit");
    if (inventory.step_size < 1 || inventory.step_size > largest_unit) refuse("step_size is at least 1");
    if (!(inventory.allocation_ratio > 0) || inventory.allocation_ratio > 1e6) refuse("allocation_ratio is positive");
}

Inventory inventory_from(std::string resource_class, json::object const& body) {
    Inventory inventory;
    inventory.resource_class = std::move(resource_class);
    inventory.max_unit = largest_unit;
    auto refuse = [](std::string const& why) { throw Error(Code::invalid, "JSON does not validate: " + why); };
    if (!is_name(inventory.resource_class))
        refuse(fmt::format("'{:.255}' is no resource class: capitals, digits and '_'", inventory.resource_class));
    if (!body.contains("total"))
        refuse(fmt::format("'total' is a required property of the inventory of {}", inventory.resource_class));
    for (auto const& [key, value] : body) {
        std::int64_t* number = key == "total"       ? &inventory.total
                               : key == "reserved"  ? &inventory.reserved
                               : key == "min_unit"  ? &inventory.min_unit
                               : key == "max_unit"  ? &inventory.max_unit
                               : key == "step_size" ? &inventory.step_size
                                                    : nullptr;
        if (key == "allocation_ratio" && value.is_number())
            inventory.allocation_ratio = value.to_number<double>();
        else if (key == "resource_provider_generation" && value.is_int64())
            continue; // of the provider, checked by whoever reads the whole body
        else if (!number && key != "allocation_ratio")
            refuse(fmt::format("an inventory has no '{:.255}'", std::string_view(key)));
        else if (!number || !value.is_int64())
            refuse(fmt::format("{} of {} is no number", std::string_view(key), inventory.resource_class));
        else
            *number = value.get_int64();
    }
    check(inventory);
    return inventory;
}

Writes set_inventory(std::string const& provider, Inventory const& inventory) {
    store::SetAccount account;
    account.account = provider;
    account.resource = inventory.resource_class;
    account.total = inventory.total;
    account.reserved = inventory.reserved;
    account.min_unit = inventory.min_unit;
    account.max_unit = inventory.max_unit == largest_unit ? 0 : inventory.max_unit;
    account.step_size = inventory.step_size;
    account.ratio = inventory.allocation_ratio;
    return set_account(std::move(account));
}

Writes drop_inventory(store::Account const& account) {
    store::SetAccount dropped;
    dropped.account = account.account;
    dropped.resource = account.resource;
    dropped.drop = true;
    return set_account(std::move(dropped));
}

Writes replace_inventories(Provider& provider, Accounts const& there, std::vector<Inventory> const& wanted) {
    Writes writes;
    std::vector<std::string> named;
    for (auto const& inventory : wanted) {
        named.push_back(inventory.resource_class);
        auto const found = there.find(inventory.resource_class);
        if (found == there.end() || !same(inventory_of(found->second), inventory))
            writes += set_inventory(provider.id, inventory);
    }
    for (auto const& [resource, account] : there)
        if (std::find(named.begin(), named.end(), resource) == named.end()) writes += drop_inventory(account);
    provider.custom_classes = custom_among(named);
    return writes;
}

bool same(Inventory const& one, Inventory const& other) {
    return one.resource_class == other.resource_class && one.total == other.total && one.reserved == other.reserved &&
           one.min_unit == other.min_unit && one.max_unit == other.max_unit && one.step_size == other.step_size &&
           one.allocation_ratio == other.allocation_ratio;
}

} // namespace volutus::placement_service

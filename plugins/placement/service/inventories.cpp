#include "inventories.hpp"

#include <fmt/format.h>

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
    if (account.used > 0)
        throw Error(Code::conflict, fmt::format("Unable to delete inventory of {}: {} of it are in use by allocations.",
                                                account.resource, account.used));
    store::SetAccount dropped;
    dropped.account = account.account;
    dropped.resource = account.resource;
    dropped.drop = true;
    return set_account(std::move(dropped));
}

bool same(Inventory const& one, Inventory const& other) {
    return one.resource_class == other.resource_class && one.total == other.total && one.reserved == other.reserved &&
           one.min_unit == other.min_unit && one.max_unit == other.max_unit && one.step_size == other.step_size &&
           one.allocation_ratio == other.allocation_ratio;
}

} // namespace volutus::placement_service

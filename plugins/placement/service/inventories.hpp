// Inventories as the API shows them, and the ledger's accounts that they are.
#pragma once

#include "provider.hpp"

#include <volutus/contract/placement.hpp>

#include <map>
#include <string>
#include <vector>

namespace volutus::placement_service {

using placement::Inventory;

// By resource class.
using Accounts = std::map<std::string, store::Account>;

inline constexpr std::int64_t largest_unit = 2147483647; // max_unit where nobody set one

Accounts accounts_of(Store& store, std::string const& provider);
// Units of the class that can be claimed in all.
std::int64_t capacity_of(store::Account const& account);

Inventory inventory_of(store::Account const& account);
json::object shown(Inventory const& inventory);
// Throws invalid with what would be right: a total of at least 1, reserved at most the total, units that fit.
void check(Inventory const& inventory);
// As a client sends it, checked. Other members of the body than an inventory's are refused.
Inventory inventory_from(std::string resource_class, json::object const& body);

// What makes an account say this.
Writes set_inventory(std::string const& provider, Inventory const& inventory);
// The apply is a conflict while something is claimed from it.
Writes drop_inventory(store::Account const& account);
// What makes the provider have these and no others; its list of custom classes is brought up to date.
Writes replace_inventories(Provider& provider, Accounts const& there, std::vector<Inventory> const& wanted);
bool same(Inventory const& one, Inventory const& other);

} // namespace volutus::placement_service

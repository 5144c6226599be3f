// The handlers of a provider's inventories, and of what is used of them.
#pragma once

#include "inventories.hpp"

#include <volutus/field.hpp>
#include <volutus/request.hpp>

#include <vector>

namespace volutus::placement_service {

struct NewInventories {
    std::int64_t generation = 0;
    json::object inventories;
};
Fields rows_of(NewInventories const*);

// Of a body {class: inventory}; the classes exist.
std::vector<Inventory> inventories_from(Request& request, json::object const& body);

Reply list_inventories(Request& request);
Reply add_inventory(Request& request);
Reply put_inventories(Request& request, NewInventories const& wanted);
Reply remove_inventories(Request& request);
Reply show_inventory(Request& request);
Reply put_inventory(Request& request);
Reply remove_inventory(Request& request);
Reply list_provider_usages(Request& request);

} // namespace volutus::placement_service

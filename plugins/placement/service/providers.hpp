// The handlers of resource providers, their inventories, traits, aggregates and usages.
#pragma once

#include "provider.hpp"

#include <volutus/field.hpp>
#include <volutus/request.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::placement_service {

struct NewProvider {
    std::optional<std::string> uuid, parent;
    std::string name;
};
struct ChangedProvider {
    std::string name;
};
struct NewInventories {
    std::int64_t generation = 0;
    json::object inventories;
};
struct NewTraits {
    std::int64_t generation = 0;
    std::vector<std::string> traits;
};
Fields rows_of(NewProvider const*);
Fields rows_of(ChangedProvider const*);
Fields rows_of(NewInventories const*);
Fields rows_of(NewTraits const*);

json::array links_of(Request& request, Provider const& provider);
std::string uuid_of(Request& request, Provider const& provider);
std::string root_of(Request& request, Provider const& provider);

Reply list_providers(Request& request);
Reply create_provider(Request& request, NewProvider const& wanted);
Reply rename_provider(Request& request, ChangedProvider const& wanted);
Reply remove_provider(Request& request);

Reply list_inventories(Request& request);
Reply replace_inventories(Request& request, NewInventories const& wanted);
Reply show_inventory(Request& request);
Reply set_one_inventory(Request& request);
Reply remove_inventory(Request& request);
Reply list_usages(Request& request);

Reply list_provider_traits(Request& request);
Reply replace_traits(Request& request, NewTraits const& wanted);
Reply list_aggregates(Request& request);
Reply replace_aggregates(Request& request);
Reply list_provider_allocations(Request& request);

} // namespace volutus::placement_service

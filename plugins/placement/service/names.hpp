// The names of resource classes and of traits: the standard ones, which every cloud has, and custom ones, each a
// document of its own, so that the store lets none go that a provider uses.
#pragma once

#include <volutus/store.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace volutus::placement_service {

struct ResourceClass : Stored {
    std::string id; // the name
    std::string created_at;
};
struct Trait : Stored {
    std::string id; // the name
    std::string created_at;
};
Resource const& resource_of(ResourceClass const*);
Resource const& resource_of(Trait const*);

bool is_name(std::string_view text);   // capitals, digits and '_', at most 255
bool is_custom(std::string_view text); // such a name with "CUSTOM_" before it

bool is_standard_class(std::string_view name);
bool is_standard_trait(std::string_view name);
std::vector<std::string> standard_class_names(); // in the order in which OpenStack numbers them

bool is_class(Store& store, std::string const& name);
bool is_trait(Store& store, std::string const& name);
// invalid, with the names that are none.
void check_traits(Store& store, std::vector<std::string> const& names);
// invalid in the words of the API.
void check_class(Store& store, std::string const& name);

// Those among the names that are custom: what a provider refers to.
std::vector<std::string> custom_among(std::vector<std::string> const& names);

// Documents for those custom names that have none, for services that tell what they have and ask nobody.
Writes register_classes(Store& store, std::vector<std::string> const& names);
Writes register_traits(Store& store, std::vector<std::string> const& names);

} // namespace volutus::placement_service

#include "provider_inventories.hpp"

#include "changes.hpp"
#include "names.hpp"

#include <fmt/format.h>

namespace volutus::placement_service {

Fields rows_of(NewInventories const*) {
    static constexpr auto table =
        rows(field<&NewInventories::generation>("resource_provider_generation", required_field, at_least(0)),
             field<&NewInventories::inventories>("inventories", required_field));
    return fields_of(table);
}

namespace {

// Room that is all reserved can be said from 1.26 on.
Inventory checked(Request& request, std::string resource_class, json::object const& body) {
    auto inventory = inventory_from(std::move(resource_class), body);
    check_class(request.store(), inventory.resource_class);
    if (!request.since("1.26") && inventory.reserved == inventory.total)
        throw Error(Code::invalid, fmt::format("Unable to set inventory of {}: The reserved value is greater than or "
                                               "equal to total.",
                                               inventory.resource_class));
    return inventory;
}

json::object const& body_object(Request& request) {
    auto const* body = request.document().if_object();
    if (!body) throw Error(Code::invalid, "JSON does not validate: the body is an object");
    return *body;
}

void check_generation_of(Provider const& provider, json::object const& body, bool required) {
    auto const* generation = body.if_contains("resource_provider_generation");
    if (!generation && !required) return;
    if (!generation || !generation->is_int64())
        throw Error(Code::invalid,
                    "JSON does not validate: 'resource_provider_generation' is a required property, a number");
    check_generation(provider, generation->get_int64());
}

Reply shown_inventories(Request& request, Provider const& provider) {
    json::object inventories;
    for (auto const& [resource, account] : accounts_of(request.store(), provider.id))
        inventories.emplace(resource, shown(inventory_of(account)));
    return modified(request.reply(json::object{{"resource_provider_generation", provider.generation},
                                               {"inventories", std::move(inventories)}}),
                    provider.updated_at);
}

Reply shown_one(Request& request, Provider const& provider, Inventory const& inventory) {
    auto body = shown(inventory);
    body.emplace("resource_provider_generation", provider.generation);
    return modified(request.reply(std::move(body)), provider.updated_at);
}

store::Account const& account_of(Accounts const& accounts, Provider const& provider, std::string const& resource) {
    auto const found = accounts.find(resource);
    if (found == accounts.end())
        throw Error(Code::not_found, fmt::format("No inventory of class {} for {}", resource, provider.id));
    return found->second;
}

// One inventory beside those that stay.
Writes with(Provider& provider, Accounts const& there, Inventory const& inventory) {
    std::vector<Inventory> wanted{inventory};
    for (auto const& [resource, account] : there)
        if (resource != inventory.resource_class) wanted.push_back(inventory_of(account));
    return replace_inventories(provider, there, wanted);
}

} // namespace

std::vector<Inventory> inventories_from(Request& request, json::object const& body) {
    std::vector<Inventory> wanted;
    for (auto const& [resource, inventory] : body) {
        if (!inventory.is_object())
            throw Error(Code::invalid, fmt::format("JSON does not validate: the inventory of {:.255} is no object",
                                                   std::string_view(resource)));
        wanted.push_back(checked(request, std::string(resource), inventory.get_object()));
    }
    return wanted;
}

Reply list_inventories(Request& request) { return shown_inventories(request, provider_of(request)); }

Reply add_inventory(Request& request) {
    auto body = body_object(request);
    auto const* name = body.if_contains("resource_class");
    if (!name || !name->is_string())
        throw Error(Code::invalid, "JSON does not validate: 'resource_class' is a required property");
    auto resource = json::text(*name);
    body.erase("resource_class");
    auto provider = provider_of(request);
    check_generation_of(provider, body, false);
    auto const inventory = checked(request, std::move(resource), body);
    auto const there = accounts_of(request.store(), provider.id);
    if (there.count(inventory.resource_class))
        throw coded(Code::conflict,
                    fmt::format("Update conflict: resource provider {} has an inventory of {} already", provider.id,
                                inventory.resource_class),
                    concurrent_update);
    advance(request, provider, with(provider, there, inventory));
    return shown_one(request, provider, inventory)
        .header("Location",
                request.link("/resource_providers/" + provider.id + "/inventories/" + inventory.resource_class));
}

Reply put_inventories(Request& request, NewInventories const& wanted) {
    auto provider = provider_of(request);
    auto const inventories = inventories_from(request, wanted.inventories);
    check_generation(provider, wanted.generation);
    auto const there = accounts_of(request.store(), provider.id);
    advance(request, provider, replace_inventories(provider, there, inventories));
    return shown_inventories(request, provider);
}

Reply remove_inventories(Request& request) {
    auto provider = provider_of(request);
    auto const there = accounts_of(request.store(), provider.id);
    advance(request, provider, replace_inventories(provider, there, {}));
    return request.reply();
}

Reply show_inventory(Request& request) {
    auto const provider = provider_of(request);
    auto const accounts = accounts_of(request.store(), provider.id);
    return shown_one(request, provider,
                     inventory_of(account_of(accounts, provider, request.parameter("resource_class"))));
}

Reply put_inventory(Request& request) {
    auto const& body = body_object(request);
    auto provider = provider_of(request);
    auto const inventory = checked(request, request.parameter("resource_class"), body);
    check_generation_of(provider, body, true);
    auto const there = accounts_of(request.store(), provider.id);
    if (!there.count(inventory.resource_class))
        throw Error(Code::invalid, fmt::format("No inventory record with resource class {} for resource provider {}",
                                               inventory.resource_class, provider.id));
    advance(request, provider, with(provider, there, inventory));
    return shown_one(request, provider, inventory);
}

Reply remove_inventory(Request& request) {
    auto provider = provider_of(request);
    auto const there = accounts_of(request.store(), provider.id);
    auto const& gone = account_of(there, provider, request.parameter("resource_class"));
    std::vector<Inventory> left;
    for (auto const& [resource, account] : there)
        if (resource != gone.resource) left.push_back(inventory_of(account));
    advance(request, provider, replace_inventories(provider, there, left));
    return request.reply();
}

Reply list_provider_usages(Request& request) {
    auto const provider = provider_of(request);
    json::object usages;
    for (auto const& [resource, account] : accounts_of(request.store(), provider.id))
        usages.emplace(resource, account.used);
    return request.reply(
        json::object{{"resource_provider_generation", provider.generation}, {"usages", std::move(usages)}});
}

} // namespace volutus::placement_service

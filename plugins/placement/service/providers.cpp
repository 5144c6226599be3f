#include "providers.hpp"

#include "inventories.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace volutus::placement_service {

Fields rows_of(NewProvider const*) {
    static constexpr auto table =
        rows(field<&NewProvider::name>("name", required_field, min_length(1), max_length(200)),
             field<&NewProvider::uuid>("uuid", on_create, formats::uuid),
             field<&NewProvider::parent>("parent_provider_uuid", on_create, formats::uuid, since("1.14")));
    return fields_of(table);
}
Fields rows_of(ChangedProvider const*) {
    static constexpr auto table =
        rows(field<&ChangedProvider::name>("name", required_field, min_length(1), max_length(200)));
    return fields_of(table);
}
Fields rows_of(NewInventories const*) {
    static constexpr auto table =
        rows(field<&NewInventories::generation>("resource_provider_generation", required_field, at_least(0)),
             field<&NewInventories::inventories>("inventories", required_field));
    return fields_of(table);
}
Fields rows_of(NewTraits const*) {
    static constexpr auto table =
        rows(field<&NewTraits::generation>("resource_provider_generation", required_field, at_least(0)),
             field<&NewTraits::traits>("traits", required_field, max_length(1000)));
    return fields_of(table);
}

namespace {

// Who changes a provider says which generation it looked at.
Provider at_generation(Request& request, std::int64_t generation) {
    auto provider = request.require<Provider>();
    if (provider.generation != generation)
        throw Error(Code::conflict,
                    fmt::format("resource provider generation conflict: {} is at {}, and {} was expected", provider.id,
                                provider.generation, generation),
                    R"({"code": "placement.concurrent_update"})");
    return provider;
}

// The provider, one generation on, with what else changes.
void advance(Request& request, Provider& provider, Writes more = {}) {
    ++provider.generation;
    provider.updated_at = timestamp(world::wall_now());
    try {
        request.apply(put(provider) + std::move(more));
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw;
        throw Error(Code::conflict,
                    fmt::format("resource provider {} was changed by another request; read it again", provider.id),
                    R"({"code": "placement.concurrent_update"})");
    }
}

bool is_class(std::string_view name) {
    return !name.empty() && name.size() <= 255 &&
           name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == name.npos;
}

Inventory inventory_from(std::string resource_class, json::object const& body) {
    Inventory inventory;
    inventory.resource_class = std::move(resource_class);
    if (!is_class(inventory.resource_class))
        throw Error(Code::invalid,
                    fmt::format("'{}' is no resource class: capitals, digits and '_'", inventory.resource_class));
    inventory.max_unit = largest_unit;
    if (!body.contains("total"))
        throw Error(Code::invalid,
                    fmt::format("JSON does not validate: 'total' is a required property of the inventory of {}",
                                inventory.resource_class));
    for (auto const& [key, value] : body) {
        if (key == "allocation_ratio" && value.is_number())
            inventory.allocation_ratio = value.to_number<double>();
        else if (key == "resource_provider_generation")
            continue;
        else if (!value.is_int64())
            throw Error(Code::invalid, fmt::format("JSON does not validate: {} of {} is no integer",
                                                   std::string_view(key), inventory.resource_class));
        else if (key == "total")
            inventory.total = value.get_int64();
        else if (key == "reserved")
            inventory.reserved = value.get_int64();
        else if (key == "min_unit")
            inventory.min_unit = value.get_int64();
        else if (key == "max_unit")
            inventory.max_unit = value.get_int64();
        else if (key == "step_size")
            inventory.step_size = value.get_int64();
        else
            throw Error(Code::invalid,
                        fmt::format("JSON does not validate: an inventory has no '{}'", std::string_view(key)));
    }
    check(inventory);
    return inventory;
}

Reply shown_inventories(Request& request, Provider const& provider) {
    json::object inventories;
    for (auto const& [resource, account] : accounts_of(request.store(), provider.id))
        inventories.emplace(resource, shown(inventory_of(account)));
    return request.reply(
        json::object{{"resource_provider_generation", provider.generation}, {"inventories", std::move(inventories)}});
}

Reply shown_one_inventory(Request& request, Provider const& provider, Inventory const& inventory) {
    auto body = shown(inventory);
    body.emplace("resource_provider_generation", provider.generation);
    return request.reply(std::move(body));
}

Provider of_parameter(Request& request) { return request.require<Provider>(request.parameter("uuid")); }

} // namespace

std::string uuid_of(Request&, Provider const& provider) { return provider.id; }
std::string root_of(Request& request, Provider const& provider) {
    auto at = provider;
    // Trees are shallow; the bound keeps a cycle, which creation refuses, from being walked for ever.
    for (int depth = 0; at.parent && depth < 16; ++depth) {
        auto const above = request.store().get<Provider>(*at.parent);
        if (!above) break;
        at = *above;
    }
    return at.id;
}

json::array links_of(Request& request, Provider const& provider) {
    json::array links;
    auto const self = request.link("/resource_providers/" + provider.id);
    links.push_back(json::object{{"rel", "self"}, {"href", self}});
    auto add = [&](char const* name, char const* from) {
        if (request.since(from)) links.push_back(json::object{{"rel", name}, {"href", self + "/" + name}});
    };
    add("inventories", "1.0");
    add("usages", "1.0");
    add("aggregates", "1.1");
    add("traits", "1.6");
    add("allocations", "1.11");
    return links;
}

Reply list_providers(Request& request) {
    std::vector<store::Where> where;
    if (auto const uuid = request.query("uuid")) {
        if (!is_uuid(*uuid)) throw Error(Code::invalid, fmt::format("Invalid uuid '{}'.", *uuid));
        where.push_back(volutus::where("id", json::value(*uuid)));
    }
    if (auto const tree = request.query("in_tree")) where.push_back(volutus::where("id", json::value(*tree)));
    return request.list(std::move(where));
}

Reply create_provider(Request& request, NewProvider const& wanted) {
    Provider provider;
    provider.id = wanted.uuid.value_or(new_uuid());
    provider.name = wanted.name;
    provider.parent = wanted.parent;
    if (wanted.parent && !request.store().get<Provider>(*wanted.parent))
        throw Error(Code::invalid, fmt::format("parent provider UUID {} does not exist", *wanted.parent));
    provider.created_at = provider.updated_at = timestamp(world::wall_now());
    try {
        request.apply(put(provider));
    } catch (Error const& error) {
        if (error.code() != Code::precondition && error.code() != Code::conflict) throw;
        throw Error(Code::conflict, fmt::format("Conflicting resource provider name: {} already exists.", wanted.name),
                    R"({"code": "placement.duplicate_name"})");
    }
    auto const location = request.link("/resource_providers/" + provider.id);
    if (request.since("1.20")) {
        auto reply = request.shown(provider);
        reply.status = 200;
        return std::move(reply.header("Location", location));
    }
    return std::move(Reply(201).header("Location", location));
}

Reply rename_provider(Request& request, ChangedProvider const& wanted) {
    auto provider = request.require<Provider>();
    provider.name = wanted.name;
    provider.updated_at = timestamp(world::wall_now());
    request.apply(put(provider));
    return request.shown(provider);
}

Reply remove_provider(Request& request) {
    auto const provider = request.require<Provider>();
    Writes writes = remove(provider);
    for (auto const& [resource, account] : accounts_of(request.store(), provider.id)) writes += drop_inventory(account);
    request.apply(std::move(writes));
    return request.reply();
}

Reply list_inventories(Request& request) { return shown_inventories(request, of_parameter(request)); }

Reply replace_inventories(Request& request, NewInventories const& wanted) {
    auto provider = at_generation(request, wanted.generation);
    auto const there = accounts_of(request.store(), provider.id);
    Writes writes;
    std::set<std::string> named;
    for (auto const& [resource, body] : wanted.inventories) {
        if (!body.is_object())
            throw Error(Code::invalid, fmt::format("JSON does not validate: the inventory of {} is no object",
                                                   std::string_view(resource)));
        writes += set_inventory(provider.id, inventory_from(std::string(resource), body.get_object()));
        named.insert(std::string(resource));
    }
    for (auto const& [resource, account] : there)
        if (!named.count(resource)) writes += drop_inventory(account);
    advance(request, provider, std::move(writes));
    return shown_inventories(request, provider);
}

Reply show_inventory(Request& request) {
    auto const provider = of_parameter(request);
    auto const accounts = accounts_of(request.store(), provider.id);
    auto const found = accounts.find(request.parameter("resource_class"));
    if (found == accounts.end())
        throw Error(Code::not_found,
                    fmt::format("No inventory of class {} for {}", request.parameter("resource_class"), provider.id));
    return shown_one_inventory(request, provider, inventory_of(found->second));
}

Reply set_one_inventory(Request& request) {
    auto const& body = request.document();
    if (!body.is_object() || !body.get_object().contains("resource_provider_generation") ||
        !body.at("resource_provider_generation").is_int64())
        throw Error(Code::invalid, "JSON does not validate: 'resource_provider_generation' is a required property");
    auto provider = request.require<Provider>(request.parameter("uuid"));
    if (provider.generation != body.at("resource_provider_generation").get_int64())
        throw Error(Code::conflict,
                    fmt::format("resource provider generation conflict: {} is at {}", provider.id, provider.generation),
                    R"({"code": "placement.concurrent_update"})");
    auto const inventory = inventory_from(request.parameter("resource_class"), body.get_object());
    advance(request, provider, set_inventory(provider.id, inventory));
    return shown_one_inventory(request, provider, inventory);
}

Reply remove_inventory(Request& request) {
    auto provider = of_parameter(request);
    auto const accounts = accounts_of(request.store(), provider.id);
    auto const found = accounts.find(request.parameter("resource_class"));
    if (found == accounts.end())
        throw Error(Code::not_found,
                    fmt::format("No inventory of class {} found for delete", request.parameter("resource_class")));
    advance(request, provider, drop_inventory(found->second));
    return request.reply();
}

Reply list_usages(Request& request) {
    auto const provider = of_parameter(request);
    json::object usages;
    for (auto const& [resource, account] : accounts_of(request.store(), provider.id))
        usages.emplace(resource, account.used);
    return request.reply(
        json::object{{"resource_provider_generation", provider.generation}, {"usages", std::move(usages)}});
}

Reply list_provider_traits(Request& request) {
    auto const provider = of_parameter(request);
    return request.reply(
        json::object{{"traits", json::encode(provider.traits)}, {"resource_provider_generation", provider.generation}});
}

Reply replace_traits(Request& request, NewTraits const& wanted) {
    auto provider = at_generation(request, wanted.generation);
    std::set<std::string> const traits(wanted.traits.begin(), wanted.traits.end());
    for (auto const& trait : traits)
        if (!is_class(trait)) throw Error(Code::invalid, fmt::format("No such trait {}.", trait));
    provider.traits.assign(traits.begin(), traits.end());
    advance(request, provider);
    return request.reply(
        json::object{{"traits", json::encode(provider.traits)}, {"resource_provider_generation", provider.generation}});
}

Reply list_aggregates(Request& request) {
    auto const provider = of_parameter(request);
    json::object body{{"aggregates", json::encode(provider.aggregates)}};
    if (request.since("1.19")) body.emplace("resource_provider_generation", provider.generation);
    return request.reply(std::move(body));
}

Reply replace_aggregates(Request& request) {
    auto provider = request.require<Provider>(request.parameter("uuid"));
    auto const& body = request.document();
    json::value const* aggregates = body.is_array() ? &body : nullptr;
    if (request.since("1.19")) {
        if (!body.is_object() || !body.get_object().contains("aggregates") ||
            !body.get_object().contains("resource_provider_generation"))
            throw Error(Code::invalid,
                        "JSON does not validate: aggregates and resource_provider_generation are required");
        if (body.at("resource_provider_generation") != provider.generation)
            throw Error(
                Code::conflict,
                fmt::format("resource provider generation conflict: {} is at {}", provider.id, provider.generation),
                R"({"code": "placement.concurrent_update"})");
        aggregates = &body.at("aggregates");
    }
    std::set<std::string> wanted;
    if (!aggregates || !aggregates->is_array() || aggregates->get_array().size() > 1000)
        throw Error(Code::invalid, "JSON does not validate: aggregates is an array of at most 1000 UUIDs");
    for (auto const& one : aggregates->get_array()) {
        if (!one.is_string() || !is_uuid(std::string_view(one.get_string())))
            throw Error(Code::invalid, "JSON does not validate: an aggregate is a UUID");
        wanted.emplace(one.get_string());
    }
    provider.aggregates.assign(wanted.begin(), wanted.end());
    advance(request, provider);
    return list_aggregates(request);
}

Reply list_provider_allocations(Request& request) {
    auto const provider = of_parameter(request);
    store::AccountQuery query;
    query.account = provider.id;
    json::object allocations;
    while (true) {
        auto const page = request.store().accounts(query);
        for (auto const& claim : page.claims) {
            auto& consumer = allocations[claim.consumer];
            if (consumer.is_null()) consumer = json::object{{"resources", json::object{}}};
            consumer.at("resources").get_object()[claim.resource] = claim.amount;
        }
        if (!page.next_after) break;
        query.after = page.next_after;
    }
    return request.reply(
        json::object{{"allocations", std::move(allocations)}, {"resource_provider_generation", provider.generation}});
}

} // namespace volutus::placement_service

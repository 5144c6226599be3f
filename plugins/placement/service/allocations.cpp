#include "allocations.hpp"

#include "allocation_body.hpp"
#include "changes.hpp"
#include "provider_inventories.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::placement_service {

namespace {

std::string consumer_of(Request& request) {
    auto const& id = request.parameter("consumer_uuid");
    if (!is_uuid(id)) throw Error(Code::invalid, fmt::format("Malformed consumer_uuid: {}", id));
    return canonical_uuid(id);
}

void check_consumer(Held const& held, SentAllocations const& sent) {
    if (!sent.has_generation) return;
    auto const shown = [](std::optional<std::int64_t> generation) {
        return generation ? std::to_string(*generation) : "null";
    };
    auto const there = held.there() ? std::optional(held.generation()) : std::nullopt;
    if (there != sent.generation)
        throw coded(
            Code::conflict,
            fmt::format("consumer generation conflict - expected {} but got {}", shown(there), shown(sent.generation)),
            concurrent_update);
}

// What the ledger refused, in the words of the API.
[[noreturn]] void refuse_allocation(Error const& error) {
    auto const details = json::parse_object(error.details());
    auto const text = [&](std::string_view key) {
        auto const* value = details.if_contains(key);
        return value && value->is_string() ? json::text(*value) : std::string();
    };
    auto const unable = [&](std::string_view why) {
        throw Error(Code::conflict,
                    fmt::format("Unable to allocate inventory: Unable to create allocation for '{}' on resource "
                                "provider '{}'. {}",
                                text("resource"), text("account"), why));
    };
    bool const of_account = details.contains("account") && details.contains("resource");
    if (of_account && error.code() == Code::exhausted) unable("The requested amount would exceed the capacity.");
    if (of_account && error.code() == Code::not_found) unable("The inventory does not exist.");
    if (of_account && error.code() == Code::conflict && details.contains("asked"))
        unable("The requested amount would violate inventory constraints.");
    refuse_change(error);
}

// All that is sent becomes so in one apply, or none of it. A client that names no generation means what is there.
void replace(Request& request, std::vector<SentAllocations> const& all, Writes more = {}) {
    auto const names_generations = !all.empty() && all.front().has_generation;
    auto const once = [&] {
        auto writes = more;
        for (auto const& sent : all) {
            auto const held = held_by(request.store(), sent.wanted.consumer);
            check_consumer(held, sent);
            writes += replace_allocations(held, sent.wanted);
        }
        request.apply(std::move(writes));
    };
    try {
        if (names_generations || !more.apply.put.empty())
            once();
        else
            retry_on_conflict(once);
    } catch (Error const& error) {
        refuse_allocation(error);
    }
}

} // namespace

Reply show_allocations(Request& request) {
    auto const held = held_by(request.store(), consumer_of(request));
    json::object allocations;
    for (auto const& [id, amounts] : held.allocations)
        if (auto const provider = request.store().get<Provider>(id))
            allocations.emplace(
                id, json::object{{"resources", json::encode(amounts)}, {"generation", provider->generation}});
    json::object body{{"allocations", std::move(allocations)}};
    if (held.there() && request.since("1.12")) {
        body.emplace("project_id", held.project());
        body.emplace("user_id", held.user());
        if (request.since("1.28")) body.emplace("consumer_generation", held.generation());
        if (request.since("1.38")) body.emplace("consumer_type", held.type());
    }
    return modified(request.reply(std::move(body)),
                    held.there() && held.document ? held.document->updated_at : std::string());
}

Reply put_allocations(Request& request) {
    replace(request, {allocations_from(request, consumer_of(request), request.document(), false)});
    return request.reply();
}

Reply post_allocations(Request& request) {
    auto const all = many_allocations_from(request, request.document());
    if (all.empty()) throw Error(Code::invalid, "JSON does not validate: {} does not have enough properties");
    replace(request, all);
    return request.reply();
}

Reply remove_allocations(Request& request) {
    retry_on_conflict([&] {
        // Whatever the path names: there is none of another form.
        auto const id = request.parameter("consumer_uuid");
        auto const held = held_by(request.store(), is_uuid(id) ? canonical_uuid(id) : id);
        if (!held.there()) throw Error(Code::not_found, fmt::format("No allocations for consumer '{}'", id));
        Wanted nothing;
        nothing.consumer = held.consumer;
        request.apply(replace_allocations(held, nothing));
    });
    return request.reply();
}

Reply list_provider_allocations(Request& request) {
    auto const provider = provider_of(request);
    store::AccountQuery query;
    query.account = provider.id;
    json::object allocations;
    while (true) {
        auto page = request.store().accounts(query);
        for (auto const& claim : page.claims) {
            auto& consumer = allocations[claim.consumer];
            if (consumer.is_null()) {
                consumer = json::object{{"resources", json::object{}}};
                if (request.since("1.28")) {
                    auto const document = request.store().get<Consumer>(claim.consumer);
                    consumer.get_object().emplace("consumer_generation", document ? document->generation : 0);
                }
            }
            consumer.at("resources").get_object()[claim.resource] = claim.amount;
        }
        if (!page.next_after) break;
        query.after = std::move(page.next_after);
    }
    return request.reply(
        json::object{{"allocations", std::move(allocations)}, {"resource_provider_generation", provider.generation}});
}

// Inventory moves from one provider to another together with what is allocated of it.
Reply reshape(Request& request) {
    auto const* body = request.document().if_object();
    auto const* inventories = body ? body->if_contains("inventories") : nullptr;
    auto const* allocations = body ? body->if_contains("allocations") : nullptr;
    if (!inventories || !inventories->is_object() || inventories->get_object().empty() || !allocations ||
        !allocations->is_object() || body->size() != 2)
        throw Error(Code::invalid, "JSON does not validate: 'inventories', with at least one provider, and "
                                   "'allocations' are required properties, and no more");
    Writes writes;
    for (auto const& [id, sent] : inventories->get_object()) {
        auto provider = is_uuid(id) ? request.store().get<Provider>(canonical_uuid(id)) : std::nullopt;
        if (!provider)
            throw coded(Code::invalid,
                        fmt::format("Resource provider {:.255} in inventories not found", std::string_view(id)),
                        provider_not_found);
        NewInventories wanted;
        if (!sent.is_object()) throw Error(Code::invalid, "JSON does not validate: an inventory is an object");
        decode(rows_of(&wanted), sent.get_object(), &wanted, json::Path{});
        check_generation(*provider, wanted.generation);
        writes += replace_inventories(*provider, accounts_of(request.store(), provider->id),
                                      inventories_from(request, wanted.inventories));
        ++provider->generation;
        provider->updated_at = timestamp_now();
        writes += put(*provider);
    }
    replace(request, many_allocations_from(request, *allocations), std::move(writes));
    return request.reply();
}

} // namespace volutus::placement_service

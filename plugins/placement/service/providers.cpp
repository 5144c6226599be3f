#include "providers.hpp"

#include "changes.hpp"
#include "inventories.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
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
        rows(field<&ChangedProvider::name>("name", required_field, min_length(1), max_length(200)),
             field<&ChangedProvider::parent>("parent_provider_uuid", on_update, formats::uuid, since("1.14")));
    return fields_of(table);
}

namespace {

[[noreturn]] void refuse_name(Provider const& provider, Error const& error) {
    auto const details = json::parse_object(error.details());
    if (error.code() == Code::precondition)
        throw coded(Code::conflict, fmt::format("Conflicting resource provider uuid: {} already exists.", provider.id),
                    duplicate_name);
    // Of conflicts, only the name's is of this kind and not about a reference.
    throw coded(Code::conflict, fmt::format("Conflicting resource provider name: {} already exists.", provider.name),
                duplicate_name);
}

// The one that shall be the parent. That it stays as it is until the change is made keeps trees from becoming rings.
Provider parent_of(Request& request, std::string const& id) {
    auto parent = request.store().get<Provider>(canonical_uuid(id));
    if (!parent) throw Error(Code::invalid, fmt::format("parent provider UUID {} does not exist", id));
    return *parent;
}

Writes unchanged(Provider const& provider) {
    return expect("placement.provider", provider.id, provider.stored_revision);
}

// All of the tree that stand below it.
std::vector<Provider> below(Request& request, Provider const& top) {
    std::multimap<std::string, Provider> children;
    for (auto& one : request.store().all<Provider>(where("root_provider_uuid", json::string(top.root))))
        if (one.parent) children.emplace(*one.parent, std::move(one));
    std::vector<Provider> found;
    std::vector<std::string> left{top.id};
    while (!left.empty()) {
        auto const id = std::move(left.back());
        left.pop_back();
        auto const [first, last] = children.equal_range(id);
        for (auto at = first; at != last; ++at) {
            left.push_back(at->second.id);
            found.push_back(std::move(at->second));
        }
        children.erase(first, last);
    }
    return found;
}

// Moves it, with all that stands below it, under another parent or out of its tree.
Writes moved(Request& request, Provider& provider, std::optional<std::string> const& to) {
    Writes writes;
    auto const subtree = below(request, provider);
    std::string root = provider.id;
    if (to) {
        auto const parent = parent_of(request, *to);
        bool const inside = parent.id == provider.id ||
                            std::any_of(subtree.begin(), subtree.end(), [&](auto& one) { return one.id == parent.id; });
        if (inside)
            throw Error(Code::invalid, fmt::format("creating loop in the provider tree is not allowed: {} is below {}",
                                                   parent.id, provider.id));
        writes += unchanged(parent);
        root = parent.root;
        provider.parent = parent.id;
    } else {
        provider.parent.reset();
    }
    provider.root = root;
    for (auto one : subtree) {
        one.root = root;
        writes += put(one);
    }
    return writes;
}

Writes new_parent(Request& request, Provider& provider, std::optional<std::string> const& to) {
    auto const wanted = to ? std::optional(canonical_uuid(*to)) : std::nullopt;
    if (wanted == provider.parent) return {};
    if (provider.parent && !request.since("1.37"))
        throw Error(Code::invalid, fmt::format("Unable to save resource provider {}: {}", provider.id,
                                               wanted ? "re-parenting a provider is not currently allowed."
                                                      : "un-parenting a provider is not currently allowed."));
    return moved(request, provider, wanted);
}

} // namespace

std::string uuid_of(Request&, Provider const& provider) { return provider.id; }

json::array links_of(Request& request, Provider const& provider) {
    json::array links;
    auto const self = path_of(request, "/resource_providers/" + provider.id);
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

Reply show_provider(Request& request) {
    auto const provider = request.require<Provider>();
    return modified(request.shown(provider), provider.updated_at);
}

Reply create_provider(Request& request, NewProvider const& wanted) {
    Provider provider;
    provider.id = wanted.uuid ? canonical_uuid(*wanted.uuid) : new_uuid();
    provider.name = wanted.name;
    provider.root = provider.id;
    provider.created_at = provider.updated_at = timestamp_now();
    Writes writes;
    if (wanted.parent) {
        auto const parent = parent_of(request, *wanted.parent);
        if (parent.id == provider.id) throw Error(Code::invalid, "parent provider UUID cannot be same as UUID.");
        provider.parent = parent.id;
        provider.root = parent.root;
        writes += unchanged(parent);
    }
    try {
        request.apply(put(provider) + std::move(writes));
    } catch (Error const& error) {
        if (error.code() != Code::precondition && error.code() != Code::conflict) throw;
        if (error.code() == Code::precondition && !request.store().get<Provider>(provider.id)) refuse_change(error);
        refuse_name(provider, error);
    }
    auto const location = request.link("/resource_providers/" + provider.id);
    if (!request.since("1.20")) return std::move(Reply(201).header("Location", location));
    auto reply = modified(request.shown(provider), provider.updated_at);
    reply.status = 200;
    return std::move(reply.header("Location", location));
}

Reply change_provider(Request& request, ChangedProvider const& wanted) {
    auto provider = request.require<Provider>();
    Writes writes;
    if (request.body().contains("parent_provider_uuid")) writes += new_parent(request, provider, wanted.parent);
    provider.name = wanted.name;
    provider.updated_at = timestamp_now();
    try {
        request.apply(put(provider) + std::move(writes));
    } catch (Error const& error) {
        if (error.code() == Code::conflict) refuse_name(provider, error);
        refuse_change(error);
    }
    return modified(request.shown(provider), provider.updated_at);
}

Reply remove_provider(Request& request) {
    auto const provider = request.require<Provider>();
    Writes writes = remove(provider);
    for (auto const& [resource, account] : accounts_of(request.store(), provider.id)) writes += drop_inventory(account);
    try {
        request.apply(std::move(writes));
    } catch (Error const& error) {
        if (error.code() != Code::conflict) refuse_change(error);
        if (json::parse_object(error.details()).contains("consumer"))
            throw coded(
                Code::conflict,
                fmt::format("Unable to delete resource provider {}: Resource provider has allocations.", provider.id),
                provider_in_use);
        throw coded(
            Code::conflict,
            fmt::format("Unable to delete parent resource provider {}: It has child resource providers.", provider.id),
            provider_is_parent);
    }
    return request.reply();
}

} // namespace volutus::placement_service

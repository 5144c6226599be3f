#include "allocation_body.hpp"

#include "names.hpp"
#include "provider.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <initializer_list>

namespace volutus::placement_service {

namespace {

[[noreturn]] void refuse(std::string const& why) { throw Error(Code::invalid, "JSON does not validate: " + why); }

json::object const& object_of(json::value const& value, std::string_view what) {
    auto const* object = value.if_object();
    if (!object) refuse(fmt::format("{} is no object", what));
    return *object;
}

void check_keys(json::object const& body, std::initializer_list<std::string_view> known) {
    for (auto const& [key, value] : body)
        if (std::find(known.begin(), known.end(), std::string_view(key)) == known.end())
            refuse(
                fmt::format("Additional properties are not allowed ('{:.255}' was unexpected)", std::string_view(key)));
}

json::value const& required(json::object const& body, std::string_view key) {
    auto const* value = body.if_contains(key);
    if (!value) refuse(fmt::format("'{}' is a required property", key));
    return *value;
}

std::string name_of(json::object const& body, std::string_view key) {
    auto const& value = required(body, key);
    if (!value.is_string() || value.get_string().empty() || value.get_string().size() > 255)
        refuse(fmt::format("{} is a string of 1 to 255 characters", key));
    return json::text(value);
}

Amounts amounts_from(json::value const& value) {
    Amounts amounts;
    auto const& sent = object_of(value, "resources");
    if (sent.empty()) refuse("resources does not have enough properties");
    for (auto const& [name, amount] : sent) {
        if (!is_name(name)) refuse(fmt::format("'{:.255}' is no resource class", std::string_view(name)));
        if (!amount.is_int64() || amount.get_int64() < 1)
            refuse(fmt::format("{} of {} is less than the minimum of 1, or no integer", json::print(amount),
                               std::string_view(name)));
        amounts[std::string(name)] = amount.get_int64();
    }
    return amounts;
}

std::string provider_id(std::string_view text) {
    if (!is_uuid(text)) refuse(fmt::format("'{:.255}' is no UUID of a resource provider", text));
    return canonical_uuid(text);
}

// Until 1.11: [{"resource_provider": {"uuid"}, "resources"}].
Allocations from_list(json::value const& value) {
    auto const* list = value.if_array();
    if (!list || list->empty()) refuse("allocations is an array of at least one");
    Allocations allocations;
    for (auto const& item : *list) {
        auto const& one = object_of(item, "an allocation");
        check_keys(one, {"resource_provider", "resources"});
        auto const& provider = object_of(required(one, "resource_provider"), "resource_provider");
        check_keys(provider, {"uuid"});
        allocations[provider_id(name_of(provider, "uuid"))] = amounts_from(required(one, "resources"));
    }
    return allocations;
}

// From 1.12 on: {provider: {"resources"}}, in which what a GET shows may be sent back.
Allocations from_object(json::value const& value, bool may_be_empty) {
    auto const& sent = object_of(value, "allocations");
    if (sent.empty() && !may_be_empty) refuse("allocations does not have enough properties");
    Allocations allocations;
    for (auto const& [provider, item] : sent) {
        auto const& one = object_of(item, "an allocation");
        check_keys(one, {"resources", "generation"});
        if (auto const* generation = one.if_contains("generation"); generation && !generation->is_int64())
            refuse("generation is no integer");
        allocations[provider_id(provider)] = amounts_from(required(one, "resources"));
    }
    return allocations;
}

// From 1.34 on a client may send the mappings of an allocation candidate along; they mean nothing here.
void check_mappings(json::value const& value) {
    auto const& mappings = object_of(value, "mappings");
    if (mappings.empty()) refuse("mappings does not have enough properties");
    for (auto const& [suffix, providers] : mappings) {
        auto const* list = providers.if_array();
        if (!list || list->empty()) refuse("a mapping is an array of at least one UUID");
        for (auto const& one : *list)
            if (!one.is_string() || !is_uuid(json::view(one.get_string()))) refuse("a mapping is an array of UUIDs");
    }
}

void check_exist(Request& request, Allocations const& allocations) {
    for (auto const& [provider, amounts] : allocations) {
        if (!request.store().get<Provider>(provider))
            throw Error(Code::invalid,
                        fmt::format("Allocation for resource provider '{}' that does not exist.", provider));
        for (auto const& [resource, amount] : amounts) check_class(request.store(), resource);
    }
}

} // namespace

SentAllocations allocations_from(Request& request, std::string const& consumer, json::value const& body,
                                 bool may_be_empty) {
    auto const& sent = object_of(body, "the body");
    SentAllocations out;
    out.wanted.consumer = consumer;
    out.wanted.project = out.wanted.user = nobody;
    out.has_generation = request.since("1.28");
    if (request.since("1.38"))
        check_keys(sent, {"allocations", "project_id", "user_id", "consumer_generation", "mappings", "consumer_type"});
    else if (request.since("1.34"))
        check_keys(sent, {"allocations", "project_id", "user_id", "consumer_generation", "mappings"});
    else if (request.since("1.28"))
        check_keys(sent, {"allocations", "project_id", "user_id", "consumer_generation"});
    else if (request.since("1.8"))
        check_keys(sent, {"allocations", "project_id", "user_id"});
    else
        check_keys(sent, {"allocations"});

    if (request.since("1.8")) {
        out.wanted.project = name_of(sent, "project_id");
        out.wanted.user = name_of(sent, "user_id");
    }
    if (out.has_generation) {
        auto const& generation = required(sent, "consumer_generation");
        if (!generation.is_null() && !generation.is_int64()) refuse("consumer_generation is an integer or null");
        if (generation.is_int64()) out.generation = generation.get_int64();
    }
    if (request.since("1.38")) {
        out.wanted.type = name_of(sent, "consumer_type");
        if (!is_name(out.wanted.type)) refuse(fmt::format("'{}' is no consumer type", out.wanted.type));
    }
    if (auto const* mappings = sent.if_contains("mappings")) check_mappings(*mappings);
    auto const& allocations = required(sent, "allocations");
    out.wanted.allocations =
        request.since("1.12") ? from_object(allocations, may_be_empty || out.has_generation) : from_list(allocations);
    check_exist(request, out.wanted.allocations);
    return out;
}

std::vector<SentAllocations> many_allocations_from(Request& request, json::value const& body) {
    std::vector<SentAllocations> all;
    for (auto const& [consumer, one] : object_of(body, "the body")) {
        if (!is_uuid(consumer)) refuse(fmt::format("'{:.255}' is no UUID of a consumer", std::string_view(consumer)));
        all.push_back(allocations_from(request, canonical_uuid(consumer), one, true));
    }
    return all;
}

} // namespace volutus::placement_service

#include "provider_traits.hpp"

#include "changes.hpp"
#include "names.hpp"

#include <volutus/formats.hpp>

#include <set>

namespace volutus::placement_service {

Fields rows_of(NewTraits const*) {
    static constexpr auto table =
        rows(field<&NewTraits::generation>("resource_provider_generation", required_field, at_least(0)),
             field<&NewTraits::traits>("traits", required_field, max_length(1000)));
    return fields_of(table);
}

namespace {

Reply shown_traits(Request& request, Provider const& provider) {
    return modified(request.reply(json::object{{"traits", json::encode(provider.traits)},
                                               {"resource_provider_generation", provider.generation}}),
                    provider.updated_at);
}

Reply shown_aggregates(Request& request, Provider const& provider) {
    json::object body{{"aggregates", json::encode(provider.aggregates)}};
    if (request.since("1.19")) body.emplace("resource_provider_generation", provider.generation);
    return modified(request.reply(std::move(body)), provider.updated_at);
}

// From 1.19 on {"aggregates", "resource_provider_generation"}, before that the list alone.
json::value const& aggregates_sent(Request& request, Provider const& provider) {
    auto const& body = request.document();
    if (!request.since("1.19")) return body;
    auto const* object = body.if_object();
    auto const* generation = object ? object->if_contains("resource_provider_generation") : nullptr;
    auto const* aggregates = object ? object->if_contains("aggregates") : nullptr;
    if (!aggregates || !generation || !generation->is_int64() || object->size() != 2)
        throw Error(
            Code::invalid,
            "JSON does not validate: 'aggregates' and 'resource_provider_generation' are required, and no more");
    check_generation(provider, generation->get_int64());
    return *aggregates;
}

} // namespace

Reply list_provider_traits(Request& request) { return shown_traits(request, provider_of(request)); }

Reply put_traits(Request& request, NewTraits const& wanted) {
    auto provider = provider_of(request);
    check_generation(provider, wanted.generation);
    check_traits(request.store(), wanted.traits);
    provider.set_traits(wanted.traits);
    advance(request, provider);
    return shown_traits(request, provider);
}

Reply remove_traits(Request& request) {
    auto provider = provider_of(request);
    provider.set_traits({});
    advance(request, provider);
    return request.reply();
}

Reply list_aggregates(Request& request) { return shown_aggregates(request, provider_of(request)); }

Reply put_aggregates(Request& request) {
    auto provider = provider_of(request);
    auto const& sent = aggregates_sent(request, provider);
    constexpr std::size_t most = 1000;
    if (!sent.is_array() || sent.get_array().size() > most)
        throw Error(Code::invalid, "JSON does not validate: aggregates is an array of at most 1000 UUIDs");
    std::set<std::string> seen;
    provider.aggregates.clear();
    for (auto const& one : sent.get_array()) {
        if (!one.is_string() || !is_uuid(json::view(one.get_string())))
            throw Error(Code::invalid, "JSON does not validate: an aggregate is a UUID");
        provider.aggregates.push_back(canonical_uuid(json::view(one.get_string())));
        if (!seen.insert(provider.aggregates.back()).second)
            throw Error(Code::invalid, "JSON does not validate: the aggregates has non-unique elements");
    }
    advance(request, provider);
    return shown_aggregates(request, provider);
}

} // namespace volutus::placement_service

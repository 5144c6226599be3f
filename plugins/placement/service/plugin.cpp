#include "changes.hpp"
#include "consumers_table.hpp"
#include "names_table.hpp"
#include "placement_service.hpp"

#include <volutus/formats.hpp>

#include <algorithm>

namespace volutus::placement_service {

struct Root : Stored {
    std::string id;
};
Reply show_root(Request& request);
inline constexpr auto root = resource<Root>("version", "versions", unscoped, field<&Root::id>("id"),
                                            route<show_root>("GET", "//", {}, anonymous));

Resource const& resource_of(Provider const*) { return erased<providers>(); }
Resource const& resource_of(Consumer const*) { return erased<consumers>(); }
Resource const& resource_of(ResourceClass const*) { return erased<classes>(); }
Resource const& resource_of(Trait const*) { return erased<traits>(); }

constexpr ServiceTraits placement_traits{.name = "placement",
                                         .type = "placement",
                                         .prefixes = {""},
                                         .description = "Room on hosts, and what takes it",
                                         .versions = {"placement", "", "1.0", "1.39"},
                                         .errors = errors::listed,
                                         .missing = "No {noun} with uuid {id} found",
                                         .whole_lists = true,
                                         .bare = true,
                                         .selects_fields = false,
                                         .reads_need = for_operators,
                                         .writes_need = for_operators};

constexpr auto plugin_manifest =
    volutus::manifest("placement_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
                      description("resource providers, their inventories and what is allocated from them"),
                      profile("pure"), provides(service::contract, placement::contract), needs("volutus.store/1"),
                      serves(placement_traits, root, providers, consumers, classes, traits),
                      hosts("placement.provider", "traits", "aggregates"), links("in-process", "process"));

PlacementService::PlacementService(Host host) : ServicePlugin(host, placement_traits), provided_(host) {
    serve<root>(*this);
    serve<providers>(*this);
    serve<consumers>(*this);
    serve<classes>(*this);
    serve<traits>(*this);
    provide<placement::contract>(provided_);
}

void PlacementService::after(Request& request, Reply& reply) {
    auto const dated = std::find_if(reply.headers.begin(), reply.headers.end(),
                                    [](auto const& header) { return header.name == "Last-Modified"; });
    if (!request.since("1.15")) {
        if (dated != reply.headers.end()) reply.headers.erase(dated);
        return;
    }
    bool const is_dated = dated != reply.headers.end();
    if (!is_dated && !reply.body && request.http().method != "GET") return;
    reply.header("Cache-Control", "no-cache");
    if (!is_dated) reply.header("Last-Modified", http_date(timestamp_now()));
}

Reply show_root(Request& request) {
    json::array const links{json::object{{"rel", "self"}, {"href", ""}}};
    return request.reply(
        json::object{{"versions", json::array{json::object{{"id", "v1.0"},
                                                           {"max_version", placement_traits.versions.newest},
                                                           {"min_version", placement_traits.versions.lowest},
                                                           {"status", "CURRENT"},
                                                           {"links", links}}}}});
}

} // namespace volutus::placement_service

VOLUTUS_PLUGIN(volutus::placement_service::plugin_manifest, volutus::placement_service::PlacementService)

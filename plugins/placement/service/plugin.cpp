#include "provided.hpp"
#include "tables.hpp"

#include <volutus/service.hpp>

namespace volutus::placement_service {

Resource const& resource_of(Provider const*) { return erased<providers>(); }

constexpr ServiceTraits placement_traits{.name = "placement",
                                         .type = "placement",
                                         .prefixes = {""},
                                         .description = "Room on hosts, and what takes it",
                                         .versions = {"placement", "", "1.0", "1.29"},
                                         .errors = errors::listed,
                                         .missing = "No {noun} with uuid {id} found",
                                         .whole_lists = true,
                                         .bare = true,
                                         .selects_fields = false,
                                         .reads_need = for_operators,
                                         .writes_need = for_operators};

constexpr auto plugin_manifest = volutus::manifest(
    "placement_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
    description("resource providers, their inventories and what is allocated from them"), profile("pure"),
    provides(service::contract, placement::contract), needs("volutus.store/1", "volutus.scheduler/1"),
    serves(placement_traits, root, providers, candidates), hosts("placement.provider", "traits", "aggregates"),
    links("in-process", "process"));

class PlacementService : public ServicePlugin {
public:
    explicit PlacementService(Host host) : ServicePlugin(host, placement_traits), candidates_(host), provided_(host) {
        serve<root>(*this);
        serve<providers>(*this);
        serve<placement_service::candidates>(candidates_);
        provide<placement::contract>(provided_);
    }

private:
    Candidates candidates_;
    Provided provided_;
};

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

// The REST API of placement.
#pragma once

#include "candidates.hpp"
#include "providers.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace volutus::placement_service {

inline constexpr char for_operators[] = "rule:context_is_admin or role:service";

struct Root : Stored {
    std::string id;
};
Reply show_root(Request& request);
inline constexpr auto root = resource<Root>("version", "versions", unscoped, field<&Root::id>("id"),
                                            route<show_root>("GET", "//", {}, anonymous));

inline constexpr char one_provider[] = "/resource_providers/{uuid}";
inline constexpr char provider_inventories[] = "/resource_providers/{uuid}/inventories";
inline constexpr char provider_inventory[] = "/resource_providers/{uuid}/inventories/{resource_class}";

inline constexpr auto providers = resource<Provider>(
    "resource_provider", "resource_providers", kind("placement.provider"), unscoped, called("resource provider"),
    unique_in("placement.provider.name", "name"), field<&Provider::id>("id", hidden), computed<uuid_of>("uuid"),
    field<&Provider::name>("name"), field<&Provider::generation>("generation"),
    field<&Provider::parent>("parent_provider_uuid", refers_to("placement.provider"), since("1.14")),
    computed<root_of>("root_provider_uuid", since("1.14")), field<&Provider::traits>("traits", hidden),
    field<&Provider::kept_traits>("kept_traits", hidden), field<&Provider::aggregates>("aggregates", hidden),
    field<&Provider::kept_aggregates>("kept_aggregates", hidden),
    field<&Provider::created_at>("created_at", hidden), field<&Provider::updated_at>("updated_at", hidden),
    computed<links_of>("links"),

    list<list_providers>("/resource_providers", policy("placement:resource_providers:list", for_operators),
                         filters("name"), sorted_by("name"), queries("uuid", "in_tree")),
    create<create_provider>("/resource_providers", policy("placement:resource_providers:create", for_operators)),
    show(one_provider, policy("placement:resource_providers:show", for_operators)),
    update<rename_provider>(one_provider, policy("placement:resource_providers:update", for_operators)),
    remove<remove_provider>(one_provider, policy("placement:resource_providers:delete", for_operators)),

    route<list_inventories>("GET", provider_inventories,
                            policy("placement:resource_providers:inventories:list", for_operators)),
    route<replace_inventories>("PUT", provider_inventories,
                               policy("placement:resource_providers:inventories:update", for_operators)),
    route<show_inventory>("GET", provider_inventory,
                          policy("placement:resource_providers:inventories:show", for_operators)),
    route<set_one_inventory>("PUT", provider_inventory,
                             policy("placement:resource_providers:inventories:update", for_operators), any_body),
    route<remove_inventory>("DELETE", provider_inventory,
                            policy("placement:resource_providers:inventories:delete", for_operators), status(204)),
    route<list_usages>("GET", "/resource_providers/{uuid}/usages",
                       policy("placement:resource_providers:usages", for_operators)),
    route<list_provider_traits>("GET", "/resource_providers/{uuid}/traits",
                                policy("placement:resource_providers:traits:list", for_operators), since("1.6")),
    route<replace_traits>("PUT", "/resource_providers/{uuid}/traits",
                          policy("placement:resource_providers:traits:update", for_operators), since("1.6")),
    route<list_aggregates>("GET", "/resource_providers/{uuid}/aggregates",
                           policy("placement:resource_providers:aggregates:list", for_operators), since("1.1")),
    route<replace_aggregates>("PUT", "/resource_providers/{uuid}/aggregates",
                              policy("placement:resource_providers:aggregates:update", for_operators), since("1.1"),
                              any_body),
    route<list_provider_allocations>("GET", "/resource_providers/{uuid}/allocations",
                                     policy("placement:resource_providers:allocations:list", for_operators)));

struct Candidate : Stored {
    std::string id;
};
inline constexpr auto candidates = resource<Candidate>(
    "allocation_candidate", "allocation_candidates", unscoped, field<&Candidate::id>("id"),
    route<&Candidates::list>("GET", "/allocation_candidates",
                             policy("placement:allocation_candidates:list", for_operators), since("1.10")));

} // namespace volutus::placement_service

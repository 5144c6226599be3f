// /resource_providers and all that belongs to one.
#pragma once

#include "allocations.hpp"
#include "provider_inventories.hpp"
#include "provider_search.hpp"
#include "provider_traits.hpp"
#include "providers.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

namespace volutus::placement_service {

inline constexpr char for_operators[] = "rule:context_is_admin or role:service";

inline constexpr char one_provider[] = "/resource_providers/{uuid}";
inline constexpr char provider_inventories[] = "/resource_providers/{uuid}/inventories";
inline constexpr char provider_inventory[] = "/resource_providers/{uuid}/inventories/{resource_class}";
inline constexpr char provider_traits[] = "/resource_providers/{uuid}/traits";
inline constexpr char provider_aggregates[] = "/resource_providers/{uuid}/aggregates";

inline constexpr auto providers = resource<Provider>(
    "resource_provider", "resource_providers", kind("placement.provider"), unscoped, called("resource provider"),
    unique_in("placement.provider.name", "name"), field<&Provider::id>("id", hidden), computed<uuid_of>("uuid"),
    field<&Provider::name>("name"), field<&Provider::generation>("generation"),
    field<&Provider::parent>("parent_provider_uuid", refers_to("placement.provider"), since("1.14")),
    field<&Provider::root>("root_provider_uuid", indexed, since("1.14")), field<&Provider::traits>("traits", hidden),
    field<&Provider::kept_traits>("kept_traits", hidden), field<&Provider::kept_aggregates>("kept_aggregates", hidden),
    field<&Provider::custom_traits>("custom_traits", refers_to("placement.trait"), hidden),
    field<&Provider::custom_classes>("custom_classes", refers_to("placement.resource_class"), hidden),
    field<&Provider::aggregates>("aggregates", hidden), field<&Provider::created_at>("created_at", hidden),
    field<&Provider::updated_at>("updated_at", hidden), computed<links_of>("links"),

    list<list_providers>("/resource_providers", policy("placement:resource_providers:list", for_operators),
                         filters("name"), sorted_by("name"),
                         queries("uuid", "in_tree", "resources", "required", "member_of")),
    create<create_provider>("/resource_providers", policy("placement:resource_providers:create", for_operators)),
    show<show_provider>(one_provider, policy("placement:resource_providers:show", for_operators)),
    update<change_provider>(one_provider, policy("placement:resource_providers:update", for_operators)),
    remove<remove_provider>(one_provider, policy("placement:resource_providers:delete", for_operators)),

    route<list_inventories>("GET", provider_inventories,
                            policy("placement:resource_providers:inventories:list", for_operators)),
    route<add_inventory>("POST", provider_inventories,
                         policy("placement:resource_providers:inventories:create", for_operators), any_body,
                         status(201)),
    route<put_inventories>("PUT", provider_inventories,
                           policy("placement:resource_providers:inventories:update", for_operators)),
    route<remove_inventories>("DELETE", provider_inventories,
                              policy("placement:resource_providers:inventories:delete", for_operators), status(204),
                              since("1.5")),
    route<show_inventory>("GET", provider_inventory,
                          policy("placement:resource_providers:inventories:show", for_operators)),
    route<put_inventory>("PUT", provider_inventory,
                         policy("placement:resource_providers:inventories:update", for_operators), any_body),
    route<remove_inventory>("DELETE", provider_inventory,
                            policy("placement:resource_providers:inventories:delete", for_operators), status(204)),
    route<list_provider_usages>("GET", "/resource_providers/{uuid}/usages",
                                policy("placement:resource_providers:usages", for_operators)),
    route<list_provider_traits>("GET", provider_traits,
                                policy("placement:resource_providers:traits:list", for_operators), since("1.6")),
    route<put_traits>("PUT", provider_traits, policy("placement:resource_providers:traits:update", for_operators),
                      since("1.6")),
    route<remove_traits>("DELETE", provider_traits, policy("placement:resource_providers:traits:delete", for_operators),
                         status(204), since("1.6")),
    route<list_aggregates>("GET", provider_aggregates,
                           policy("placement:resource_providers:aggregates:list", for_operators), since("1.1")),
    route<put_aggregates>("PUT", provider_aggregates,
                          policy("placement:resource_providers:aggregates:update", for_operators), since("1.1"),
                          any_body),
    route<list_provider_allocations>("GET", "/resource_providers/{uuid}/allocations",
                                     policy("placement:resource_providers:allocations:list", for_operators)));

} // namespace volutus::placement_service

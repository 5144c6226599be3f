// /resource_classes and /traits.
#pragma once

#include "providers_table.hpp"
#include "resource_classes.hpp"
#include "traits.hpp"

namespace volutus::placement_service {

inline constexpr char one_class[] = "/resource_classes/{name}";
inline constexpr char one_trait[] = "/traits/{name}";

inline constexpr auto classes = resource<ResourceClass>(
    "resource_class", "resource_classes", kind("placement.resource_class"), unscoped, called("resource class"),
    field<&ResourceClass::id>("id"), field<&ResourceClass::created_at>("created_at"),
    route<list_classes>("GET", "/resource_classes", policy("placement:resource_classes:list", for_operators),
                        since("1.2")),
    route<create_class>("POST", "/resource_classes", policy("placement:resource_classes:create", for_operators),
                        since("1.2"), status(201)),
    route<show_class>("GET", one_class, policy("placement:resource_classes:show", for_operators), since("1.2")),
    route<rename_class>("PUT", one_class, policy("placement:resource_classes:update", for_operators), since("1.2"),
                        until("1.6")),
    route<ensure_class>("PUT", one_class, policy("placement:resource_classes:update", for_operators), since("1.7"),
                        any_body),
    route<remove_class>("DELETE", one_class, policy("placement:resource_classes:delete", for_operators), since("1.2"),
                        status(204)));

inline constexpr auto traits = resource<Trait>(
    "trait", "traits", kind("placement.trait"), unscoped, field<&Trait::id>("id"),
    field<&Trait::created_at>("created_at"),
    route<list_traits>("GET", "/traits", policy("placement:traits:list", for_operators), since("1.6")),
    route<show_trait>("GET", one_trait, policy("placement:traits:show", for_operators), since("1.6"), status(204)),
    route<ensure_trait>("PUT", one_trait, policy("placement:traits:update", for_operators), since("1.6"), any_body),
    route<remove_trait>("DELETE", one_trait, policy("placement:traits:delete", for_operators), since("1.6"),
                        status(204)));

} // namespace volutus::placement_service

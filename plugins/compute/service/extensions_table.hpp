#pragma once

#include "extensions.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr auto extensions =
    resource<Extension>("extension", "extensions", unscoped, field<&Extension::id>("id"),
                        route<list_extensions>("GET", "/extensions", policy("os_compute_api:extensions", "@")),
                        route<show_extension>("GET", "/extensions/{alias}", policy("os_compute_api:extensions", "@")),
                        route<list_aggregates>("GET", "/os-aggregates",
                                               policy("os_compute_api:os-aggregates:index", "rule:context_is_admin")));

} // namespace volutus::compute

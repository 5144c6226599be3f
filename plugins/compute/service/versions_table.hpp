#pragma once

#include "versions.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr auto versions = resource<Root>("version", "versions", unscoped, field<&Root::id>("id"),
                                                route<list_versions>("GET", "//", {}, anonymous),
                                                route<show_version>("GET", "//v2.1", {}, anonymous));

} // namespace volutus::compute

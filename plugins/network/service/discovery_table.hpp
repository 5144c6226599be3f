// The REST API of versions, extensions and availability zones.
#pragma once

#include "discovery.hpp"
#include "table_words.hpp"

namespace volutus::network_service {

inline constexpr auto api_versions =
    resource<ApiVersion>("version", "versions", unscoped, field<&ApiVersion::id>("id"),
                         field<&ApiVersion::status>("status"), route<&Discovery::versions>("GET", "//", {}, anonymous),
                         route<&Discovery::resources>("GET", "//v2.0", {}, anonymous));

inline constexpr auto extensions = resource<Extension>(
    "extension", "extensions", unscoped, field<&Extension::alias>("alias"), field<&Extension::name>("name"),
    field<&Extension::description>("description"), field<&Extension::updated>("updated"),
    field<&Extension::links>("links"), list<&Discovery::extensions>("/extensions", policy("get_extensions", "@")),
    show<&Discovery::extension>("/extensions/{alias}", "get_extensions"));

inline constexpr auto zones = resource<Zone>(
    "availability_zone", "availability_zones", unscoped, field<&Zone::name>("name"), field<&Zone::resource>("resource"),
    field<&Zone::state>("state"), list<&Discovery::zones>("/availability_zones", policy("get_availability_zone", "@")));

} // namespace volutus::network_service

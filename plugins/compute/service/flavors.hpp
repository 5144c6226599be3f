// The handlers of flavors, their extra specs and their access lists.
#pragma once

#include "flavor.hpp"

#include <volutus/formats.hpp>
#include <volutus/request.hpp>

namespace volutus::compute {

// What the body of a create says. The id may be a number or null, as old clients send it.
struct NewFlavor {
    std::string name;
    std::int64_t ram = 0, vcpus = 0, disk = 0, ephemeral = 0, swap = 0;
    double rxtx_factor = 1.0;
    bool is_public = true;
    std::optional<std::string> id, description;
};
constexpr auto new_flavor_rows =
    rows(field<&NewFlavor::name>("name", required_field, min_length(1), max_length(255), formats::trimmed),
         field<&NewFlavor::ram>("ram", required_field, at_least(1), at_most(INT32_MAX)),
         field<&NewFlavor::vcpus>("vcpus", required_field, at_least(1), at_most(INT32_MAX)),
         field<&NewFlavor::disk>("disk", required_field, at_least(0), at_most(INT32_MAX)),
         field<&NewFlavor::ephemeral>("OS-FLV-EXT-DATA:ephemeral", at_least(0), at_most(INT32_MAX), fallback("0")),
         field<&NewFlavor::swap>("swap", at_least(0), at_most(INT32_MAX), fallback("0")),
         field<&NewFlavor::rxtx_factor>("rxtx_factor", fallback("1.0")),
         field<&NewFlavor::is_public>("os-flavor-access:is_public", fallback("true")), field<&NewFlavor::id>("id"),
         field<&NewFlavor::description>("description", since("2.55"), max_length(65535)));
constexpr Fields rows_of(NewFlavor const*) { return fields_of(new_flavor_rows); }

struct Tenant {
    std::string tenant;
};
constexpr auto tenant_rows = rows(field<&Tenant::tenant>("tenant", required_field, min_length(1), max_length(255)));
constexpr Fields rows_of(Tenant const*) { return fields_of(tenant_rows); }

void hide_extra_specs(Request& request, Flavor const& flavor, json::object& shown);
// The flavor, if the caller may use it; not_found in the service's words otherwise.
Flavor visible_flavor(Request& request, std::string const& id);

Reply list_flavors(Request& request);
Reply show_flavor(Request& request);
Reply create_flavor(Request& request, NewFlavor const& wanted);
Reply update_flavor(Request& request);

Reply list_extra_specs(Request& request);
Reply add_extra_specs(Request& request);
Reply show_extra_spec(Request& request);
Reply set_extra_spec(Request& request);
Reply remove_extra_spec(Request& request);

Reply list_access(Request& request);
Reply add_access(Request& request, Tenant const& whose);
Reply remove_access(Request& request, Tenant const& whose);

// ---- what is shown otherwise than it is kept ----
json::array flavor_links(Request& request, Flavor const& flavor);
json::value shown_swap(Request& request, Flavor const& flavor);

} // namespace volutus::compute

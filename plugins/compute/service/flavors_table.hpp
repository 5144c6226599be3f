// The REST API of flavors.
#pragma once

#include "flavors.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr char one_flavor[] = "/flavors/{flavor_id}";
inline constexpr char extra_specs_path[] = "/flavors/{flavor_id}/os-extra_specs";
inline constexpr char extra_spec_path[] = "/flavors/{flavor_id}/os-extra_specs/{spec_key}";
inline constexpr char flavor_action[] = "/flavors/{flavor_id}/action";
inline constexpr char admins[] = "rule:context_is_admin";

inline constexpr auto flavors = resource<Flavor>(
    "flavor", "flavors", kind("compute.flavor"), unscoped, unique_in("compute.flavor.name", "name"),
    field<&Flavor::id>("id"), field<&Flavor::name>("name"), field<&Flavor::ram>("ram"), field<&Flavor::disk>("disk"),
    field<&Flavor::swap>("swap", view<shown_swap>(until("2.74"))),
    field<&Flavor::ephemeral>("OS-FLV-EXT-DATA:ephemeral"), field<&Flavor::disabled>("OS-FLV-DISABLED:disabled"),
    field<&Flavor::vcpus>("vcpus"), field<&Flavor::is_public>("os-flavor-access:is_public"),
    field<&Flavor::rxtx_factor>("rxtx_factor"), computed<flavor_links>("links"),
    field<&Flavor::description>("description", since("2.55"), on_update, max_length(65535)),
    field<&Flavor::extra_specs>("extra_specs", since("2.61")), view<hide_extra_specs>(),
    field<&Flavor::projects>("projects", hidden), field<&Flavor::created_at>("created_at", hidden),
    field<&Flavor::updated_at>("updated_at", hidden),

    list<list_flavors>(
        "/flavors", {}, shows("id", "name", "links", "description"), queries("minDisk", "minRam", "is_public"),
        sorts(sort_key("flavorid", "id"), "name", sort_key("memory_mb", "ram"), sort_key("root_gb", "disk"), "vcpus",
              "swap", "created_at", "updated_at", sort_key("ephemeral_gb", "OS-FLV-EXT-DATA:ephemeral"), "rxtx_factor"),
        sorted_by("id", false)),
    list<list_flavors>("/flavors/detail", {}, queries("minDisk", "minRam", "is_public"),
                       sorts(sort_key("flavorid", "id"), "name", sort_key("memory_mb", "ram"),
                             sort_key("root_gb", "disk"), "vcpus", "swap", "created_at", "updated_at",
                             sort_key("ephemeral_gb", "OS-FLV-EXT-DATA:ephemeral"), "rxtx_factor"),
                       sorted_by("id", false)),
    show<show_flavor>(one_flavor, {}),
    create<create_flavor>("/flavors", policy("os_compute_api:os-flavor-manage:create", admins), status(200)),
    update<update_flavor>(one_flavor, policy("os_compute_api:os-flavor-manage:update", admins), since("2.55")),
    remove(one_flavor, policy("os_compute_api:os-flavor-manage:delete", admins), status(202)),

    route<list_extra_specs>("GET", extra_specs_path, "os_compute_api:os-flavor-extra-specs:index"),
    route<add_extra_specs>("POST", extra_specs_path, policy("os_compute_api:os-flavor-extra-specs:create", admins)),
    route<show_extra_spec>("GET", extra_spec_path, "os_compute_api:os-flavor-extra-specs:show"),
    route<set_extra_spec>("PUT", extra_spec_path, policy("os_compute_api:os-flavor-extra-specs:update", admins)),
    route<remove_extra_spec>("DELETE", extra_spec_path, policy("os_compute_api:os-flavor-extra-specs:delete", admins)),

    route<list_access>("GET", "/flavors/{flavor_id}/os-flavor-access",
                       policy("os_compute_api:os-flavor-access", admins)),
    action<add_access>(flavor_action, "addTenantAccess",
                       policy("os_compute_api:os-flavor-access:add_tenant_access", admins), status(200)),
    action<remove_access>(flavor_action, "removeTenantAccess",
                          policy("os_compute_api:os-flavor-access:remove_tenant_access", admins), status(200)));

} // namespace volutus::compute

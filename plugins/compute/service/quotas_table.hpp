#pragma once

#include "quotas.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr char quota_path[] = "/os-quota-sets/{quota_project}";
inline constexpr PolicyRule shows_quota = policy("os_compute_api:os-quota-sets:show", "rule:project_reader_or_admin");

inline constexpr auto quota_sets = resource<QuotaSet>(
    "quota_set", "quota_sets", unscoped, field<&QuotaSet::id>("id"),
    rule("os_compute_api:limits:other_project", "rule:context_is_admin"),
    route<&Quotas::show>("GET", quota_path, shows_quota, checks_itself),
    route<&Quotas::show_defaults>("GET", "/os-quota-sets/{quota_project}/defaults",
                                  policy("os_compute_api:os-quota-sets:defaults", "@")),
    route<&Quotas::show_in_detail>("GET", "/os-quota-sets/{quota_project}/detail",
                                   policy("os_compute_api:os-quota-sets:detail", "rule:project_reader_or_admin"),
                                   checks_itself),
    route<&Quotas::update>("PUT", quota_path, policy("os_compute_api:os-quota-sets:update", "rule:context_is_admin")),
    route<&Quotas::reset>("DELETE", quota_path, policy("os_compute_api:os-quota-sets:delete", "rule:context_is_admin"),
                          status(202)),
    route<&Quotas::show_limits>("GET", "/limits", policy("os_compute_api:limits", "rule:project_reader_or_admin")));

} // namespace volutus::compute

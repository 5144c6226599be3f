// The REST API of quotas.
#pragma once

#include "quotas.hpp"
#include "table_words.hpp"

namespace volutus::network_service {

inline constexpr char quotas_path[] = "/quotas", quota_path[] = "/quotas/{project_id}";

inline constexpr auto quotas = resource<Quota>(
    "quota", "quotas", unscoped, field<&Quota::network>("network", writable, at_least(-1)),
    field<&Quota::subnet>("subnet", writable, at_least(-1)), field<&Quota::port>("port", writable, at_least(-1)),
    field<&Quota::router>("router", writable, at_least(-1)),
    field<&Quota::floatingip>("floatingip", writable, at_least(-1)),
    field<&Quota::security_group>("security_group", writable, at_least(-1)),
    field<&Quota::security_group_rule>("security_group_rule", writable, at_least(-1)),
    field<&Quota::subnetpool>("subnetpool", writable, at_least(-1)), field<&Quota::force>("force", on_update, hidden),
    field<&Quota::check_limit>("check_limit", on_update, hidden),
    field<&Quota::project_id>("project_id", also_as("tenant_id"), when_set),

    list<&Quotas::list>(quotas_path, policy("get_quota:all", admin_only)),
    show<&Quotas::show>(quota_path, policy("get_quota", "rule:project_reader_or_admin")),
    route<&Quotas::defaults>("GET", "/quotas/{project_id}/default", "get_quota"),
    route<&Quotas::details>("GET", "/quotas/{project_id}/details", "get_quota",
                            alias("/quotas/{project_id}/details.json")),
    update<&Quotas::update>(quota_path, policy("update_quota", admin_only)),
    remove<&Quotas::reset>(quota_path, policy("delete_quota", admin_only)));

} // namespace volutus::network_service

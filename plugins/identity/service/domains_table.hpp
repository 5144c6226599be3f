#pragma once

#include "documents.hpp"
#include "domains.hpp"

namespace volutus::identity_service {

inline constexpr auto domains = resource<Domain>(
    "domain", "domains", kind("identity.domain"), unscoped, unique_in("identity.domain.name", "name"),
    field<&Domain::id>("id"), field<&Domain::name>("name", required_on_create, writable, min_length(1), max_length(64)),
    field<&Domain::description>("description", writable, max_length(4096), fallback("\"\"")),
    field<&Domain::enabled>("enabled", writable, fallback("true")),
    field<&Domain::tags>("tags", writable, max_length(80)), field<&Domain::options>("options", writable),
    field<&Domain::extra>("extra", keeps_rest), field<&Domain::tokens_from>("tokens_from", hidden),
    computed<self_link<Domain>>("links"),
    list("/domains", "identity:list_domains", filters("name", "enabled"), sorted_by("name")),
    show("/domains/{domain_id}",
         policy("identity:get_domain", "rule:admin_required or (role:reader and system_scope:all) or "
                                       "domain_id:%(target.domain.id)s or project_domain_id:%(target.domain.id)s"),
         asks_of_object),
    create<create_domain>("/domains", "identity:create_domain"),
    update<update_domain>("/domains/{domain_id}", "identity:update_domain", by("PATCH")),
    remove<remove_domain>("/domains/{domain_id}", "identity:delete_domain"));

} // namespace volutus::identity_service

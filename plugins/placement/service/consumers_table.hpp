// /allocations, /reshaper, /usages and /allocation_candidates: what is allocated, and what could be.
#pragma once

#include "allocations.hpp"
#include "candidates.hpp"
#include "providers_table.hpp"
#include "usages.hpp"

namespace volutus::placement_service {

inline constexpr char one_consumer[] = "/allocations/{consumer_uuid}";

inline constexpr auto consumers = resource<Consumer>(
    "consumer", "consumers", kind("placement.consumer"), unscoped, field<&Consumer::id>("id"),
    field<&Consumer::project>("project", indexed), field<&Consumer::user>("user"), field<&Consumer::type>("type"),
    field<&Consumer::generation>("generation"), field<&Consumer::created_at>("created_at"),
    field<&Consumer::updated_at>("updated_at"),

    route<show_allocations>("GET", one_consumer, policy("placement:allocations:list", for_operators)),
    route<put_allocations>("PUT", one_consumer, policy("placement:allocations:update", for_operators), any_body,
                           status(204)),
    route<remove_allocations>("DELETE", one_consumer, policy("placement:allocations:delete", for_operators),
                              status(204)),
    route<post_allocations>("POST", "/allocations", policy("placement:allocations:manage", for_operators), any_body,
                            status(204), since("1.13")),
    route<reshape>("POST", "/reshaper", policy("placement:reshaper:reshape", "role:service"), any_body, status(204),
                   since("1.30")),
    route<list_usages>("GET", "/usages", policy("placement:usages", for_project_readers), since("1.9"), checks_itself),
    route<list_candidates>("GET", "/allocation_candidates",
                           policy("placement:allocation_candidates:list", for_operators), since("1.10")));

} // namespace volutus::placement_service

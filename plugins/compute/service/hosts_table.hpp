// The REST API of hypervisors, services and availability zones.
#pragma once

#include "hosts.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr char for_operators[] = "rule:context_is_admin";
inline constexpr PolicyRule lists_hypervisors = policy("os_compute_api:os-hypervisors:list", for_operators);

inline constexpr auto hosts = resource<ComputeHost>(
    "hypervisor", "hypervisors", kind("compute.host"), unscoped, unique_in("compute.host.name", "name"),
    field<&ComputeHost::id>("id"), field<&ComputeHost::name>("name", indexed), field<&ComputeHost::driver>("driver"),
    field<&ComputeHost::service_id>("service_id"), field<&ComputeHost::type>("type"),
    field<&ComputeHost::address>("address"), field<&ComputeHost::zone>("zone", indexed),
    field<&ComputeHost::version>("version"), field<&ComputeHost::vcpus>("vcpus"),
    field<&ComputeHost::memory_mb>("memory_mb"), field<&ComputeHost::disk_gb>("disk_gb"),
    field<&ComputeHost::cpu>("cpu"), field<&ComputeHost::traits>("traits"), field<&ComputeHost::disabled>("disabled"),
    field<&ComputeHost::disabled_reason>("disabled_reason"), field<&ComputeHost::updated_at>("updated_at"),

    route<&Hosts::list>("GET", "/os-hypervisors", lists_hypervisors),
    route<&Hosts::list>("GET", "/os-hypervisors/detail",
                        policy("os_compute_api:os-hypervisors:list-detail", for_operators)),
    route<&Hosts::statistics>("GET", "/os-hypervisors/statistics",
                              policy("os_compute_api:os-hypervisors:statistics", for_operators)),
    route<&Hosts::show>("GET", "/os-hypervisors/{hypervisor_id}",
                        policy("os_compute_api:os-hypervisors:show", for_operators)),
    route<&Hosts::uptime>("GET", "/os-hypervisors/{hypervisor_id}/uptime",
                          policy("os_compute_api:os-hypervisors:uptime", for_operators)),
    route<&Hosts::search>("GET", "/os-hypervisors/{pattern}/search",
                          policy("os_compute_api:os-hypervisors:search", for_operators), until("2.52")),
    route<&Hosts::servers_of>("GET", "/os-hypervisors/{pattern}/servers",
                              policy("os_compute_api:os-hypervisors:servers", for_operators), until("2.52")),

    route<&Hosts::list_services>("GET", "/os-services", policy("os_compute_api:os-services:list", for_operators)),
    route<&Hosts::update_service>("PUT", "/os-services/{service_id}",
                                  policy("os_compute_api:os-services:update", for_operators), since("2.53")),
    route<&Hosts::set_service>("PUT", "/os-services/{service_id}",
                               policy("os_compute_api:os-services:update", for_operators), until("2.52")),
    route<&Hosts::list_zones>("GET", "/os-availability-zone", policy("os_compute_api:os-availability-zone:list", "@")),
    route<&Hosts::list_zones>("GET", "/os-availability-zone/detail",
                              policy("os_compute_api:os-availability-zone:detail", for_operators)));

} // namespace volutus::compute

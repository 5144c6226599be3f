#pragma once

#include "catalog.hpp"
#include "checks.hpp"
#include "documents.hpp"

namespace volutus::identity_service {

inline constexpr auto regions = resource<Region>(
    "region", "regions", kind("identity.region"), unscoped, field<&Region::id>("id", on_create, max_length(255)),
    field<&Region::parent_region_id>("parent_region_id", writable, max_length(255), owned_by("identity.region")),
    field<&Region::description>("description", writable, max_length(4096), fallback("\"\"")),
    field<&Region::extra>("extra", keeps_rest), computed<self_link<Region>>("links"),
    list("/regions", policy("identity:list_regions", checks::anyone), filters("parent_region_id")),
    show("/regions/{region_id}", policy("identity:get_region", checks::anyone)),
    create<&Catalog::create_region>("/regions", "identity:create_region"),
    create<&Catalog::create_region>("/regions/{region_id}", "identity:create_region", by("PUT")),
    update("/regions/{region_id}", "identity:update_region", by("PATCH")),
    remove<&Catalog::remove_region>("/regions/{region_id}", "identity:delete_region"));

inline constexpr auto services = resource<Service>(
    "service", "services", kind("identity.service"), unscoped, field<&Service::id>("id"),
    field<&Service::name>("name", writable, max_length(255), when_set),
    field<&Service::type>("type", required_on_create, writable, min_length(1), max_length(255)),
    field<&Service::enabled>("enabled", writable, indexed, fallback("true")),
    field<&Service::description>("description", writable, max_length(4096), when_set),
    field<&Service::extra>("extra", keeps_rest), computed<self_link<Service>>("links"),
    list("/services", "identity:list_services", filters("name", "type"), sorted_by("type")),
    show("/services/{service_id}", "identity:get_service"), create("/services", "identity:create_service"),
    update("/services/{service_id}", "identity:update_service", by("PATCH")),
    remove<&Catalog::remove_service>("/services/{service_id}", "identity:delete_service"));

inline constexpr auto endpoints = resource<Endpoint>(
    "endpoint", "endpoints", kind("identity.endpoint"), unscoped, field<&Endpoint::id>("id"),
    field<&Endpoint::interface>("interface", required_on_create, writable, one_of("public", "internal", "admin")),
    field<&Endpoint::region_id>("region_id", writable, max_length(255), also_as("region"),
                                refers_to("identity.region")),
    field<&Endpoint::service_id>("service_id", required_on_create, writable, owned_by("identity.service")),
    field<&Endpoint::url>("url", required_on_create, writable, min_length(1), max_length(2048), view<shown_url>()),
    field<&Endpoint::enabled>("enabled", writable, indexed, fallback("true")),
    field<&Endpoint::name>("name", writable, max_length(255), when_set),
    field<&Endpoint::description>("description", writable, max_length(4096), when_set),
    field<&Endpoint::extra>("extra", keeps_rest), computed<self_link<Endpoint>>("links"),
    list("/endpoints", "identity:list_endpoints", filters("service_id", "interface", "region_id")),
    show("/endpoints/{endpoint_id}", "identity:get_endpoint"),
    create<&Catalog::create_endpoint>("/endpoints", "identity:create_endpoint"),
    update<&Catalog::update_endpoint>("/endpoints/{endpoint_id}", "identity:update_endpoint", by("PATCH")),
    remove("/endpoints/{endpoint_id}", "identity:delete_endpoint"));

} // namespace volutus::identity_service

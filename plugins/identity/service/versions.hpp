// GET / and GET /v3: which versions of the API are here.
#pragma once

#include <volutus/request.hpp>
#include <volutus/resource.hpp>

namespace volutus::identity_service {

struct ApiVersion : Stored {
    std::string id;
};

Reply list_versions(Request& request);
Reply show_version(Request& request);

inline constexpr auto versions = resource<ApiVersion>("version", "versions", unscoped, field<&ApiVersion::id>("id"),
                                                      route<list_versions>("GET", "//", {}, anonymous, status(300)),
                                                      route<show_version>("GET", "//v3", {}, anonymous));

} // namespace volutus::identity_service

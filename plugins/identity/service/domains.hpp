// Domains: the containers of users, groups and projects.
#pragma once

#include <volutus/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::identity_service {

inline constexpr std::string_view default_domain = "default";

struct Domain : Stored {
    std::string id, name;
    std::optional<std::string> description;
    bool enabled = true;
    std::vector<std::string> tags;
    json::object options, extra;
    std::int64_t tokens_from = 0; // when it was disabled last: older tokens stay void
};
Resource const& resource_of(Domain const*);

Reply create_domain(Request& request, Domain const& wanted);
Reply update_domain(Request& request);
Reply remove_domain(Request& request);

} // namespace volutus::identity_service

// Who is asking: the JSON document that Call::caller() holds, made by the gateway from the token and inherited by every
// nested call. An empty document is the cloud itself, which may do everything.
#pragma once

#include <volutus/codec.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus {

struct Caller {
    bool anonymous = false; // no token; only routes that are declared anonymous are reached so
    std::optional<std::string> user_id, user_name, user_domain_id, user_domain_name;
    std::optional<std::string> project_id, project_name, project_domain_id, project_domain_name; // of a project token
    std::optional<std::string> domain_id, domain_name;                                           // of a domain token
    std::optional<std::string> system;                                                           // "all" in a system token
    std::vector<std::string> roles;                                                              // implied ones included
    std::vector<std::string> service_roles; // of the service token that came along
    std::optional<std::string> token_id;    // audit id, for revocation and audit; never the token

    bool has_role(std::string_view name) const { return std::find(roles.begin(), roles.end(), name) != roles.end(); }
    bool is_cloud() const { return !anonymous && !user_id && roles.empty(); }
};
BOOST_DESCRIBE_STRUCT(Caller, (), (anonymous, user_id, user_name, user_domain_id, user_domain_name, project_id,
    project_name, project_domain_id, project_domain_name, domain_id, domain_name, system, roles, service_roles, token_id))

} // namespace volutus

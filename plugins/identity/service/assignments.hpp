// Role assignments: a user or a group has a role on a project, a domain or the system.
#pragma once

#include <volutus/request.hpp>

#include <optional>
#include <string>

namespace volutus::identity_service {

struct Assignment : Stored {
    std::string id;                                   // of all that follows, so that none is there twice
    std::optional<std::string> user_id, group_id;     // one of them
    std::optional<std::string> project_id, domain_id; // one of them, or
    bool system = false;
    std::string role_id;
    bool inherited = false; // holds for the projects below, and not there itself
};
Resource const& resource_of(Assignment const*);

std::string id_for(Assignment const& assignment);

Reply grant(Request& request);
Reply check_grant(Request& request);
Reply revoke_grant(Request& request);
Reply list_grants(Request& request);
Reply list_assignments(Request& request); // /role_assignments

} // namespace volutus::identity_service

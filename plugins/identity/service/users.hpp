// Users, and what each may ask about itself.
#pragma once

#include <volutus/request.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace volutus::identity_service {

struct User : Stored {
    std::string id, domain_id, name;
    // In a request's body the password; in a document its hash, and never anything else.
    std::optional<std::string> password;
    bool enabled = true;
    std::optional<std::string> default_project_id, email, description;
    std::optional<std::string> password_expires_at;
    json::object options, extra;
    std::int64_t tokens_from = 0; // when the password changed or the user was disabled last: older tokens are void
};
Resource const& resource_of(User const*);

Reply list_users(Request& request);
Reply create_user(Request& request, User const& wanted);
Reply update_user(Request& request);
Reply remove_user(Request& request);
Reply change_password(Request& request); // with the old one instead of a token
Reply list_projects_of_user(Request& request);
Reply list_groups_of_user(Request& request);

} // namespace volutus::identity_service

// Groups of users.
#pragma once

#include <volutus/request.hpp>

#include <optional>
#include <string>
#include <vector>

namespace volutus::identity_service {

struct Group : Stored {
    std::string id, domain_id, name;
    std::optional<std::string> description;
    json::object extra;
};
Resource const& resource_of(Group const*);

struct Membership : Stored {
    std::string id; // "<group>/<user>"
    std::string group_id, user_id;
};
Resource const& resource_of(Membership const*);

std::vector<std::string> groups_of(Store& store, std::string const& user);
std::vector<std::string> users_of(Store& store, std::string const& group);

Reply create_group(Request& request, Group const& wanted);
Reply update_group(Request& request);
Reply remove_group(Request& request);

Reply list_group_users(Request& request);
Reply add_group_user(Request& request);
Reply check_group_user(Request& request);
Reply remove_group_user(Request& request);

} // namespace volutus::identity_service

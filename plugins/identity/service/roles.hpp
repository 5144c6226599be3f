// Roles, and which role brings which others.
#pragma once

#include <volutus/request.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace volutus::identity_service {

struct Role : Stored {
    std::string id, name;
    std::string domain_id; // "" = of the whole cloud; else it only stands for what it implies
    std::optional<std::string> description;
    json::object options, extra;
};
Resource const& resource_of(Role const*);

struct ImpliedRole : Stored {
    std::string id; // "<prior>/<implied>"
    std::string prior_role_id, implied_role_id;
};
Resource const& resource_of(ImpliedRole const*);

// All implications of the cloud, read once.
class Implications {
public:
    explicit Implications(Store& store);
    // The role itself and all that it brings, directly or not.
    std::set<std::string> of(std::string const& role) const;

private:
    std::map<std::string, std::vector<std::string>> implied_;
};

// What these roles stand for in a token: implied ones included, roles of a domain left out. By name.
std::vector<RoleRef> expanded(Store& store, std::set<std::string> const& roles);

Reply list_roles(Request& request);
Reply create_role(Request& request, Role const& wanted);
Reply update_role(Request& request);
Reply remove_role(Request& request);

Reply list_implied(Request& request);
Reply imply(Request& request);
Reply show_implied(Request& request);
Reply stop_implying(Request& request);
Reply list_inferences(Request& request);

} // namespace volutus::identity_service

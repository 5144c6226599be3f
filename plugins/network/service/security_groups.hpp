// What is done to security groups and their rules.
#pragma once

#include "due.hpp"
#include "security_group.hpp"
#include "settings.hpp"

namespace volutus::network_service {

class SecurityGroups {
public:
    explicit SecurityGroups(Settings const& settings) : settings_(settings) {}

    // Its id. A project has its default group as soon as the network service has seen the project.
    std::string ensure_default(Store& store, std::string const& project) const;

    Reply list(Request& request);
    Reply create(Request& request, std::vector<SecurityGroup> const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

    Reply list_rules(Request& request);
    Reply create_rules(Request& request, std::vector<SecurityGroupRule> const& wanted);
    Reply remove_rule(Request& request);

    // The project's group of that id, or the one of that name. SecurityGroupNotFound, or a conflict where several
    // have the name.
    SecurityGroup find(Store& store, std::string const& project, std::string const& name_or_id) const;
    // Each is there and the project's own. What ports are given.
    void check_usable(Request& request, std::vector<std::string> const& groups) const;

private:
    Writes made(SecurityGroup const& group, std::vector<SecurityGroupRule> const& rules) const;

    Settings const& settings_;
};

json::array rules_of(Request& request, SecurityGroup const& group);

} // namespace volutus::network_service

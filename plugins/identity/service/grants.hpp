// What role assignments come to: which roles a user has where, groups, inheritance and implication counted in.
#pragma once

#include "assignments.hpp"
#include "domains.hpp"
#include "projects.hpp"

#include <set>
#include <string>
#include <vector>

namespace volutus::identity_service {

// Of the user itself and of its groups.
std::vector<Assignment> assignments_of(Store& store, std::string const& user);

// Ids of the roles there, without those that they imply.
std::set<std::string> roles_on_project(Store& store, std::vector<Assignment> const& assignments,
                                       Project const& project);
std::set<std::string> roles_on_domain(std::vector<Assignment> const& assignments, std::string const& domain);
std::set<std::string> roles_on_system(std::vector<Assignment> const& assignments);

// Where an inherited assignment holds.
std::vector<Project> projects_inheriting(Store& store, Assignment const& assignment);

// Where the user has any role; by name.
std::vector<Project> projects_of(Store& store, std::string const& user);
std::vector<Domain> domains_of(Store& store, std::string const& user);

} // namespace volutus::identity_service

// Projects, alone or in a tree within their domain.
#pragma once

#include <volutus/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::identity_service {

struct Project : Stored {
    std::string id, domain_id, name;
    std::optional<std::string> description;
    bool enabled = true, is_domain = false;
    std::string parent_id;            // a project, or the domain
    std::optional<std::string> above; // the parent where it is a project
    std::vector<std::string> tags;
    json::object options, extra;
    std::int64_t tokens_from = 0; // when it was disabled last: older tokens stay void
};
Resource const& resource_of(Project const*);

// From the parent up to the root.
std::vector<Project> projects_above(Store& store, Project const& project);
// All projects of the trees below, without the one itself.
std::vector<Project> projects_below(Store& store, std::string const& project);

Reply list_projects(Request& request);
Reply create_project(Request& request, Project const& wanted);
Reply update_project(Request& request);
Reply remove_project(Request& request);

} // namespace volutus::identity_service

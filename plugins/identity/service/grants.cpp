#include "grants.hpp"

#include "groups.hpp"

#include <algorithm>
#include <map>

namespace volutus::identity_service {

std::vector<Assignment> assignments_of(Store& store, std::string const& user) {
    auto all = store.all<Assignment>(where("user_id", json::string(user)));
    for (auto const& group : groups_of(store, user))
        for (auto& row : store.all<Assignment>(where("group_id", json::string(group)))) all.push_back(std::move(row));
    return all;
}

std::set<std::string> roles_on_project(Store& store, std::vector<Assignment> const& assignments,
                                       Project const& project) {
    std::set<std::string> above;
    for (auto const& parent : projects_above(store, project)) above.insert(parent.id);
    std::set<std::string> roles;
    for (auto const& row : assignments) {
        bool const here = row.inherited
                              ? row.domain_id == project.domain_id || (row.project_id && above.count(*row.project_id))
                              : row.project_id == project.id;
        if (here) roles.insert(row.role_id);
    }
    return roles;
}

std::set<std::string> roles_on_domain(std::vector<Assignment> const& assignments, std::string const& domain) {
    std::set<std::string> roles;
    for (auto const& row : assignments)
        if (row.domain_id == domain && !row.inherited) roles.insert(row.role_id);
    return roles;
}

std::set<std::string> roles_on_system(std::vector<Assignment> const& assignments) {
    std::set<std::string> roles;
    for (auto const& row : assignments)
        if (row.system && !row.inherited) roles.insert(row.role_id);
    return roles;
}

std::vector<Project> projects_inheriting(Store& store, Assignment const& assignment) {
    if (assignment.project_id) return projects_below(store, *assignment.project_id);
    if (assignment.domain_id) return store.all<Project>(where("domain_id", json::string(*assignment.domain_id)));
    return {};
}

std::vector<Project> projects_of(Store& store, std::string const& user) {
    std::map<std::string, Project> found;
    auto add = [&](Project project) {
        auto id = project.id;
        found.emplace(std::move(id), std::move(project));
    };
    for (auto const& row : assignments_of(store, user)) {
        if (row.inherited)
            for (auto& project : projects_inheriting(store, row)) add(std::move(project));
        else if (row.project_id && !found.count(*row.project_id))
            if (auto project = store.get<Project>(*row.project_id)) add(std::move(*project));
    }
    std::vector<Project> projects;
    for (auto& [id, project] : found) projects.push_back(std::move(project));
    std::sort(projects.begin(), projects.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    return projects;
}

std::vector<Domain> domains_of(Store& store, std::string const& user) {
    std::set<std::string> ids;
    for (auto const& row : assignments_of(store, user))
        if (row.domain_id && !row.inherited) ids.insert(*row.domain_id);
    std::vector<Domain> domains;
    for (auto const& id : ids)
        if (auto domain = store.get<Domain>(id)) domains.push_back(std::move(*domain));
    std::sort(domains.begin(), domains.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    return domains;
}

} // namespace volutus::identity_service

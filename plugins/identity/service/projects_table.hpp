#pragma once

#include "documents.hpp"
#include "projects.hpp"

namespace volutus::identity_service {

inline constexpr auto projects = resource<Project>(
    "project", "projects", kind("identity.project"), unscoped, unique_in("identity.project.name", "domain_id", "name"),
    field<&Project::id>("id"),
    field<&Project::name>("name", required_on_create, writable, min_length(1), max_length(64)),
    field<&Project::domain_id>("domain_id", on_create, owned_by("identity.domain")),
    field<&Project::description>("description", writable, max_length(4096), fallback("\"\"")),
    field<&Project::enabled>("enabled", writable, fallback("true")),
    field<&Project::is_domain>("is_domain", on_create, fallback("false")),
    field<&Project::parent_id>("parent_id", on_create),
    field<&Project::above>("above", hidden, indexed, owned_by("identity.project")),
    field<&Project::tags>("tags", writable, max_length(80)), field<&Project::options>("options", writable),
    field<&Project::extra>("extra", keeps_rest), field<&Project::tokens_from>("tokens_from", hidden),
    computed<self_link<Project>>("links"),
    list<list_projects>("/projects",
                        policy("identity:list_projects", "rule:admin_required or (role:reader and system_scope:all) or "
                                                         "(role:reader and domain_id:%(domain_id)s)"),
                        filters("name", "domain_id", "enabled", "is_domain", "parent_id", "tags"), sorted_by("name")),
    show("/projects/{project_id}",
         policy("identity:get_project", "rule:admin_required or (role:reader and system_scope:all) or "
                                        "(role:reader and domain_id:%(target.project.domain_id)s) or "
                                        "project_id:%(target.project.id)s"),
         asks_of_object),
    create<create_project>("/projects", "identity:create_project"),
    update<update_project>("/projects/{project_id}", "identity:update_project", by("PATCH")),
    remove<remove_project>("/projects/{project_id}", "identity:delete_project"));

} // namespace volutus::identity_service

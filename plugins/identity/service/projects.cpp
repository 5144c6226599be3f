#include "projects.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "domains.hpp"
#include "erasure.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::identity_service {

namespace {

constexpr std::size_t deepest_tree = 5; // projects above each other, the root counted

void place_below(Request& request, Project& project, std::string const& parent) {
    auto const above = request.store().get<Project>(parent);
    if (!above) request.missing("project", parent);
    if (!project.domain_id.empty() && project.domain_id != above->domain_id)
        throw Error(Code::invalid,
                    fmt::format("The parent {} is of the domain {}; a project is in its parent's domain.", parent,
                                above->domain_id));
    if (!above->enabled)
        throw Error(Code::forbidden, fmt::format("Cannot create a project below {}, which is disabled.", parent));
    if (projects_above(request.store(), *above).size() + 2 > deepest_tree)
        throw Error(Code::forbidden, fmt::format("Max hierarchy depth reached for {} branch.", parent));
    project.domain_id = above->domain_id;
    project.parent_id = above->id;
    project.above = above->id;
}

} // namespace

std::vector<Project> projects_above(Store& store, Project const& project) {
    std::vector<Project> above;
    for (auto next = project.above; next && above.size() < deepest_tree;) {
        auto parent = store.get<Project>(*next);
        if (!parent) break;
        next = parent->above;
        above.push_back(std::move(*parent));
    }
    return above;
}

std::vector<Project> projects_below(Store& store, std::string const& project) {
    std::vector<Project> below = store.all<Project>(where("above", json::string(project)));
    for (std::size_t i = 0; i < below.size(); ++i)
        for (auto& child : store.all<Project>(where("above", json::string(below[i].id))))
            below.push_back(std::move(child));
    return below;
}

// A token of a domain lists that domain's.
Reply list_projects(Request& request) {
    std::vector<store::Where> more;
    auto const& caller = request.caller();
    if (caller.domain && !caller.is_admin) more.push_back(where("domain_id", json::string(caller.domain->id)));
    return request.list(std::move(more));
}

Reply create_project(Request& request, Project const& wanted) {
    auto project = wanted;
    project.id = new_plain_uuid();
    if (project.is_domain)
        throw Error(Code::invalid, "a project that acts as a domain is made as a domain: POST /v3/domains");
    auto const& parent = wanted.parent_id;
    if (!parent.empty() && parent != wanted.domain_id && !request.store().get<Domain>(parent)) {
        place_below(request, project, parent);
    } else {
        project.domain_id = domain_for(request, wanted.domain_id.empty() ? parent : wanted.domain_id);
        project.parent_id = project.domain_id;
    }
    store_named(request, project);
    return request.shown(project);
}

Reply update_project(Request& request) {
    return retry_on_conflict([&] {
        auto project = request.require<Project>();
        refuse_if_immutable(request, "project", project.id, project.options);
        bool const was_enabled = project.enabled;
        request.change(project);
        if (was_enabled && !project.enabled) project.tokens_from = now_micros();
        store_named(request, project, changed({subject("project", project.id)}));
        return request.shown(project);
    });
}

Reply remove_project(Request& request) {
    auto const project = request.require<Project>();
    refuse_if_immutable(request, "project", project.id, project.options);
    if (request.store().find<Project>(where("above", json::string(project.id))))
        throw Error(Code::forbidden,
                    fmt::format("Cannot delete the project {} since it is not a leaf in the hierarchy.", project.id));
    Erasure(request.host(), request.call()).erase(project);
    return request.reply();
}

} // namespace volutus::identity_service

#include "assignments.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "domains.hpp"
#include "groups.hpp"
#include "projects.hpp"
#include "roles.hpp"
#include "users.hpp"

#include <fmt/format.h>

namespace volutus::identity_service {

namespace {

std::optional<std::string> captured(Request& request, char const* name) {
    auto const& parameters = request.http().parameters;
    auto const found = parameters.find(name);
    if (found == parameters.end()) return std::nullopt;
    return found->second;
}

// Who and where, from the path: /projects/{project_id}/groups/{group_id}/roles, /system/users/{user_id}/roles, ...
// What is not there is not found.
Assignment place_of(Request& request) {
    Assignment place;
    place.user_id = captured(request, "user_id");
    place.group_id = captured(request, "group_id");
    place.project_id = captured(request, "project_id");
    place.domain_id = captured(request, "domain_id");
    place.system = !place.project_id && !place.domain_id;
    place.inherited = request.route().path.find("/OS-INHERIT/") != std::string_view::npos;
    auto& store = request.store();
    if (place.user_id && !store.get<User>(*place.user_id)) request.missing("user", *place.user_id);
    if (place.group_id && !store.get<Group>(*place.group_id)) request.missing("group", *place.group_id);
    if (place.project_id && !store.get<Project>(*place.project_id)) request.missing("project", *place.project_id);
    if (place.domain_id && !store.get<Domain>(*place.domain_id)) request.missing("domain", *place.domain_id);
    return place;
}

Assignment assignment_of(Request& request, Role& role) {
    auto wanted = place_of(request);
    wanted.role_id = request.parameter("role_id");
    auto const there = request.store().get<Role>(wanted.role_id);
    if (!there) request.missing("role", wanted.role_id);
    role = *there;
    wanted.id = id_for(wanted);
    return wanted;
}

Assignment require_assignment(Request& request) {
    Role role;
    auto const wanted = assignment_of(request, role);
    auto found = request.store().get<Assignment>(wanted.id);
    if (!found)
        throw Error(Code::not_found,
                    fmt::format("Could not find role assignment with role: {}, user or group: {}, project, domain, or "
                                "system: {}.",
                                wanted.role_id, wanted.user_id ? *wanted.user_id : *wanted.group_id,
                                wanted.project_id  ? *wanted.project_id
                                : wanted.domain_id ? *wanted.domain_id
                                                   : "system"));
    return std::move(*found);
}

std::string actor_of(Assignment const& assignment) {
    return assignment.user_id ? subject("user", *assignment.user_id) : subject("group", *assignment.group_id);
}

void refuse_foreign_role(Request& request, Role const& role, Assignment const& wanted) {
    if (role.domain_id.empty()) return;
    auto const domain = wanted.domain_id    ? *wanted.domain_id
                        : wanted.project_id ? request.store().require<Project>(*wanted.project_id).domain_id
                                            : std::string();
    if (domain != role.domain_id)
        throw Error(Code::forbidden, fmt::format("The role {} is of the domain {}, and can be assigned there only.",
                                                 role.name, role.domain_id));
}

} // namespace

std::string id_for(Assignment const& assignment) {
    auto const where = assignment.project_id  ? subject("project", *assignment.project_id)
                       : assignment.domain_id ? subject("domain", *assignment.domain_id)
                                              : std::string("system");
    return fmt::format("{}/{}/{}{}", actor_of(assignment), where, assignment.role_id,
                       assignment.inherited ? "/inherited" : "");
}

Reply grant(Request& request) {
    Role role;
    auto const wanted = assignment_of(request, role);
    refuse_foreign_role(request, role, wanted);
    if (!request.store().get<Assignment>(wanted.id)) request.apply(put(wanted) + changed({actor_of(wanted)}));
    return request.reply();
}

Reply check_grant(Request& request) {
    require_assignment(request);
    return request.reply();
}

Reply revoke_grant(Request& request) {
    auto const assignment = require_assignment(request);
    request.apply(remove(assignment) + changed({actor_of(assignment)}));
    return request.reply();
}

Reply list_grants(Request& request) {
    auto const place = place_of(request);
    auto const actor = place.user_id ? where("user_id", json::string(*place.user_id))
                                     : where("group_id", json::string(*place.group_id));
    json::array items;
    for (auto const& row : request.store().all<Assignment>(actor))
        if (row.project_id == place.project_id && row.domain_id == place.domain_id && row.system == place.system &&
            row.inherited == place.inherited)
            if (auto const role = request.store().get<Role>(row.role_id)) items.push_back(request.view_of(*role));
    return collection(request, "roles", std::move(items));
}

} // namespace volutus::identity_service

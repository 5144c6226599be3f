// GET /role_assignments: as they were made, or as they work out (effective), with ids or with names.
#include "assignments.hpp"
#include "documents.hpp"
#include "domains.hpp"
#include "grants.hpp"
#include "groups.hpp"
#include "projects.hpp"
#include "roles.hpp"
#include "users.hpp"

#include <map>
#include <set>
#include <tuple>

namespace volutus::identity_service {

namespace {

// A row as it is shown: where it is effective, what it came from.
struct Row {
    Assignment shown;
    Assignment made;
};

// Present is true; "0" and "false" are false.
bool asked(Request& request, std::string_view name) {
    auto const value = request.query(name);
    return value && *value != "0" && *value != "false" && *value != "False";
}

class AssignmentList {
public:
    explicit AssignmentList(Request& request)
        : request_(request), store_(request.store()), user_(request.query("user.id")),
          group_(request.query("group.id")), role_(request.query("role.id")),
          project_(request.query("scope.project.id")), domain_(request.query("scope.domain.id")),
          system_(request.query("scope.system").has_value()),
          inherited_(request.query("scope.OS-INHERIT:inherited_to").has_value()),
          effective_(asked(request, "effective")), names_(asked(request, "include_names")) {
        int const scopes = int(project_.has_value()) + int(domain_.has_value()) + int(system_);
        if (scopes > 1) throw Error(Code::invalid, "Specify a domain, a project, or the system, not several of them.");
        if (user_ && group_) throw Error(Code::invalid, "Specify a user or a group, not both.");
        if (effective_ && group_)
            throw Error(Code::invalid, "Combining effective and group filter will always result in an empty list.");
    }

    Reply run() {
        json::array items;
        for (auto const& row : effective_ ? effective_rows() : made_rows())
            if (matches(row.shown)) items.push_back(view(row));
        return collection(request_, "role_assignments", std::move(items));
    }

private:
    std::vector<Assignment> read(bool narrowed) {
        if (user_ && effective_) return assignments_of(store_, *user_);
        if (user_) return store_.all<Assignment>(where("user_id", json::string(*user_)));
        if (group_) return store_.all<Assignment>(where("group_id", json::string(*group_)));
        if (narrowed && project_) return store_.all<Assignment>(where("project_id", json::string(*project_)));
        if (narrowed && domain_) return store_.all<Assignment>(where("domain_id", json::string(*domain_)));
        if (narrowed && role_) return store_.all<Assignment>(where("role_id", json::string(*role_)));
        return store_.all<Assignment>();
    }

    std::vector<Row> made_rows() {
        std::vector<Row> rows;
        for (auto const& made : read(true)) rows.push_back({made, made});
        return rows;
    }

    std::vector<Row> effective_rows() {
        Implications const implications(store_);
        // Such a role stands for what it implies, and is none itself.
        std::set<std::string> roles_of_domains;
        for (auto const& role : store_.all<Role>())
            if (!role.domain_id.empty()) roles_of_domains.insert(role.id);
        std::vector<Row> rows;
        std::set<std::string> seen;
        for (auto const& made : read(false))
            for (auto const& at : places(made))
                for (auto const& role : implications.of(made.role_id)) {
                    if (roles_of_domains.count(role) > 0) continue;
                    auto shown = at;
                    shown.role_id = role;
                    shown.id = id_for(shown);
                    if (seen.insert(shown.id).second) rows.push_back({shown, made});
                }
        return rows;
    }

    // One for each user and each place that it holds for.
    std::vector<Assignment> places(Assignment const& made) {
        std::vector<Assignment> out;
        auto users = made.user_id ? std::vector{*made.user_id}
                     : user_      ? std::vector{*user_}
                                  : users_of(store_, *made.group_id);
        for (auto const& user : users) {
            auto row = made;
            row.user_id = user;
            row.group_id.reset();
            if (!made.inherited) {
                out.push_back(row);
                continue;
            }
            row.inherited = false;
            row.domain_id.reset();
            for (auto const& project : projects_inheriting(store_, made)) {
                row.project_id = project.id;
                out.push_back(row);
            }
        }
        return out;
    }

    bool matches(Assignment const& row) const {
        return (!user_ || row.user_id == user_) && (!group_ || row.group_id == group_) &&
               (!role_ || row.role_id == *role_) && (!project_ || row.project_id == project_) &&
               (!domain_ || row.domain_id == domain_) && (!system_ || row.system) && (!inherited_ || row.inherited);
    }

    struct Named {
        std::string name, domain; // ids of the domain
    };
    template <class S> Named const& named(std::string const& id) {
        auto const [found, fresh] = known_.try_emplace({resource_of(static_cast<S const*>(nullptr)).noun, id});
        if (fresh)
            if (auto const object = store_.get<S>(id)) {
                found->second.name = object->name;
                if constexpr (!std::is_same_v<S, Domain>) found->second.domain = object->domain_id;
            }
        return found->second;
    }

    template <class S> json::object reference(std::string const& id) {
        json::object out{{"id", id}};
        if (!names_) return out;
        auto const who = named<S>(id);
        out["name"] = who.name;
        if (!who.domain.empty()) out["domain"] = {{"id", who.domain}, {"name", named<Domain>(who.domain).name}};
        return out;
    }

    json::object view(Row const& row) {
        auto const& shown = row.shown;
        json::object out{{"role", reference<Role>(shown.role_id)}, {"links", links(row)}};
        json::object scope;
        if (shown.user_id) out["user"] = reference<User>(*shown.user_id);
        if (shown.group_id) out["group"] = reference<Group>(*shown.group_id);
        if (shown.project_id) scope["project"] = reference<Project>(*shown.project_id);
        if (shown.domain_id) scope["domain"] = reference<Domain>(*shown.domain_id);
        if (shown.system) scope["system"] = {{"all", true}};
        if (shown.inherited) scope["OS-INHERIT:inherited_to"] = "projects";
        out["scope"] = std::move(scope);
        return out;
    }

    json::object links(Row const& row) {
        auto const& made = row.made;
        std::string path = made.inherited ? "/OS-INHERIT" : "";
        if (made.project_id) path += "/projects/" + *made.project_id;
        if (made.domain_id) path += "/domains/" + *made.domain_id;
        if (made.system) path += "/system";
        path += made.user_id ? "/users/" + *made.user_id : "/groups/" + *made.group_id;
        path += "/roles/" + made.role_id + (made.inherited ? "/inherited_to_projects" : "");
        json::object out{{"assignment", request_.link(path)}};
        if (made.group_id && row.shown.user_id)
            out["membership"] = request_.link("/groups/" + *made.group_id + "/users/" + *row.shown.user_id);
        if (made.role_id != row.shown.role_id)
            out["prior_role"] = request_.link("/prior_role/" + made.role_id + "/implies/" + row.shown.role_id);
        return out;
    }

    Request& request_;
    Store& store_;
    std::optional<std::string> user_, group_, role_, project_, domain_;
    bool system_, inherited_, effective_, names_;
    std::map<std::pair<std::string_view, std::string>, Named> known_; // by noun and id
};

} // namespace

Reply list_assignments(Request& request) { return AssignmentList(request).run(); }

} // namespace volutus::identity_service

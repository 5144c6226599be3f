#include "contexts.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "grants.hpp"
#include "groups.hpp"
#include "roles.hpp"
#include "tokens.hpp"
#include "trusts.hpp"
#include "users.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::identity_service {

namespace {

[[noreturn]] void refuse(std::string const& why) { throw Error(Code::unauthenticated, why); }

class Resolving {
public:
    Resolving(Store& store, auth::Claims const& claims) : store_(store), claims_(claims) {}

    auth::Resolved run() {
        read_revocation();
        auto& context = out_.context;
        context.methods = claims_.methods;
        context.audit_ids = claims_.audit_ids;
        context.issued = claims_.issued;
        context.expires = claims_.expires;
        acting_ = claims_.user_id;
        auto const user = valid_user(claims_.user_id);
        if (!claims_.trust_id.empty()) read_trust();
        context.user = reference(acting_ == user.id ? user : valid_user(acting_));
        read_scope();
        context.is_admin = std::any_of(context.roles.begin(), context.roles.end(),
                                       [](RoleRef const& role) { return role.name == "admin"; });
        return std::move(out_);
    }

private:
    void rests_on(std::string_view noun, std::string_view id) { out_.subjects.push_back(subject(noun, id)); }

    // The first of all reads: its revision is the one that the answer holds for.
    void read_revocation() {
        if (claims_.audit_ids.empty()) refuse("the token has no audit id");
        auto const& own = claims_.audit_ids.front();
        rests_on("token", own);
        store::Query query;
        query.where = {where("id", json::string(own))};
        query.limit = 1;
        auto const page = store_.page(resource_of(static_cast<RevokedToken const*>(nullptr)), std::move(query));
        out_.revision = page.revision;
        if (!page.documents.empty()) refuse("the token was revoked");
    }

    DomainRef valid_domain(std::string const& id) {
        rests_on("domain", id);
        auto const domain = store_.get<Domain>(id);
        if (!domain || !domain->enabled) refuse(fmt::format("the domain {} is gone or disabled", id));
        if (claims_.issued < domain->tokens_from) refuse(fmt::format("the domain {} was disabled since", id));
        return {domain->id, domain->name};
    }

    User valid_user(std::string const& id) {
        rests_on("user", id);
        auto user = store_.get<User>(id);
        if (!user || !user->enabled) refuse(fmt::format("the user {} is gone or disabled", id));
        if (claims_.issued < user->tokens_from) refuse(fmt::format("the user {} changed since", id));
        return std::move(*user);
    }

    UserRef reference(User const& user) { return {user.id, user.name, valid_domain(user.domain_id)}; }

    // The trustee acts with the roles of the trust, which the trustor must still have.
    void read_trust() {
        rests_on("trust", claims_.trust_id);
        auto trust = store_.get<Trust>(claims_.trust_id);
        if (!trust || trust->trustee_user_id != claims_.user_id || !trust->is_valid())
            refuse(fmt::format("the trust {} is gone or expired", claims_.trust_id));
        valid_user(trust->trustor_user_id);
        if (trust->impersonation) acting_ = trust->trustor_user_id;
        out_.context.trust = TrustRef{trust->id, trust->trustor_user_id, trust->trustee_user_id};
        trust_ = std::move(*trust);
    }

    void read_scope() {
        auto& context = out_.context;
        if (claims_.scope == "none") return;
        auto const& who = trust_ ? trust_->trustor_user_id : claims_.user_id;
        for (auto const& group : groups_of(store_, who)) rests_on("group", group);
        auto const assignments = assignments_of(store_, who);
        std::set<std::string> roles;
        if (claims_.scope == "project") {
            rests_on("project", claims_.scope_id);
            auto const project = store_.get<Project>(claims_.scope_id);
            if (!project || !project->enabled)
                refuse(fmt::format("the project {} is gone or disabled", claims_.scope_id));
            if (claims_.issued < project->tokens_from)
                refuse(fmt::format("the project {} was disabled since", claims_.scope_id));
            context.project = ProjectRef{project->id, project->name, valid_domain(project->domain_id)};
            roles = roles_on_project(store_, assignments, *project);
        } else if (claims_.scope == "domain") {
            context.domain = valid_domain(claims_.scope_id);
            roles = roles_on_domain(assignments, claims_.scope_id);
        } else {
            context.system = true;
            roles = roles_on_system(assignments);
        }
        context.roles = expanded(store_, roles);
        if (trust_) narrow_to_trust();
        if (context.roles.empty())
            refuse(fmt::format("the user {} has no role on the {} {}", who, claims_.scope, claims_.scope_id));
        for (auto const& role : roles) rests_on("role", role);
        for (auto const& role : context.roles) rests_on("role", role.id);
    }

    void narrow_to_trust() {
        auto& roles = out_.context.roles;
        for (auto const& wanted : trust_->roles)
            if (std::none_of(roles.begin(), roles.end(), [&](RoleRef const& role) { return role.id == wanted; }))
                refuse(fmt::format("the trustor of {} has lost the role {}", trust_->id, wanted));
        roles = expanded(store_, {trust_->roles.begin(), trust_->roles.end()});
    }

    Store& store_;
    auth::Claims const& claims_;
    auth::Resolved out_;
    std::optional<Trust> trust_;
    std::string acting_;
};

} // namespace

auth::Resolved Contexts::resolve(Call& call, auth::Claims const& claims) {
    Store store(host_, call);
    return Resolving(store, claims).run();
}

} // namespace volutus::identity_service

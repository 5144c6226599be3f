#include "trusts.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "grants.hpp"
#include "roles.hpp"
#include "users.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace volutus::identity_service {

namespace {

// UTC, as the API takes it: "2026-01-02T03:04:05Z", with or without a fraction.
std::int64_t micros_from(std::string const& text) {
    std::tm parts{};
    char const* rest = is_timestamp(text) ? ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) : nullptr;
    if (!rest) throw Error(Code::invalid, "'trust.expires_at': expected a time such as 2026-01-02T03:04:05Z");
    std::int64_t fraction = 0;
    if (*rest == '.') {
        std::int64_t unit = 100000;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) fraction += (*rest - '0') * unit;
    }
    if (std::string_view(rest) != "Z" && *rest != '\0')
        throw Error(Code::invalid, "'trust.expires_at': expected a time in UTC, which ends in Z");
    return std::int64_t{::timegm(&parts)} * 1000000 + fraction;
}

// Roles by id or by name, out of those that the trustor has itself.
std::vector<std::string> delegated(std::vector<RoleRef> const& own, std::vector<TrustedRole> const& wanted) {
    std::vector<std::string> roles;
    for (auto const& role : wanted) {
        if (!role.id && !role.name) throw Error(Code::invalid, "'trust.roles': expected an id or a name of each role");
        auto const found = std::find_if(own.begin(), own.end(), [&](RoleRef const& held) {
            return role.id ? held.id == *role.id : held.name == *role.name;
        });
        if (found == own.end())
            throw Error(Code::not_found, fmt::format("Could not find role: {}.", role.id ? *role.id : *role.name));
        roles.push_back(found->id);
    }
    return roles;
}

json::object target_for(std::string_view key, std::string const& user) {
    json::object trust;
    trust[key] = user;
    return {{"target", {{"trust", std::move(trust)}}}};
}

// To whom it is nothing, and when it is over, it is not there; so says Keystone too.
Trust require_trust(Request& request) {
    auto const& id = request.parameter("trust_id");
    auto trust = request.store().get<Trust>(id);
    json::object target;
    if (trust) {
        json::object const parties{{"trustor_user_id", trust->trustor_user_id},
                                   {"trustee_user_id", trust->trustee_user_id}};
        target["target"] = {{"trust", parties}};
    }
    if (!trust || !trust->is_valid() || !request.may("identity:get_trust", target))
        throw Error(Code::not_found, fmt::format("Could not find trust: {}.", id));
    request.enforce(request.route().policy, target);
    return std::move(*trust);
}

json::array role_views(Request& request, Trust const& trust) {
    json::array views;
    for (auto const& id : trust.roles)
        if (auto const role = request.store().get<Role>(id)) views.push_back(request.view_of(*role));
    return views;
}

json::object with_roles(Request& request, Trust const& trust) {
    auto shown = request.view_of(trust);
    shown["roles"] = role_views(request, trust);
    shown["roles_links"] = {
        {"self", request.link("/OS-TRUST/trusts/" + trust.id + "/roles")}, {"next", nullptr}, {"previous", nullptr}};
    return shown;
}

} // namespace

bool Trust::is_valid() const { return !expires || *expires > now_micros(); }

Reply create_trust(Request& request, NewTrust const& wanted) {
    request.enforce(request.route().policy, target_for("trustor_user_id", wanted.trustor_user_id));
    if (request.caller().trust) throw Error(Code::forbidden, "A token of a trust makes no other trusts.");
    if (!wanted.project_id != wanted.roles.empty())
        throw Error(Code::invalid, "'trust': expected roles together with a project_id, or neither");
    auto& store = request.store();
    if (!store.get<User>(wanted.trustee_user_id)) request.missing("user", wanted.trustee_user_id);
    Trust trust;
    trust.id = new_plain_uuid();
    trust.trustor_user_id = wanted.trustor_user_id;
    trust.trustee_user_id = wanted.trustee_user_id;
    trust.impersonation = wanted.impersonation;
    trust.remaining_uses = wanted.remaining_uses;
    trust.project_id = wanted.project_id;
    if (wanted.expires_at) {
        trust.expires = micros_from(*wanted.expires_at);
        if (!trust.is_valid()) throw Error(Code::invalid, "'trust.expires_at': expected a time to come");
    }
    if (wanted.project_id) {
        auto const project = store.get<Project>(*wanted.project_id);
        if (!project) request.missing("project", *wanted.project_id);
        auto const own = roles_on_project(store, assignments_of(store, wanted.trustor_user_id), *project);
        trust.roles = delegated(expanded(store, own), wanted.roles);
    }
    request.apply(put(trust));
    return request.reply(json::object{{"trust", with_roles(request, trust)}});
}

// All of them for who may see all; else those of one user, for that user.
Reply list_trusts(Request& request) {
    auto const trustor = request.query("trustor_user_id"), trustee = request.query("trustee_user_id");
    if (!request.may(request.route().policy, {})) {
        if (!trustor && !trustee) request.enforce(request.route().policy, {});
        if (trustor)
            request.enforce("identity:list_trusts_for_trustor", target_for("trustor_user_id", *trustor));
        else
            request.enforce("identity:list_trusts_for_trustee", target_for("trustee_user_id", *trustee));
    }
    return request.list();
}

Reply show_trust(Request& request) {
    return request.reply(json::object{{"trust", with_roles(request, require_trust(request))}});
}

Reply remove_trust(Request& request) {
    auto const trust = require_trust(request);
    request.apply(remove(trust) + changed({subject("trust", trust.id)}));
    return request.reply();
}

Reply list_trust_roles(Request& request) {
    return collection(request, "roles", role_views(request, require_trust(request)));
}

Reply show_trust_role(Request& request) {
    auto const trust = require_trust(request);
    auto const& id = request.parameter("role_id");
    auto const role =
        std::count(trust.roles.begin(), trust.roles.end(), id) ? request.store().get<Role>(id) : std::nullopt;
    if (!role) throw Error(Code::not_found, fmt::format("Could not find role: {}.", id));
    return request.reply(json::object{{"role", request.view_of(*role)}});
}

} // namespace volutus::identity_service

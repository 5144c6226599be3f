#include "token_document.hpp"

#include <volutus/formats.hpp>

namespace volutus::identity_service {

namespace {

json::object domain_view(DomainRef const& domain) { return {{"id", domain.id}, {"name", domain.name.value_or("")}}; }

json::string time_of(std::int64_t micros) {
    return json::string(timestamp_with_micros(world::WallTime(world::WallTime::duration(micros))));
}

} // namespace

json::object token_document(Context const& context) {
    json::object token;
    token["methods"] = json::array(context.methods.begin(), context.methods.end());
    if (context.user)
        token["user"] = {{"id", context.user->id},
                         {"name", context.user->name.value_or("")},
                         {"domain", domain_view(context.user->domain)},
                         {"password_expires_at", nullptr}};
    token["audit_ids"] = json::array(context.audit_ids.begin(), context.audit_ids.end());
    token["expires_at"] = time_of(context.expires);
    token["issued_at"] = time_of(context.issued);
    if (context.project) {
        token["project"] = {{"id", context.project->id},
                            {"name", context.project->name.value_or("")},
                            {"domain", domain_view(context.project->domain)}};
        token["is_domain"] = false;
    }
    if (context.domain) token["domain"] = domain_view(*context.domain);
    if (context.system) token["system"] = {{"all", true}};
    if (auto const& trust = context.trust)
        token["OS-TRUST:trust"] = {{"id", trust->id},
                                   {"impersonation", context.user && context.user->id == trust->trustor_user_id},
                                   {"trustor_user", {{"id", trust->trustor_user_id}}},
                                   {"trustee_user", {{"id", trust->trustee_user_id}}}};
    if (!context.roles.empty()) {
        json::array roles;
        for (auto const& role : context.roles) roles.push_back(json::object{{"id", role.id}, {"name", role.name}});
        token["roles"] = std::move(roles);
    }
    return token;
}

} // namespace volutus::identity_service

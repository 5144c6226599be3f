#include <kernel/auth/context.hpp>

namespace volutus::kernel::auth {

Credentials credentials_of(Context const& context) {
    Credentials out;
    if (context.user) {
        out.user_id = context.user->id;
        out.user_domain_id = context.user->domain.id;
    }
    if (context.project) {
        out.project_id = context.project->id;
        out.project_domain_id = context.project->domain.id;
    }
    if (context.domain) out.domain_id = context.domain->id;
    if (context.system) out.system_scope = "all";
    for (auto const& role : context.roles) out.roles.push_back(role.name);
    out.is_admin = context.is_admin;
    out.is_admin_project = context.is_admin_project;
    if (context.service) {
        out.service_user_id = context.service->user_id;
        out.service_project_id = context.service->project_id;
        out.service_roles = context.service->roles;
    }
    if (context.trust) {
        out.trust_id = context.trust->id;
        out.trustor_id = context.trust->trustor_user_id;
        out.trustee_id = context.trust->trustee_user_id;
    }
    return out;
}

Caller::Caller(Context from)
    : context(std::move(from)), credentials(credentials_of(context)), document(print(context)) {}

std::string document_of(Caller const& caller, Occasion const& occasion) {
    // The codec writes members in their order and these two are the last; printing the whole again would cost more than
    // the rest of a short request.
    constexpr std::string_view last = R"("client_address":"","request_id":"")";
    auto const at = caller.document.rfind(last);
    auto out = caller.document;
    return out.replace(at, last.size(),
                       R"("client_address":)" + json::print(json::value(occasion.client_address)) +
                           R"(,"request_id":)" + json::print(json::value(occasion.request_id)));
}

std::string anonymous_document(Occasion const& occasion) {
    Context context;
    context.client_address = occasion.client_address;
    context.request_id = occasion.request_id;
    return print(context);
}

std::vector<std::string> subjects_of(Context const& context) {
    std::vector<std::string> out;
    auto const add = [&](std::string_view kind, std::string const& id) {
        if (!id.empty()) out.push_back(std::string(kind) + id);
    };
    if (context.user) {
        auto const user = "user:" + context.user->id;
        out.push_back(user);
        add("domain:", context.user->domain.id);
        if (context.project) add(user + "/project:", context.project->id);
        if (context.domain) add(user + "/domain:", context.domain->id);
        if (context.system) out.push_back(user + "/system");
    }
    if (context.project) {
        add("project:", context.project->id);
        add("domain:", context.project->domain.id);
    }
    if (context.domain) add("domain:", context.domain->id);
    for (auto const& role : context.roles) add("role:", role.id);
    if (context.trust) {
        add("trust:", context.trust->id);
        add("user:", context.trust->trustor_user_id); // a disabled trustor ends the trust
    }
    if (context.application_credential_id) add("application_credential:", *context.application_credential_id);
    for (auto const& audit : context.audit_ids) add("audit:", audit);
    return out;
}

} // namespace volutus::kernel::auth

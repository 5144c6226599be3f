// Who is asking: the document that vlt_call.caller gives.
//
// Three kinds of callers: no document at all is the cloud itself (a task's step, a timer); a document without a user is
// an anonymous request, on a route that needs no token; all else is a user. A program that decides by the caller must
// tell the first two apart, which is why caller_of() gives an optional.
#pragma once

#include <volutus/call.hpp>
#include <volutus/codec.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus {

struct DomainRef {
    std::string id;
    std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(DomainRef, (), (id, name))

struct UserRef {
    std::string id;
    std::optional<std::string> name;
    DomainRef domain;
};
BOOST_DESCRIBE_STRUCT(UserRef, (), (id, name, domain))

struct ProjectRef {
    std::string id;
    std::optional<std::string> name;
    DomainRef domain;
};
BOOST_DESCRIBE_STRUCT(ProjectRef, (), (id, name, domain))

struct RoleRef {
    std::string id, name;
};
BOOST_DESCRIBE_STRUCT(RoleRef, (), (id, name))

struct TrustRef {
    std::string id, trustor_user_id, trustee_user_id;
};
BOOST_DESCRIBE_STRUCT(TrustRef, (), (id, trustor_user_id, trustee_user_id))

// The service that passes on a user's request: its own token stood beside the user's.
struct ServiceRef {
    std::string user_id, project_id;
    std::vector<std::string> roles;
};
BOOST_DESCRIBE_STRUCT(ServiceRef, (), (user_id, project_id, roles))

struct Context {
    std::optional<UserRef> user;       // absent: anonymous
    std::optional<ProjectRef> project; // at most one of project, domain and system: the token's scope
    std::optional<DomainRef> domain;
    bool system = false;
    std::vector<RoleRef> roles;           // on the scope, implied ones included
    bool is_admin = false;                // has the role that makes an operator
    bool is_admin_project = false;        // the scope is the project whose admins are operators everywhere
    std::vector<std::string> methods;     // how the user proved itself
    std::vector<std::string> audit_ids;   // of the token; the first is its own
    std::int64_t issued = 0, expires = 0; // of the token; microseconds since 1970, UTC
    std::optional<TrustRef> trust;        // the token acts for a trustor
    std::optional<std::string> application_credential_id;
    std::optional<ServiceRef> service;
    std::string client_address; // where the request came from; this and the next are empty in the context cache
    std::string request_id;     // "req-<uuid>"
};
BOOST_DESCRIBE_STRUCT(Context, (),
                      (user, project, domain, system, roles, is_admin, is_admin_project, methods, audit_ids, issued,
                       expires, trust, application_credential_id, service, client_address, request_id))

// Throws Code::invalid for a document that is no context.
inline Context parse_context(std::string_view document) { return json::decode<Context>(json::parse(document)); }
inline std::string print(Context const& context) { return json::print(context); }

// nullopt: the cloud itself.
inline std::optional<Context> caller_of(Call const& call) {
    auto const document = call.caller();
    if (document.empty()) return std::nullopt;
    return parse_context(document);
}

} // namespace volutus

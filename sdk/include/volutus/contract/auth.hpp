// volutus.auth/1: what a token stands for. Provided by the identity service and called by the kernel, which has opened
// the token's seal and keeps the answers in its context cache.
//
// Whoever changes something that a context rests on (a user, a project, a role assignment, a revoked token) puts a note
// with the topic changed_topic and the body {"subjects": [...]} into the same apply. The kernel of the controller that
// applies it drops the contexts of those subjects before the apply answers; other controllers follow the feed.
#pragma once

#include <volutus/context.hpp>
#include <volutus/contract.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace volutus::auth {

inline constexpr std::string_view changed_topic = "auth.changed";

// What a sealed token says. Times are microseconds since 1970, UTC.
struct Claims {
    std::string user_id;
    std::string scope;                     // "none", "project", "domain" or "system"
    std::string scope_id;                  // of the project or the domain
    std::vector<std::string> methods;      // "password", "token", ...
    std::vector<std::string> audit_ids;    // the token's own first, then that of the first of its chain
    std::string trust_id;                  // "" = none
    std::string application_credential_id; // "" = none
    std::int64_t issued = 0, expires = 0;
};
BOOST_DESCRIBE_STRUCT(Claims, (),
                      (user_id, scope, scope_id, methods, audit_ids, trust_id, application_credential_id, issued,
                       expires))

struct Resolved {
    Context context;                   // without a request id
    std::uint64_t revision = 0;        // of the store, read before anything else was
    std::vector<std::string> subjects; // what changed_topic would name: "user:<id>", "project:<id>", "token:<audit id>"
};
BOOST_DESCRIBE_STRUCT(Resolved, (), (context, revision, subjects))

struct Auth {
    virtual ~Auth() = default;
    // unauthenticated: revoked, or the user, the project or the domain is gone or disabled, or has no role there.
    virtual Resolved resolve(Call&, Claims const&) = 0;
};
inline constexpr auto contract = volutus::contract<Auth>("volutus.auth/1", required<&Auth::resolve>("resolve"));

} // namespace volutus::auth

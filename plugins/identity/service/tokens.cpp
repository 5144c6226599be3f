#include "tokens.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "grants.hpp"
#include "scopes.hpp"
#include "token_document.hpp"
#include "trusts.hpp"

#include <volutus/contract/tokens.hpp>
#include <volutus/formats.hpp>

namespace volutus::identity_service {

namespace {

struct AuthRequest {
    ClaimedIdentity identity;
    json::value scope;
};
BOOST_DESCRIBE_STRUCT(AuthRequest, (), (identity, scope))

struct AuthBody {
    AuthRequest auth;
};
BOOST_DESCRIBE_STRUCT(AuthBody, (), (auth))

constexpr std::uint32_t most_cleared = 50; // revocations of expired tokens that one new revocation takes with it

Reply token_reply(unsigned status, std::string const& document, std::string text) {
    Reply reply(status);
    reply.text = R"({"token":)" + document + '}';
    reply.header("Content-Type", "application/json")
        .header("X-Subject-Token", std::move(text))
        .header("Vary", "X-Auth-Token");
    return reply;
}

Reply empty_reply(Request const& request) { return std::move(request.reply().header("Vary", "X-Auth-Token")); }

// One use less; one that has none left is refused.
void use_trust(Request& request, std::string const& id) {
    retry_on_conflict([&] {
        auto trust = request.store().require<Trust>(id);
        if (!trust.remaining_uses) return;
        if (*trust.remaining_uses <= 0) throw Error(Code::forbidden, "No remaining uses for trust " + id + ".");
        --*trust.remaining_uses;
        request.apply(put(trust));
    });
}

Writes expired_revocations(Request& request) {
    store::Query query;
    query.where = {where("expires", store::Operator::lt, now_micros())};
    query.limit = most_cleared;
    Writes writes;
    for (auto const& row : request.store().query<RevokedToken>(std::move(query)))
        writes.apply.remove.push_back({std::string(resource_of(&row).kind_name), row.id});
    return writes;
}

} // namespace

Reply Tokens::issue(Request& request) {
    AuthBody body;
    json::decode(request.document(), body, json::Path{}, json::Unknown::ignored);
    auto const proof = authentication_.prove(request, body.auth.identity);
    auth::Claims claims;
    auto context = context_of(request, claims, proof, body.auth.scope);

    Client<tokens::contract> sealer(request.host());
    claims.expires = proof.expires;
    auto sealed = sealer.call<&tokens::Tokens::seal>(request.call(), tokens::Seal{claims});
    if (!claims.trust_id.empty()) {
        use_trust(request, claims.trust_id);
        auto const end = request.store().require<Trust>(claims.trust_id).expires;
        if (end && *end < sealed.claims.expires) {
            claims.expires = *end;
            sealed = sealer.call<&tokens::Tokens::seal>(request.call(), tokens::Seal{claims});
        }
    }
    context.issued = sealed.claims.issued;
    context.expires = sealed.claims.expires;
    return token_reply(request.route().status_code, document(request, context), std::move(sealed.text));
}

// Fills in the claims too. Without a word about the scope it is the user's default project, if there is a role on it.
Context Tokens::context_of(Request& request, auth::Claims& claims, Proof const& proof, json::value const& scope) {
    auto const wanted = read_scope(request, scope, proof.user);
    claims.user_id = proof.user.id;
    claims.methods = proof.methods;
    claims.audit_ids = {new_plain_uuid()};
    if (!proof.chain.empty()) claims.audit_ids.push_back(proof.chain);
    claims.issued = now_micros();
    claims.scope = wanted.scope;
    claims.scope_id = wanted.id;
    claims.trust_id = wanted.trust_id;
    bool const by_default = !wanted.said && proof.user.default_project_id;
    if (by_default) {
        claims.scope = "project";
        claims.scope_id = *proof.user.default_project_id;
    }
    try {
        return contexts_.resolve(request.call(), claims).context;
    } catch (Error const& error) {
        if (error.code() != Code::unauthenticated) throw;
        if (!by_default) refuse_login(request, proof.user.id, error.what());
    }
    claims.scope = "none";
    claims.scope_id.clear();
    return contexts_.resolve(request.call(), claims).context;
}

// Most of it is the catalog, which is printed from its structs: a tree of it would cost more than all the rest.
std::string Tokens::document(Request& request, Context const& context) {
    auto text = json::print(token_document(context));
    bool const scoped = context.project || context.domain || context.system;
    if (!scoped || request.query("nocatalog")) return text;
    text.back() = ',';
    return text + R"("catalog":)" + json::print(catalog_.entries(request.store(), context, catalog_.base(request))) +
           '}';
}

Tokens::Subject Tokens::subject_token(Request& request, bool expired_too) {
    Subject subject;
    subject.text = request.header("X-Subject-Token").value_or("");
    try {
        Client<tokens::contract> tokens(request.host());
        subject.context =
            tokens.call<&tokens::Tokens::context>(request.call(), tokens::Open{subject.text, expired_too});
    } catch (Error const& error) {
        if (error.code() != Code::unauthenticated && error.code() != Code::invalid) throw;
        throw Error(Code::not_found, "Could not find token.");
    }
    auto const& context = subject.context;
    json::object const token{{"user_id", context.trust ? context.trust->trustee_user_id : context.user.value().id}};
    request.enforce(request.route().policy, {{"target", {{"token", token}}}});
    return subject;
}

Reply Tokens::show(Request& request) {
    auto subject = subject_token(request, request.flag("allow_expired"));
    return token_reply(200, document(request, subject.context), std::move(subject.text));
}

Reply Tokens::revoke(Request& request) {
    auto const token = subject_token(request, false);
    RevokedToken revoked;
    revoked.id = token.context.audit_ids.front();
    revoked.expires = token.context.expires;
    try {
        request.apply(put(revoked) + expired_revocations(request) + changed({subject("token", revoked.id)}));
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw; // another request revoked it just now
    }
    return empty_reply(request);
}

Reply Tokens::show_catalog(Request& request) {
    auto const& caller = request.caller();
    if (!caller.project && !caller.domain && !caller.system)
        throw Error(Code::forbidden, "An unscoped token has no catalog; ask for one with a scope.");
    auto const entries = catalog_.entries(request.store(), caller, catalog_.base(request));
    return collection(request, "catalog", json::encode(entries).as_array());
}

Reply Tokens::list_projects(Request& request) {
    json::array items;
    for (auto const& project : projects_of(request.store(), request.user()))
        if (project.enabled) items.push_back(request.view_of(project));
    return collection(request, "projects", std::move(items));
}

Reply Tokens::list_domains(Request& request) {
    json::array items;
    for (auto const& domain : domains_of(request.store(), request.user()))
        if (domain.enabled) items.push_back(request.view_of(domain));
    return collection(request, "domains", std::move(items));
}

Reply Tokens::list_system(Request& request) {
    json::array items;
    if (!roles_on_system(assignments_of(request.store(), request.user())).empty())
        items.push_back(json::object{{"all", true}});
    return collection(request, "system", std::move(items));
}

} // namespace volutus::identity_service

#include "authentication.hpp"

#include "domains.hpp"
#include "passwords.hpp"

#include <volutus/contract/tokens.hpp>

#include <algorithm>

namespace volutus::identity_service {

namespace {

constexpr std::size_t longest_logged = 255;

std::optional<User> claimed_user(Store& store, ClaimedUser const& claimed) {
    if (claimed.id) return store.get<User>(*claimed.id);
    if (!claimed.name)
        throw Error(Code::invalid, "'auth.identity.password.user': expected an id, or a name and a domain");
    if (!claimed.domain)
        throw Error(Code::invalid, "'auth.identity.password.user.domain': expected a value; a name needs its domain");
    auto const domain = domain_id_of(store, claimed.domain);
    if (!domain) return std::nullopt;
    return store.find<User>(where("domain_id", json::string(*domain)), where("name", json::string(*claimed.name)));
}

std::string said(ClaimedUser const& claimed) { return claimed.id ? *claimed.id : claimed.name.value_or(""); }

} // namespace

void refuse_login(Request& request, std::string_view who, std::string_view why) {
    request.host().log(
        Level::notice, "a login was refused",
        {{"user", who.substr(0, longest_logged)}, {"reason", why}, {"request_id", request.request_id()}});
    throw Error(Code::unauthenticated, "The request you have made requires authentication.");
}

std::optional<std::string> domain_id_of(Store& store, std::optional<NameOrId> const& domain) {
    if (!domain) return std::nullopt;
    if (domain->id) return domain->id;
    if (!domain->name) return std::nullopt;
    auto const found = store.find<Domain>(where("name", json::string(*domain->name)));
    if (!found) return std::nullopt;
    return found->id;
}

Proof Authentication::prove(Request& request, ClaimedIdentity const& claimed) {
    if (claimed.methods.empty()) throw Error(Code::invalid, "'auth.identity.methods': expected at least one method");
    Proof proof;
    for (auto const& method : claimed.methods) {
        User user;
        if (method == "password" && claimed.password)
            user = by_password(request, claimed.password->user);
        else if (method == "token" && claimed.token)
            user = by_token(request, *claimed.token, proof);
        else if (method == "password" || method == "token")
            throw Error(Code::invalid, "'auth.identity." + method + "': expected a value; the method is named");
        else
            refuse_login(request, "", "the method " + method.substr(0, longest_logged) + " is not supported");
        if (!proof.user.id.empty() && proof.user.id != user.id)
            refuse_login(request, user.id, "the methods prove different users");
        proof.user = std::move(user);
        if (std::find(proof.methods.begin(), proof.methods.end(), method) == proof.methods.end())
            proof.methods.push_back(method);
    }
    return proof;
}

User Authentication::by_password(Request& request, ClaimedUser const& claimed) {
    auto& store = request.store();
    auto const user = claimed_user(store, claimed);
    bool const matches = password_matches(request.host(), request.call(), user, claimed.password);
    if (!user) refuse_login(request, said(claimed), "there is no such user");
    if (!matches) refuse_login(request, said(claimed), "wrong password");
    if (!user->enabled) refuse_login(request, said(claimed), "the user is disabled");
    auto const domain = store.get<Domain>(user->domain_id);
    if (!domain || !domain->enabled) refuse_login(request, said(claimed), "the user's domain is disabled");
    return *user;
}

User Authentication::by_token(Request& request, TokenMethod const& method, Proof& proof) {
    auth::Claims opened;
    try {
        Client<tokens::contract> tokens(request.host());
        opened = tokens.call<&tokens::Tokens::open>(request.call(), tokens::Open{method.id, false});
        contexts_.resolve(request.call(), opened);
    } catch (Error const& error) {
        if (error.code() != Code::unauthenticated) throw;
        refuse_login(request, opened.user_id, error.what());
    }
    if (!opened.trust_id.empty())
        throw Error(Code::forbidden, "A token of a trust gives no other tokens; log in as the trustee.");
    proof.methods.insert(proof.methods.end(), opened.methods.begin(), opened.methods.end());
    proof.chain = opened.audit_ids.back();
    proof.expires = opened.expires;
    return request.store().require<User>(opened.user_id);
}

} // namespace volutus::identity_service

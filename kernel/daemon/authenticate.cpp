#include "kernel/daemon/authenticate.hpp"

#include "kernel/auth/context.hpp"

#include <algorithm>
#include <array>

namespace volutus::kernel::daemon {

namespace {

constexpr std::size_t most_name_bytes = 64;
// Each implies those after it.
constexpr std::array<std::string_view, 4> personas{"admin", "manager", "member", "reader"};

auth::Occasion occasion_of(gateway::Request const& request) { return {request.origin.client, request.id}; }

gateway::Identity anonymous(gateway::Request const& request) {
    return {auth::anonymous_document(occasion_of(request)), nullptr};
}

gateway::Identity identity_of(std::shared_ptr<auth::Caller const> caller, gateway::Request& request) {
    auto const& credentials = caller->credentials;
    request.caller = {credentials.user_id, credentials.project_id};
    auto document = auth::document_of(*caller, occasion_of(request));
    return {std::move(document), std::move(caller)};
}

[[noreturn]] void refuse() { throw Error(Code::unauthenticated, auth::not_authenticated); }

std::vector<RoleRef> with_implied(std::vector<std::string> const& names) {
    auto first = personas.end();
    std::vector<RoleRef> out;
    for (auto const& name : names) {
        auto const at = std::find(personas.begin(), personas.end(), name);
        if (at == personas.end()) out.push_back({name, name});
        first = std::min(first, at);
    }
    for (; first != personas.end(); ++first) out.push_back({std::string(*first), std::string(*first)});
    return out;
}

std::shared_ptr<auth::Caller const> named(std::string_view token, auth::OpenMode const& open,
                                          auth::Policy const& policy) {
    auto user = open.user;
    auto project = open.project;
    if (!token.empty()) {
        auto const colon = token.find(':');
        if (colon == 0 || colon == std::string_view::npos || colon + 1 == token.size() ||
            token.size() > 2 * most_name_bytes + 1)
            refuse();
        user = token.substr(0, colon);
        project = token.substr(colon + 1);
    }
    Context context;
    DomainRef const domain{"default", {}};
    context.user = UserRef{user, user, domain};
    context.project = ProjectRef{project, project, domain};
    context.roles = with_implied(open.roles);
    context.is_admin = policy.decide("context_is_admin", auth::credentials_of(context), {}).allowed;
    return std::make_shared<auth::Caller const>(std::move(context));
}

} // namespace

gateway::Authenticate authentication_by_tokens(std::shared_ptr<auth::Authenticator> authenticator) {
    return [authenticator = std::move(authenticator)](gateway::Request& request, bool may_be_anonymous,
                                                      plugin::CallContext* within) {
        auto const token = request.header("X-Auth-Token");
        if (token.empty() && !may_be_anonymous) refuse();
        if (token.empty()) return anonymous(request);
        try {
            auto const service = request.header("X-Service-Token");
            return identity_of(authenticator->caller({token, service, request.id, within}), request);
        } catch (Error const& error) {
            if (!may_be_anonymous || error.code() != Code::unauthenticated) throw;
            return anonymous(request);
        }
    };
}

gateway::Authenticate no_authentication() {
    return [](gateway::Request& request, bool may_be_anonymous, plugin::CallContext*) {
        if (!may_be_anonymous) refuse();
        return anonymous(request);
    };
}

gateway::Authenticate open_authentication(auth::OpenMode const& open, std::shared_ptr<auth::Policy const> policy) {
    return [open, policy = std::move(policy)](gateway::Request& request, bool, plugin::CallContext*) {
        return identity_of(named(request.header("X-Auth-Token"), open, *policy), request);
    };
}

gateway::Authenticate at_a_rate(gateway::Authenticate authenticate, std::shared_ptr<gateway::RateLimiter> users) {
    return [authenticate = std::move(authenticate), users = std::move(users)](gateway::Request& request, bool anonymous,
                                                                              plugin::CallContext* within) {
        auto identity = authenticate(request, anonymous, within);
        if (!identity.known) return identity;
        auto const wait = users->take(identity.known->credentials.user_id, world::now());
        if (wait.count() > 0) throw gateway::RateLimited("this user sends too many requests; see Retry-After", wait);
        return identity;
    };
}

} // namespace volutus::kernel::daemon

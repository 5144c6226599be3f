#include "kernel/daemon/authenticate.hpp"

#include <volutus/context.hpp>

#include <algorithm>

namespace volutus::kernel::daemon {

namespace {

constexpr std::size_t most_name_bytes = 64;

std::string named(gateway::Request& request, auth::OpenMode const& open) {
    auto user = open.user;
    auto project = open.project;
    auto const token = request.header("X-Auth-Token");
    if (!token.empty()) {
        auto const colon = token.find(':');
        if (colon == 0 || colon == std::string_view::npos || colon + 1 == token.size() ||
            token.size() > 2 * most_name_bytes + 1)
            throw Error(Code::unauthenticated, "The request you have made requires authentication.");
        user = token.substr(0, colon);
        project = token.substr(colon + 1);
    }
    Context context;
    DomainRef const domain{"default", {}};
    context.user = UserRef{user, user, domain};
    context.project = ProjectRef{project, project, domain};
    for (auto const& role : open.roles) context.roles.push_back({role, role});
    context.is_admin = std::find(open.roles.begin(), open.roles.end(), "admin") != open.roles.end();
    context.request_id = request.id;
    request.caller = {user, project};
    return print(context);
}

std::string anonymous_or_refused(gateway::Request& request, bool anonymous) {
    if (!anonymous) throw Error(Code::unauthenticated, "The request you have made requires authentication.");
    Context context;
    context.request_id = request.id;
    return print(context);
}

} // namespace

gateway::Authenticate authentication(auth::Settings const& settings) {
    if (settings.mode == auth::Mode::tokens) return anonymous_or_refused;
    return [open = settings.open](gateway::Request& request, bool) { return named(request, open); };
}

} // namespace volutus::kernel::daemon

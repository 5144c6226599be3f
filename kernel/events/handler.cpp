#include <kernel/events/handler.hpp>

#include <kernel/auth/context.hpp>
#include <volutus/service_traits.hpp>

#include <fmt/format.h>

#include <charconv>

namespace volutus::kernel::events {

namespace {
constexpr std::size_t most_kinds = 100, longest_kind = 255;

auth::RuleId required(auth::Policy const& policy, std::string_view name) {
    auto const rule = policy.find(name);
    if (!rule) throw Error(Code::internal, fmt::format("the policy has no rule {}", name));
    return *rule;
}

std::uint64_t revision_from(std::string_view text) {
    std::uint64_t revision = 0;
    auto const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, revision);
    if (text.empty() || read.ec != std::errc{} || read.ptr != end)
        throw Error(Code::invalid, "since is a revision: a number, as an event's id tells it");
    return revision;
}

unsigned status_of(Error const& error) {
    switch (error.code()) {
    case Code::invalid: return 400;
    case Code::unauthenticated: return 401;
    case Code::forbidden: return 403;
    case Code::conflict: return 410; // compacted
    case Code::unavailable:
    case Code::deadline: return 503;
    default: return 500;
    }
}

// What the token is shown with again, long after its request.
struct Credentials {
    std::string token, service, id, client;
};

gateway::Request shown_again(Credentials const& kept) {
    gateway::Request request;
    request.headers = {{"X-Auth-Token", kept.token}};
    if (!kept.service.empty()) request.headers.push_back({"X-Service-Token", kept.service});
    request.id = kept.id;
    request.origin.client = kept.client;
    return request;
}
} // namespace

gateway::Route route() {
    gateway::Route route;
    route.method = "GET";
    route.pattern = "/events";
    route.id = "events";
    route.live = true;
    return route;
}

Handler::Handler(Hub& hub, store::Store& store, std::shared_ptr<auth::Policy const> policy,
                 gateway::Authenticate authenticate, std::string challenge)
    : hub_(hub), store_(store), policy_(std::move(policy)), all_(required(*policy_, "events:get_all")),
      own_(required(*policy_, "events:get")), authenticate_(std::move(authenticate)), challenge_(std::move(challenge)) {
}

gateway::Response Handler::handle(gateway::Request& request) {
    try {
        auto wanted = wanted_by(request);
        judge(wanted, authenticate_(request, false, nullptr));
        Credentials kept{std::string(request.header("X-Auth-Token")), std::string(request.header("X-Service-Token")),
                         request.id, request.origin.client};
        wanted.still_allowed = [self = shared_from_this(), asked = wanted, kept = std::move(kept)] {
            try {
                auto again = shown_again(kept);
                auto now = asked;
                self->judge(now, self->authenticate_(again, false, nullptr));
                return now.project == asked.project && now.as_operator == asked.as_operator;
            } catch (std::exception const&) { // whatever it is: nobody vouches for the caller now
                return false;
            }
        };
        gateway::Response response;
        response.set("Content-Type", "text/event-stream");
        response.set("Cache-Control", "no-store");
        response.set("X-Accel-Buffering", "no"); // proxies are not to gather events
        response.live = hub_.watch(std::move(wanted));
        return response;
    } catch (Error const& error) {
        return refuse(request, {status_of(error), error.what()});
    }
}

Wanted Handler::wanted_by(gateway::Request& request) const {
    Wanted wanted;
    std::optional<std::uint64_t> since;
    for (auto& [key, value] : request.parameters()) {
        if (key == "since")
            since = revision_from(value);
        else if (key == "kind" && !value.empty() && value.size() <= longest_kind)
            wanted.kinds.push_back(std::move(value));
        else if (key == "project_id" && !value.empty() && value.size() <= longest_kind)
            wanted.project = std::move(value);
        else
            throw Error(Code::invalid, "what may be asked for is since=, kind= and project_id=, each with a value");
    }
    if (wanted.kinds.size() > most_kinds)
        throw Error(Code::invalid, fmt::format("at most {} kinds may be asked for", most_kinds));
    if (auto const last = request.header("Last-Event-ID"); !last.empty()) since = revision_from(last);
    auto const now = store_.revision();
    wanted.since = since.value_or(now);
    if (wanted.since > now)
        throw Error(Code::invalid, fmt::format("since={} has yet to come: the last revision is {}", wanted.since, now));
    return wanted;
}

void Handler::judge(Wanted& wanted, gateway::Identity const& identity) const {
    std::optional<auth::Caller> read;
    if (!identity.known) read.emplace(parse_context(identity.document));
    auto const& caller = read ? *read : *identity.known;
    wanted.expires = caller.context.expires;
    wanted.as_operator = policy_->decide(all_, caller.credentials, {}).allowed;
    if (wanted.as_operator) return;
    if (!wanted.project && caller.context.project) wanted.project = caller.context.project->id;
    if (!wanted.project)
        throw Error(Code::forbidden, "this token is of no project; ask for one with project_id=, or with its token");
    if (!policy_->decide(own_, caller.credentials, {{"project_id", *wanted.project}}))
        throw Error(Code::forbidden, "policy does not let you watch this project (events:get)");
}

gateway::Response Handler::refuse(gateway::Request const& request, gateway::Refusal const& refusal) {
    gateway::Response response;
    response.status = refusal.status;
    response.set("Content-Type", "application/json");
    json::object const error{
        {"code", refusal.status}, {"title", title_of(refusal.status)}, {"message", refusal.message}};
    response.body = json::print(json::object{{"error", error}});
    if (refusal.status == 401) gateway::challenge(challenge_, request, response);
    return response;
}

} // namespace volutus::kernel::events

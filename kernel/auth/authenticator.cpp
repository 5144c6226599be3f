#include <kernel/auth/authenticator.hpp>

#include <kernel/auth/claims.hpp>
#include <kernel/auth/context.hpp>
#include <kernel/log/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace volutus::kernel::auth {

namespace {
// Identity reads a handful of documents; whoever needs longer is not going to answer.
constexpr auto resolve_limit = std::chrono::seconds(10);

RuleId required(Policy const& policy, std::string_view name) {
    auto const rule = policy.find(name);
    if (!rule) throw Error(Code::internal, fmt::format("the policy has no rule {}", name));
    return *rule;
}

Caller with_service(Caller const& user, Context const& service) {
    auto context = user.context;
    auto& reference = context.service.emplace();
    if (service.user) reference.user_id = service.user->id;
    if (service.project) reference.project_id = service.project->id;
    for (auto const& role : service.roles) reference.roles.push_back(role.name);
    return Caller(std::move(context));
}

// The calls of a context have resolve_limit for as long as this lives.
class Hurry {
public:
    explicit Hurry(plugin::CallContext& context)
        : context_(context),
          before_(std::exchange(context.deadline, std::min(context.deadline, world::now() + resolve_limit))) {}
    ~Hurry() { context_.deadline = before_; }
    Hurry(Hurry const&) = delete;
    Hurry& operator=(Hurry const&) = delete;

private:
    plugin::CallContext& context_;
    world::Instant const before_;
};
} // namespace

Authenticator::Authenticator(plugin::Registry& registry, Sealer const& sealer, std::shared_ptr<Policy const> policy,
                             Options const& options)
    : registry_(registry), sealer_(sealer), policy_(std::move(policy)),
      operator_(required(*policy_, "context_is_admin")), service_(required(*policy_, "service_role")),
      expired_window_(options.expired_window), cache_(options.cached_contexts) {}

std::shared_ptr<Caller const> Authenticator::caller(Presented const& presented) {
    if (presented.service.empty()) return find_or_resolve(presented.token, {}, presented);
    auto const service = find_or_resolve(presented.service, {}, presented);
    bool const is_service = policy_->decide(service_, service->credentials, {}).allowed;
    auto const user =
        find_or_resolve(presented.token, is_service ? expired_window_ : std::chrono::milliseconds(0), presented);
    return std::make_shared<Caller const>(with_service(*user, service->context));
}

std::shared_ptr<Caller const> Authenticator::find_or_resolve(std::string_view token, std::chrono::milliseconds grace,
                                                             Presented const& presented) {
    if (auto known = cache_.find(token)) return known;
    auto const opened = sealer_.open(token, std::chrono::duration_cast<std::chrono::seconds>(grace));
    return resolve(token, opened, presented);
}

std::shared_ptr<Caller const> Authenticator::resolve(std::string_view text, Token const& token,
                                                     Presented const& presented) {
    plugin::CallContext own;
    auto& context = presented.within ? *presented.within : own;
    if (!presented.within) context.trace = presented.trace;
    Hurry const hurry(context);
    plugin::CallFrame frame(context);
    Call within(&frame);
    Client<volutus::auth::contract> const identity(registry_.host());
    volutus::auth::Resolved resolved;
    try {
        resolved = identity.call<&volutus::auth::Auth::resolve>(within, claims_of(token));
    } catch (Error const& error) {
        // The reason is identity's to know.
        if (error.code() == Code::unauthenticated) throw Error(Code::unauthenticated, not_authenticated);
        throw;
    }
    // What the seal says, it says: the cache goes by the time of expiry.
    resolved.context.methods = token.methods;
    resolved.context.audit_ids = token.audit_ids;
    resolved.context.issued = token.issued.time_since_epoch().count();
    resolved.context.expires = token.expires.time_since_epoch().count();
    resolved.context.request_id.clear();
    resolved.context.is_admin = policy_->decide(operator_, credentials_of(resolved.context), {}).allowed;
    auto found = std::make_shared<Caller const>(std::move(resolved.context));
    if (token.expires > world::wall_now()) cache_.fill(text, found, std::move(resolved.subjects), resolved.revision);
    return found;
}

void Authenticator::changed(std::uint64_t revision, json::object const& note) {
    auto const* subjects = note.if_contains("subjects");
    if (!subjects || !subjects->is_array()) {
        log::write(Level::warning, "auth", "a note of what changed names no subjects; all cached contexts are dropped",
                   {{"revision", revision}});
        return cache_.clear(revision);
    }
    for (auto const& subject : subjects->get_array())
        if (subject.is_string()) cache_.evict(json::view(subject.get_string()), revision);
}

} // namespace volutus::kernel::auth

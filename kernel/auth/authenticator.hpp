// From the tokens of a request to the caller behind them: opened, resolved by the identity service, and then kept.
#pragma once

#include <kernel/auth/cache.hpp>
#include <kernel/auth/policy.hpp>
#include <kernel/auth/seal.hpp>
#include <kernel/plugin/registry.hpp>

#include <chrono>
#include <memory>
#include <string_view>

namespace volutus::kernel::auth {

struct Presented {
    std::string_view token;                // of the user, never empty
    std::string_view service;              // of the service that passes the request on; empty: none
    std::string_view trace;                // the request's id
    plugin::CallContext* within = nullptr; // the call that the check is a part of; null: it stands alone
};

// Any thread.
class Authenticator {
public:
    struct Options {
        std::size_t cached_contexts = 100'000;
        std::chrono::milliseconds expired_window{}; // in which a service may present a user's expired token
    };
    // The registry and the sealer outlive the last call of caller().
    Authenticator(plugin::Registry& registry, Sealer const& sealer, std::shared_ptr<Policy const> policy,
                  Options const& options);

    // Throws unauthenticated, always with the same message, when either token is not taken. An expired token of a user
    // is taken where the service beside it fulfils the rule service_role.
    std::shared_ptr<Caller const> caller(Presented const& presented);

    // The token that a request is about, and not the caller's: shown or revoked by somebody who may. `expired_too`: within
    // the window.
    std::shared_ptr<Caller const> subject(std::string_view token, bool expired_too, std::string_view trace) {
        return find_or_resolve(token, expired_too ? expired_window_ : std::chrono::milliseconds(0), {{}, {}, trace});
    }

    // The body of a note with the topic volutus::auth::changed_topic was committed at `revision`: once this returns,
    // caller() gives nothing that rests on an older state of its subjects.
    void changed(std::uint64_t revision, json::object const& note);

private:
    std::shared_ptr<Caller const> find_or_resolve(std::string_view token, std::chrono::milliseconds grace,
                                                  Presented const& presented);
    std::shared_ptr<Caller const> resolve(std::string_view text, Token const& token, Presented const& presented);

    plugin::Registry& registry_;
    Sealer const& sealer_;
    std::shared_ptr<Policy const> policy_;
    RuleId operator_, service_;
    std::chrono::milliseconds expired_window_;
    ContextCache cache_;
};

} // namespace volutus::kernel::auth

#include "kernel/auth/base_rules.hpp"
#include "kernel/daemon/authenticate.hpp"

#include <volutus/context.hpp>
#include <volutus/contract/auth.hpp>

#include <gmock/gmock.h>

namespace volutus::kernel {
namespace {

std::shared_ptr<auth::Policy const> policy() { return std::make_shared<auth::Policy const>(auth::base_rules()); }

struct Asked {
    gateway::Identity identity;
    gateway::Caller logged;
    Context context() const { return parse_context(identity.document); }
};
Asked ask(gateway::Authenticate const& authenticate, std::vector<gateway::Field> headers, bool anonymous = false) {
    gateway::Request request;
    request.id = "req-7";
    request.headers = std::move(headers);
    Asked out;
    out.identity = authenticate(request, anonymous, nullptr);
    out.logged = request.caller;
    return out;
}

TEST(Authentication, WithoutTokensACallerIsWhomItNamesOrTheConfigurationDoes) {
    auto const open = daemon::open_authentication({"somebody", "toys", {"member", "own"}}, policy());
    auto const one = ask(open, {}).context();
    EXPECT_EQ(one.project->id, "toys");
    EXPECT_FALSE(one.is_admin);
    std::vector<std::string> roles;
    for (auto const& role : one.roles) roles.push_back(role.name);
    EXPECT_THAT(roles, testing::UnorderedElementsAre("member", "reader", "own")) << "a member may read";

    auto const other = ask(open, {{"X-Auth-Token", "me:mine"}});
    EXPECT_EQ(other.context().user->id, "me");
    EXPECT_EQ(other.context().project->id, "mine");
    EXPECT_EQ(other.context().request_id, "req-7");
    EXPECT_EQ(other.logged.user, "me");
    EXPECT_EQ(other.identity.known->credentials.project_id, "mine");
    for (auto const* bad : {"me", ":mine", "me:"}) EXPECT_THROW(ask(open, {{"X-Auth-Token", bad}}), Error) << bad;
    auto const longest = "me:" + std::string(500, 'x');
    EXPECT_THROW(ask(open, {{"X-Auth-Token", longest}}), Error);
}

TEST(Authentication, WhoIsAnOperatorIsForThePolicyToSay) {
    std::vector<auth::RuleOverride> const overrides{{"context_is_admin", "role:cloud_operator", {}}};
    auto const own = std::make_shared<auth::Policy const>(auth::base_rules(), overrides);
    EXPECT_FALSE(ask(daemon::open_authentication({"u", "p", {"admin"}}, own), {}).context().is_admin);
    EXPECT_TRUE(ask(daemon::open_authentication({"u", "p", {"cloud_operator"}}, own), {}).context().is_admin);
}

TEST(Authentication, AUserWhoAsksTooOftenIsToldToWaitWhateverHisTokenIs) {
    auto const users = std::make_shared<gateway::RateLimiter>(gateway::Rate{0.01, 2});
    auto const limited = daemon::at_a_rate(daemon::open_authentication({"somebody", "toys", {}}, policy()), users);
    ask(limited, {{"X-Auth-Token", "me:one"}});
    ask(limited, {{"X-Auth-Token", "me:two"}});
    try {
        ask(limited, {{"X-Auth-Token", "me:three"}});
        FAIL() << "the third passed";
    } catch (gateway::RateLimited const& early) {
        EXPECT_EQ(early.code(), Code::rate_limited);
        EXPECT_GE(early.retry_after.count(), 90);
    }
    EXPECT_EQ(ask(limited, {{"X-Auth-Token", "another:one"}}).context().user->id, "another");

    auto const nobody = daemon::at_a_rate(daemon::no_authentication(), users);
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(ask(nobody, {}, true).context().user) << "who is nobody is not counted as one";
}

TEST(Authentication, WithoutAnIdentityServiceNobodyIsAnybody) {
    auto const none = daemon::no_authentication();
    EXPECT_THROW(ask(none, {{"X-Auth-Token", "me:mine"}}), Error);
    EXPECT_FALSE(ask(none, {}, true).context().user);
}

struct FakeIdentity : volutus::auth::Auth {
    volutus::auth::Resolved resolve(Call&, volutus::auth::Claims const& claims) override {
        volutus::auth::Resolved out;
        out.context.user = UserRef{claims.user_id, {}, {"default", {}}};
        out.context.project = ProjectRef{claims.scope_id, {}, {"default", {}}};
        out.subjects = {"user:" + claims.user_id};
        return out;
    }
};

TEST(Authentication, ASealedTokenNamesItsCaller) {
    plugin::Registry registry;
    registry.add("identity", std::string(volutus::auth::contract.name), "identity",
                 std::make_shared<plugin::BuiltIn<volutus::auth::contract>>(std::make_unique<FakeIdentity>()));
    auth::Sealer const sealer(auth::KeyRing({auth::Key(1, {})}));
    auto const by_tokens = daemon::authentication_by_tokens(
        std::make_shared<auth::Authenticator>(registry, sealer, policy(), auth::Authenticator::Options{}));
    auth::Token token;
    token.user_id = "u";
    token.scope = auth::Scope::project;
    token.scope_id = "p";
    token.expires = world::wall_now() + std::chrono::hours(1);
    auto const text = sealer.seal(token);

    auto const asked = ask(by_tokens, {{"X-Auth-Token", text}});
    EXPECT_EQ(asked.context().user->id, "u");
    EXPECT_EQ(asked.context().request_id, "req-7");
    EXPECT_EQ(asked.logged.project, "p");
    EXPECT_THROW(ask(by_tokens, {}), Error);
    EXPECT_THROW(ask(by_tokens, {{"X-Auth-Token", "gone"}}), Error);

    EXPECT_FALSE(ask(by_tokens, {}, true).context().user);
    EXPECT_EQ(ask(by_tokens, {{"X-Auth-Token", text}}, true).context().user->id, "u");
    EXPECT_FALSE(ask(by_tokens, {{"X-Auth-Token", "gone"}}, true).context().user)
        << "a client sends its old token when it asks for a new one";
}
} // namespace
} // namespace volutus::kernel

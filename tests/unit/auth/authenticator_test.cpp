#include <kernel/auth/authenticator.hpp>
#include <kernel/auth/base_rules.hpp>
#include <kernel/store/store.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/contract/auth.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace volutus::kernel {
namespace {

// An identity service whose one user has the role that a document of the store names.
struct FakeIdentity : volutus::auth::Auth {
    explicit FakeIdentity(store::Store& store) : store(store) {}
    volutus::auth::Resolved resolve(Call& call, volutus::auth::Claims const& claims) override {
        ++asked;
        trace = call.trace();
        if (call.caller() != "" || call.deadline() == world::Instant::max())
            throw Error(Code::internal, "it is the cloud that asks, and not forever");
        volutus::auth::Resolved out;
        out.revision = store.revision();
        auto const found = store.get({"test.user", claims.user_id});
        if (!found) throw Error(Code::unauthenticated, "the user " + claims.user_id + " is gone");
        out.context.user = UserRef{claims.user_id, {}, {"default", {}}};
        out.context.project = ProjectRef{claims.scope_id, {}, {"default", {}}};
        out.context.roles = {{"id", json::text(found->body.at("role"))}};
        out.context.request_id = "of whoever asked first";
        out.subjects = {"user:" + claims.user_id};
        return out;
    }
    store::Store& store;
    std::atomic<int> asked = 0;
    std::string trace;
};

class Authenticator : public testing::Test {
protected:
    Authenticator() {
        store::Options options;
        options.database.path = folder_ / "store.db";
        store_ = std::make_unique<store::Store>(options);
        volutus::store::Kind kind;
        kind.name = "test.user";
        store_->declare("identity", {kind});
        auto identity = std::make_unique<FakeIdentity>(*store_);
        identity_ = identity.get();
        registry_.add("identity", std::string(volutus::auth::contract.name), "identity",
                      std::make_shared<plugin::BuiltIn<volutus::auth::contract>>(std::move(identity)));
        authenticator_ = std::make_shared<auth::Authenticator>(
            registry_, sealer_, std::make_shared<auth::Policy const>(auth::base_rules()),
            auth::Authenticator::Options{1000, std::chrono::hours(48)});
        store_->observe_notes(std::string(volutus::auth::changed_topic),
                              [authenticator = authenticator_](std::uint64_t revision, json::object const& note) {
                                  authenticator->changed(revision, note);
                              });
    }
    ~Authenticator() override { store_.reset(); }

    // Changes the user as identity would: the document and the note in one apply.
    void set_role(std::string const& user, std::string const& role) {
        volutus::store::Apply apply;
        apply.put.push_back({"test.user", user, {{"role", role}}});
        apply.notes.push_back({std::string(volutus::auth::changed_topic), {{"subjects", json::array{"user:" + user}}}});
        store_->apply("identity", apply);
    }
    void remove(std::string const& user) {
        volutus::store::Apply apply;
        apply.remove.push_back({"test.user", user});
        apply.notes.push_back({std::string(volutus::auth::changed_topic), {{"subjects", json::array{"user:" + user}}}});
        store_->apply("identity", apply);
    }
    std::string token_of(std::string const& user, std::chrono::seconds expires_in = std::chrono::hours(1)) {
        auth::Token token;
        token.user_id = user;
        token.scope = auth::Scope::project;
        token.scope_id = "project of " + user;
        token.methods = {"password"};
        token.audit_ids = {"audit"};
        token.issued = world::wall_now() - std::chrono::hours(1);
        token.expires = world::wall_now() + expires_in;
        return sealer_.seal(token);
    }
    std::shared_ptr<auth::Caller const> caller(std::string_view token, std::string_view service = {}) {
        return authenticator_->caller({token, service, "req-1"});
    }
    Error refusal(std::string_view token, std::string_view service = {}) {
        return testkit::refusal([&] { caller(token, service); });
    }

    testkit::TemporaryFolder folder_;
    std::unique_ptr<store::Store> store_;
    plugin::Registry registry_;
    FakeIdentity* identity_;
    auth::Sealer sealer_{auth::KeyRing({auth::Key(1, {})})};
    std::shared_ptr<auth::Authenticator> authenticator_;
};

TEST_F(Authenticator, ACheckMayBeAPartOfACallWhichKeepsItsOwnTime) {
    set_role("u", "member");
    plugin::CallContext call;
    call.trace = "req-9";
    EXPECT_EQ(authenticator_->caller({token_of("u"), {}, "req-1", &call})->context.user->id, "u");
    EXPECT_EQ(identity_->trace, "req-9");
    EXPECT_EQ(call.deadline, world::Instant::max());
}

TEST_F(Authenticator, ATokenIsResolvedOnceAndCarriesWhatItsSealSays) {
    set_role("u", "member");
    auto const token = token_of("u");
    auto const first = caller(token);
    EXPECT_EQ(first->context.user->id, "u");
    EXPECT_EQ(first->context.project->id, "project of u");
    EXPECT_THAT(first->context.methods, testing::ElementsAre("password"));
    EXPECT_THAT(first->context.audit_ids, testing::ElementsAre("audit"));
    EXPECT_GT(first->context.expires, first->context.issued);
    EXPECT_EQ(first->context.request_id, "");
    EXPECT_FALSE(first->context.is_admin);
    EXPECT_EQ(caller(token), first);
    EXPECT_EQ(identity_->asked, 1);
}

TEST_F(Authenticator, AnOperatorIsWhoTheRuleSays) {
    set_role("u", "admin");
    EXPECT_TRUE(caller(token_of("u"))->credentials.is_admin);
}

TEST_F(Authenticator, EveryRefusalReadsTheSame) {
    auto const gone = token_of("gone");
    set_role("u", "member");
    for (auto const& token :
         {gone, std::string("rubbish"), std::string(5000, 'A'), token_of("u", -std::chrono::hours(1))}) {
        auto const refused = refusal(token);
        EXPECT_EQ(refused.code(), Code::unauthenticated);
        EXPECT_STREQ(refused.what(), auth::not_authenticated);
    }
}

TEST_F(Authenticator, WithoutAnIdentityServiceItIsNotTheTokensFault) {
    registry_.remove("identity");
    EXPECT_EQ(refusal(token_of("u")).code(), Code::unsupported);
}

TEST_F(Authenticator, AChangeIsSeenAsSoonAsItsApplyIsAnswered) {
    set_role("u", "member");
    set_role("other", "member");
    auto const token = token_of("u"), others = token_of("other");
    EXPECT_EQ(caller(token)->context.roles.at(0).name, "member");
    auto const untouched = caller(others);
    set_role("u", "reader");
    EXPECT_EQ(caller(token)->context.roles.at(0).name, "reader");
    remove("u");
    EXPECT_EQ(refusal(token).code(), Code::unauthenticated);
    EXPECT_EQ(caller(others), untouched);
}

TEST_F(Authenticator, ANoteWithoutSubjectsDropsAll) {
    set_role("u", "member");
    auto const token = token_of("u");
    caller(token);
    volutus::store::Apply apply;
    apply.notes.push_back({std::string(volutus::auth::changed_topic), {}});
    store_->apply("identity", apply);
    caller(token);
    EXPECT_EQ(identity_->asked, 2);
}

TEST_F(Authenticator, AServicesTokenStandsBesideTheUsers) {
    set_role("u", "member");
    set_role("s", "service");
    auto const found = caller(token_of("u"), token_of("s"));
    EXPECT_EQ(found->context.user->id, "u");
    ASSERT_TRUE(found->context.service);
    EXPECT_EQ(found->context.service->user_id, "s");
    EXPECT_EQ(found->context.service->project_id, "project of s");
    EXPECT_THAT(found->credentials.service_roles, testing::ElementsAre("service"));
    EXPECT_EQ(refusal(token_of("u"), "rubbish").code(), Code::unauthenticated);
    EXPECT_EQ(refusal(token_of("u"), token_of("s", -std::chrono::hours(1))).code(), Code::unauthenticated);
}

TEST_F(Authenticator, OnlyAServiceMayPresentAnExpiredTokenAndNotForLong) {
    set_role("u", "member");
    set_role("s", "service");
    auto const expired = token_of("u", -std::chrono::minutes(30));
    EXPECT_EQ(caller(expired, token_of("s"))->context.user->id, "u");
    EXPECT_EQ(refusal(expired).code(), Code::unauthenticated) << "it is not kept";
    EXPECT_EQ(refusal(expired, token_of("u")).code(), Code::unauthenticated) << "a member is no service";
    EXPECT_EQ(refusal(token_of("u", -std::chrono::hours(49)), token_of("s")).code(), Code::unauthenticated);
}

// The promise of a revocation: whoever asks after the apply was answered never sees the state before it, whatever
// fills come late.
TEST_F(Authenticator, NoRequestAfterAChangeSeesWhatWasBefore) {
    set_role("u", "0");
    auto const token = token_of("u");
    constexpr int changes = 200;
    std::atomic<int> answered = 0;
    std::atomic<bool> stale = false;
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back("request", [&] {
                while (answered < changes) {
                    int const least = answered;
                    if (std::stoi(caller(token)->context.roles.at(0).name) < least) stale = true;
                }
            });
        for (int i = 1; i <= changes; ++i) {
            set_role("u", std::to_string(i));
            answered = i;
        }
    }
    EXPECT_FALSE(stale);
    EXPECT_EQ(caller(token)->context.roles.at(0).name, std::to_string(changes));
}
} // namespace
} // namespace volutus::kernel

#include <kernel/auth/cache.hpp>
#include <volutus/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>

namespace {
using namespace volutus;
using namespace volutus::kernel::auth;
using testing::Contains;
using testing::Not;

Context context_of(std::string const& user, std::string const& project = "p1") {
    Context context;
    context.user = UserRef{user, "name of " + user, {"default", "Default"}};
    context.project = ProjectRef{project, "name of " + project, {"default", "Default"}};
    context.roles = {{"r1", "member"}, {"r2", "reader"}};
    context.audit_ids = {"a-" + user};
    context.expires = (world::wall_now() + std::chrono::hours(1)).time_since_epoch().count();
    return context;
}

std::shared_ptr<Caller const> caller_of(Context context) { return std::make_shared<Caller const>(std::move(context)); }

bool fill(ContextCache& cache, std::string const& token, Context const& context, std::uint64_t revision) {
    return cache.fill(token, caller_of(context), subjects_of(context), revision);
}

TEST(ContextCache, GivesWhatItWasFilledWith) {
    ContextCache cache(100);
    EXPECT_EQ(cache.find("t"), nullptr);
    EXPECT_TRUE(fill(cache, "t", context_of("u1"), 5));
    ASSERT_NE(cache.find("t"), nullptr);
    EXPECT_EQ(cache.find("t")->credentials.user_id, "u1");
    EXPECT_EQ(cache.find("tt"), nullptr);
    EXPECT_EQ(cache.find(""), nullptr);
}

TEST(ContextCache, ForgetsWhatExpired) {
    ContextCache cache(100);
    auto context = context_of("u1");
    context.expires = world::wall_now().time_since_epoch().count();
    fill(cache, "t", context, 5);
    EXPECT_EQ(cache.find("t"), nullptr);
    EXPECT_EQ(cache.size(), 0U);
}

TEST(ContextCache, AChangeOfAnySubjectEvicts) {
    auto context = context_of("u1");
    context.trust = TrustRef{"t1", "u2", "u1"};
    context.application_credential_id = "ac1";
    for (auto const* subject : {"user:u1", "user:u2", "project:p1", "domain:default", "role:r1", "role:r2", "trust:t1",
                                "application_credential:ac1", "audit:a-u1", "user:u1/project:p1"}) {
        ContextCache cache(100);
        fill(cache, "t", context, 5);
        cache.evict("user:other", 6);
        ASSERT_NE(cache.find("t"), nullptr);
        cache.evict(subject, 6);
        EXPECT_EQ(cache.find("t"), nullptr) << subject;
    }
}

TEST(ContextCache, AFillOlderThanTheLastChangeIsDropped) {
    ContextCache cache(100);
    cache.evict("user:u1", 6);
    EXPECT_FALSE(fill(cache, "t", context_of("u1"), 5));
    EXPECT_EQ(cache.find("t"), nullptr);
    EXPECT_TRUE(fill(cache, "t", context_of("u1"), 6)) << "it saw the change";
    EXPECT_TRUE(fill(cache, "other", context_of("u2"), 5)) << "it does not rest on u1";
    cache.evict("user:u1", 4);
    EXPECT_NE(cache.find("t"), nullptr) << "news that it already knows";
    EXPECT_FALSE(fill(cache, "t2", context_of("u1"), 5)) << "an older change does not hide a newer one";
}

TEST(ContextCache, AnOlderFillDoesNotReplaceANewerOne) {
    ContextCache cache(100);
    fill(cache, "t", context_of("u1", "new"), 9);
    EXPECT_TRUE(fill(cache, "t", context_of("u1", "old"), 8));
    EXPECT_EQ(cache.find("t")->credentials.project_id, "new");
    fill(cache, "t", context_of("u1", "newer"), 10);
    EXPECT_EQ(cache.find("t")->credentials.project_id, "newer");
    cache.evict("project:new", 11);
    EXPECT_NE(cache.find("t"), nullptr) << "what was replaced left no traces";
}

TEST(ContextCache, ClearingForgetsEverythingThatIsOlder) {
    ContextCache cache(100);
    fill(cache, "t", context_of("u1"), 5);
    cache.clear(7);
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_FALSE(fill(cache, "t", context_of("u1"), 6));
    EXPECT_TRUE(fill(cache, "t", context_of("u1"), 7));
}

TEST(ContextCache, IsBoundedAndKeepsWhatIsUsed) {
    ContextCache cache(160);
    fill(cache, "hot", context_of("hot"), 1);
    for (int i = 0; i < 5000; ++i) {
        fill(cache, "t" + std::to_string(i), context_of("u" + std::to_string(i)), 1);
        ASSERT_NE(cache.find("hot"), nullptr) << i;
    }
    EXPECT_LE(cache.size(), 160U);
    EXPECT_GT(cache.size(), 100U);
}

TEST(ContextCache, RemembersChangesInBoundsAndNeverTooFew) {
    ContextCache cache(100);
    for (std::uint64_t i = 1; i <= 20'000; ++i) cache.evict("user:x" + std::to_string(i), i);
    EXPECT_FALSE(fill(cache, "t", context_of("x1"), 0)) << "its change is forgotten, but the floor is not";
    EXPECT_FALSE(fill(cache, "t", context_of("x20000"), 19'999));
    EXPECT_TRUE(fill(cache, "t", context_of("x19999"), 19'999));
}

TEST(ContextCache, ASubjectNamedTwiceDoesNoHarm) {
    ContextCache cache(100);
    cache.fill("t", caller_of(context_of("u1")), {"a", "a", "b"}, 1);
    cache.evict("a", 2);
    cache.evict("b", 3);
    EXPECT_EQ(cache.size(), 0U);
}

// Writers raise a subject's revision, first in "the store" and then by evict(), before they say that it is revoked;
// readers fill what they read from the store. Nobody may find what was revoked before the look.
TEST(ContextCache, NobodySeesAContextAfterItsRevocationWasAnswered) {
    constexpr int users = 8;
    constexpr int rounds = 300;
    ContextCache cache(64);
    std::array<std::atomic<std::uint64_t>, users> stored{};
    std::array<std::atomic<std::uint64_t>, users> answered{};
    std::atomic<bool> stop = false;
    std::atomic<int> stale = 0;
    std::atomic<int> found = 0;
    std::atomic<std::uint64_t> revision = 0;
    std::vector<world::Thread> readers;
    for (int r = 0; r < 3; ++r)
        readers.emplace_back("reader", [&, r] {
            for (std::uint64_t i = static_cast<std::uint64_t>(r); !stop; ++i) {
                auto const user = i % users;
                auto const name = "u" + std::to_string(user);
                auto const before = answered[user].load();
                if (auto const caller = cache.find(name)) {
                    ++found;
                    if (std::stoull(caller->context.project->id) < before) ++stale;
                    continue;
                }
                auto const seen = revision.load();
                auto const value = stored[user].load();
                fill(cache, name, context_of(name, std::to_string(value)), seen);
            }
        });
    {
        std::vector<world::Thread> writers;
        for (int w = 0; w < 2; ++w)
            writers.emplace_back("writer", [&, w] {
                for (int i = 0; i < rounds; ++i) {
                    auto const user = static_cast<std::size_t>(2 * (i % (users / 2)) + w);
                    // The value is in the store before the revision that tells of it, as a commit does it at once.
                    auto const value = static_cast<std::uint64_t>(i) + 1;
                    stored[user] = value;
                    auto const at = ++revision;
                    cache.evict("user:u" + std::to_string(user), at);
                    answered[user] = value;
                }
            });
    }
    auto const until = world::now() + std::chrono::seconds(60);
    while (found == 0 && world::now() < until) world::sleep_for(std::chrono::milliseconds(1));
    stop = true;
    readers.clear();
    EXPECT_EQ(stale, 0);
    EXPECT_GT(found, 0);
}

// ---- contexts ----

TEST(Context, GoesOverTheBorderAndBack) {
    auto context = context_of("u1");
    context.system = false;
    context.is_admin = true;
    context.methods = {"password"};
    context.service = ServiceRef{"s1", "sp", {"service"}};
    context.trust = TrustRef{"t1", "u2", "u1"};
    context.request_id = "req-1";
    auto const text = print(context);
    auto const again = parse_context(text);
    EXPECT_EQ(print(again), text);
    EXPECT_EQ(again.user->domain.name, "Default");
    EXPECT_EQ(again.service->roles.front(), "service");
    EXPECT_EQ(again.expires, context.expires);
}

TEST(Context, OfAnAnonymousRequestHasNoUser) {
    auto const context = parse_context(anonymous_document({"192.0.2.7", "req-7"}));
    EXPECT_FALSE(context.user.has_value());
    EXPECT_EQ(context.request_id, "req-7");
    EXPECT_EQ(credentials_of(context).user_id, "");
}

TEST(Context, OfARequestCarriesItsId) {
    auto context = context_of("u1");
    context.user->name = R"("request_id":"")"; // what a malicious name might be
    Caller const caller(context);
    for (auto const* id : {"req-1", "", "a\"b\\c"}) {
        auto const again = parse_context(document_of(caller, {"192.0.2.7", id}));
        EXPECT_EQ(again.request_id, id);
        EXPECT_EQ(again.client_address, "192.0.2.7");
        EXPECT_EQ(again.user->name, context.user->name);
    }
}

TEST(Context, ThatIsMalformedIsRefused) {
    for (auto const* text : {"", "[]", "{", R"({"user":{}})", R"({"roles":[{"id":1}]})"})
        EXPECT_THROW(parse_context(text), Error) << text;
}

TEST(Context, IsFlattenedForPolicy) {
    auto context = context_of("u1");
    context.trust = TrustRef{"t1", "u2", "u1"};
    context.service = ServiceRef{"s1", "sp", {"service"}};
    auto const flat = credentials_of(context);
    EXPECT_EQ(flat.project_id, "p1");
    EXPECT_EQ(flat.project_domain_id, "default");
    EXPECT_EQ(flat.domain_id, "");
    EXPECT_EQ(flat.system_scope, "");
    EXPECT_THAT(flat.roles, testing::ElementsAre("member", "reader"));
    EXPECT_EQ(flat.trustor_id, "u2");
    EXPECT_EQ(flat.service_project_id, "sp");
}
} // namespace

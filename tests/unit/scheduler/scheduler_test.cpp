#include "../store/store_fixture.hpp"

#include <kernel/scheduler/scheduler.hpp>

#include <gmock/gmock.h>

#include <atomic>

namespace volutus::kernel::scheduler {

namespace {
namespace stored = volutus::store;
using testing::ElementsAre;
using testing::IsEmpty;

struct SchedulerFeed : testing::Test {
    testkit::TemporaryFolder folder;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<Scheduler> scheduler;

    SchedulerFeed() { open(std::chrono::hours(1)); }
    void open(world::Duration retention) {
        scheduler.reset();
        store.reset();
        store::Options options;
        options.database.path = folder / "store.db";
        options.feed_retention = retention;
        store = std::make_unique<store::Store>(options);
        stored::Kind kind;
        kind.name = "test.host";
        auto other = kind;
        other.name = "test.other";
        store->declare("test", {kind, other});
    }
    void start() {
        scheduler = std::make_unique<Scheduler>(*store, Options{{}, std::chrono::milliseconds(1)});
        scheduler->declare({"test.host", "traits", "in.aggregates"});
        scheduler->start();
    }
    void apply(stored::Apply const& writes) {
        auto const revision = store->apply("test", writes).revision;
        if (scheduler) {
            ASSERT_TRUE(scheduler->wait_for(revision, world::now() + std::chrono::seconds(60)));
        }
    }
    static stored::Put host(std::string const& id, json::array traits = {}, json::array aggregates = {}) {
        return {"test.host", id, {{"traits", std::move(traits)}, {"in", {{"aggregates", std::move(aggregates)}}}}};
    }
    static stored::SetAccount vcpus(std::string const& id, std::int64_t total) {
        return {.account = id, .resource = "VCPU", .total = total};
    }
    std::vector<std::string> ask(contract::Demand const& demand = {.resources = {{"VCPU", 1}}}) const {
        std::vector<std::string> found;
        for (auto const& candidate : scheduler->candidates(demand).candidates) found.push_back(candidate.host);
        return found;
    }
};
} // namespace

TEST_F(SchedulerFeed, WhatWasThereAtTheStartIsListed) {
    apply(
        {.put = {host("a", {"SSD"}, {"rack"}), host("b")}, .set = {vcpus("a", 4), vcpus("b", 8), vcpus("nobody", 9)}});
    start();
    EXPECT_THAT(ask(), ElementsAre("b", "a"));
    EXPECT_THAT(ask({.required = {"SSD"}, .member_of = {{"rack"}}}), ElementsAre("a"));
}

TEST_F(SchedulerFeed, WhatChangesIsFollowed) {
    start();
    apply({.set = {vcpus("a", 4)}}); // before its document
    EXPECT_THAT(ask(), IsEmpty());
    apply({.put = {host("a")}});
    EXPECT_THAT(ask(), ElementsAre("a"));
    apply({.put = {host("b")}, .set = {vcpus("b", 8)}});
    EXPECT_THAT(ask(), ElementsAre("b", "a"));
    apply({.claim = {{"b", "VCPU", "s1", 8}}});
    EXPECT_THAT(ask(), ElementsAre("a"));
    apply({.put = {host("b", {"SSD"})}, .release = {{"", "", "s1"}}});
    EXPECT_THAT(ask({.required = {"SSD"}}), ElementsAre("b"));
    apply({.set = {{.account = "b", .resource = "VCPU", .max_unit = 2}}});
    EXPECT_THAT(ask({.resources = {{"VCPU", 3}}}), ElementsAre("a"));
    apply({.set = {{.account = "a", .resource = "VCPU", .drop = true}}});
    EXPECT_THAT(ask(), ElementsAre("b"));
    apply({.remove = {{"test.host", "b"}}});
    EXPECT_THAT(ask(), IsEmpty());
    EXPECT_EQ(scheduler->candidates({}).hosts, 1u);
}

TEST_F(SchedulerFeed, AHostThatComesBackInOneApplyHasWhatItsAccountsSay) {
    start();
    apply({.put = {host("a")}, .set = {vcpus("a", 4)}, .claim = {{"a", "VCPU", "s1", 4}}});
    EXPECT_THAT(ask(), IsEmpty());
    apply({.remove = {{"test.host", "a"}}});
    apply({.release = {{"", "", "s1"}}}); // while it is no host
    apply({.put = {host("a")}});
    EXPECT_THAT(ask(), ElementsAre("a"));
}

TEST_F(SchedulerFeed, ADemandBeyondItsBoundsIsRefused) {
    start();
    auto const code = [&](contract::Demand const& demand) {
        return store::refusal([&] { scheduler->candidates(demand); }).code;
    };
    EXPECT_EQ(code({.limit = 0}), Code::invalid);
    EXPECT_EQ(code({.limit = 1001}), Code::invalid);
    EXPECT_EQ(code({.resources = {{"VCPU", 0}}}), Code::invalid);
    EXPECT_EQ(code({.in = std::vector<std::string>(10'001)}), Code::too_large);
    EXPECT_EQ(code({.member_of = std::vector<std::vector<std::string>>(10'001)}), Code::too_large);
    EXPECT_EQ(code({}), Code::ok);
}

TEST_F(SchedulerFeed, WithoutAKindOfHostsThereAreNone) {
    Scheduler none(*store, {});
    none.start();
    EXPECT_EQ(none.candidates({}).hosts, 0u);
}

TEST_F(SchedulerFeed, AfterStopWhatIsKnownCanBeAskedFor) {
    apply({.put = {host("a")}, .set = {vcpus("a", 4)}});
    start();
    scheduler->stop();
    EXPECT_THAT(ask(), ElementsAre("a"));
}

TEST_F(SchedulerFeed, WhenTheFeedIsCompactedAllIsListedAnew) {
    open(std::chrono::microseconds(1));
    apply({.put = {host("gone")}, .set = {vcpus("gone", 4)}});
    start();
    auto const since = store->revision();
    // What concerns no host wakes nobody, and meanwhile the feed is trimmed beyond what the follower has read.
    for (int i = 0; i < 20; ++i) store->apply("test", {.put = {{"test.other", "x", {{"n", i}}}}});
    auto const refused = store::refusal([&] { store->changes({.since = since, .wait = false}); });
    ASSERT_TRUE(refused.details.contains("compacted")) << refused.message;
    apply({.put = {host("a")}, .remove = {{"test.host", "gone"}}, .set = {vcpus("a", 4)}});
    EXPECT_THAT(ask(), ElementsAre("a"));
}

// Many ask while hosts fill up: no answer is torn, and in the end the index says what the ledger says.
TEST_F(SchedulerFeed, QuestionsAndChangesAtTheSameTimeEndInWhatTheLedgerSays) {
    stored::Apply made;
    for (int i = 0; i < 70; ++i) {
        made.put.push_back(host(fmt::format("h{}", i)));
        made.set.push_back(vcpus(fmt::format("h{}", i), 4));
    }
    start();
    apply(made);
    std::atomic<bool> done = false;
    {
        std::vector<world::Thread> asking, claiming;
        for (int t = 0; t < 3; ++t)
            asking.emplace_back("asker", [&] {
                while (!done) {
                    auto const found = scheduler->candidates({.resources = {{"VCPU", 1}}});
                    for (auto const& candidate : found.candidates) EXPECT_EQ(candidate.host.substr(0, 1), "h");
                    EXPECT_LE(found.hosts, 70u);
                }
            });
        for (int t = 0; t < 4; ++t)
            claiming.emplace_back("claimer", [&, t] {
                for (int i = t; i < 140; i += 4) {
                    store->apply("test", {.claim = {{fmt::format("h{}", i / 2), "VCPU", fmt::format("s{}", i), 2}}});
                }
            });
        claiming.clear();
        done = true;
    }
    ASSERT_TRUE(scheduler->wait_for(store->revision(), world::now() + std::chrono::seconds(60)));
    EXPECT_THAT(ask(), IsEmpty());
    apply({.release = {{"h7", "VCPU", "s14"}}});
    EXPECT_THAT(ask({.resources = {{"VCPU", 2}}}), ElementsAre("h7"));
}

} // namespace volutus::kernel::scheduler

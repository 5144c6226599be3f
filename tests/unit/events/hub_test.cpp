#include <kernel/events/hub.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/contract/auth.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>

namespace volutus::kernel::events {

namespace {
using State = gateway::LiveFeed::State;
using testing::ElementsAre;

class Events : public testing::Test {
protected:
    Events() {
        store::Options options;
        options.database.path = folder_ / "store.db";
        store_ = std::make_unique<store::Store>(options);
        volutus::store::Kind kind;
        kind.name = "test.thing";
        store_->declare("test", {kind});
        hub_ = std::make_unique<Hub>(*store_);
    }

    // One apply of these documents.
    std::uint64_t put(std::vector<std::string> const& ids, std::string const& project = "p1") {
        volutus::store::Apply apply;
        for (auto const& id : ids) apply.put.push_back({"test.thing", id, {{"project_id", project}}});
        return store_->apply("test", apply).revision;
    }
    void note(std::string const& topic) { store_->apply("test", {.notes = {{topic, {{"subjects", json::array()}}}}}); }

    // The gateway's part: takes news until it has had so many, waiting for them as long as it must.
    struct Client {
        explicit Client(std::unique_ptr<gateway::LiveFeed> of) : feed(std::move(of)) {
            feed->on_news([this] {
                world::Lock lock(mutex);
                awake = true;
                woken.notify_all();
            });
        }
        std::vector<gateway::News> hear(std::size_t count) {
            std::vector<gateway::News> all;
            while (all.size() < count && !ended) {
                std::vector<gateway::News> some;
                switch (feed->take(some, 1)) {
                case State::more: break;
                case State::waiting:
                    if (some.empty()) wait();
                    break;
                case State::behind:
                    ++behind;
                    feed->catch_up();
                    break;
                case State::ended: ended = true; break;
                }
                std::move(some.begin(), some.end(), std::back_inserter(all));
            }
            return all;
        }
        void wait() {
            world::Lock lock(mutex);
            if (!woken.wait_until(lock, world::now() + std::chrono::seconds(30), [this] { return awake; }))
                throw Error(Code::deadline, "nobody woke this watcher");
            awake = false;
        }
        std::vector<std::string> ids(std::size_t count) {
            std::vector<std::string> out;
            for (auto const& news : hear(count)) out.push_back(json::text(json::parse_object(*news.text).at("id")));
            return out;
        }

        world::Mutex mutex;
        world::Condition woken;
        bool awake = false, ended = false;
        int behind = 0;
        std::unique_ptr<gateway::LiveFeed> feed; // last: it wakes no more before the rest goes
    };
    Client watch(Wanted wanted = {}) {
        wanted.as_operator = true;
        return Client(hub_->watch(std::move(wanted)));
    }

    testkit::TemporaryFolder folder_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Hub> hub_;
};
} // namespace

TEST_F(Events, AreToldAsTheyComeInOrderAndFromTheRevisionAskedFor) {
    put({"a"});
    auto const since = put({"b"});
    put({"c"});
    auto client = watch({.since = since});
    EXPECT_THAT(client.ids(1), ElementsAre("c"));
    put({"d"});
    put({"e"});
    EXPECT_THAT(client.ids(2), ElementsAre("d", "e"));
}

TEST_F(Events, OnlyTheLastOfAnApplySaysWhereToGoOn) {
    auto client = watch({.since = store_->revision()});
    auto const revision = put({"a", "b", "c"});
    auto const news = client.hear(3);
    ASSERT_EQ(news.size(), 3U);
    EXPECT_EQ(news[0].cursor, 0U);
    EXPECT_EQ(news[1].cursor, 0U);
    EXPECT_EQ(news[2].cursor, revision);
}

TEST_F(Events, OfOtherProjectsAndKindsAreNotToldButPassed) {
    auto client = watch({.since = store_->revision(), .kinds = {"test.thing"}, .project = "p2"});
    put({"a"}, "p1");
    note("test.topic");
    auto const revision = put({"b"}, "p2");
    EXPECT_THAT(client.ids(1), ElementsAre("b"));
    EXPECT_EQ(client.feed->pulse().cursor, revision);
}

TEST_F(Events, WhoIsBehindWhatIsKeptReadsTheStore) {
    hub_.reset();
    hub_ = std::make_unique<Hub>(*store_, 1); // keeps nothing
    auto const since = store_->revision();
    auto slow = watch({.since = since}), other = watch({.since = since});
    std::vector<std::string> all;
    for (int i = 0; i < 50; ++i) put({all.emplace_back(fmt::format("t{:02}", i))});
    EXPECT_EQ(slow.ids(50), all);
    EXPECT_GT(slow.behind, 0);
    put({"after"});
    EXPECT_EQ(slow.ids(1).back(), "after");
    EXPECT_EQ(other.ids(51).size(), 51U);
}

TEST_F(Events, AnApplyLargerThanAReplyIsToldWhole) {
    auto const since = store_->revision();
    std::vector<std::string> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back(fmt::format("{:0>250}", i));
    auto live = watch({.since = since});
    put(ids);
    EXPECT_EQ(live.ids(1000), ids);
    auto late = watch({.since = since});
    EXPECT_EQ(late.ids(1000), ids);
}

TEST_F(Events, CallersThatChangedAreAskedAgainBeforeWhatFollowsIsTold) {
    std::atomic<bool> allowed = true;
    auto client = watch({.since = store_->revision(), .still_allowed = [&] { return allowed.load(); }});
    put({"a"});
    EXPECT_THAT(client.ids(1), ElementsAre("a"));
    allowed = false;
    note(std::string(volutus::auth::changed_topic));
    put({"secret"});
    auto const last = client.hear(10);
    ASSERT_EQ(last.size(), 1U);
    EXPECT_EQ(last[0].name, "end");
    EXPECT_TRUE(client.ended);
    EXPECT_EQ(testkit::refusal([&] { watch({.still_allowed = [] { return false; }}); }).code(), Code::unauthenticated);
}

TEST_F(Events, AWatcherEndsWhenItsTokenExpires) {
    auto const soon = world::wall_now().time_since_epoch().count() + 50'000;
    auto client = watch({.since = store_->revision(), .expires = soon});
    EXPECT_EQ(client.hear(1).at(0).name, "end");
}

TEST_F(Events, OneThatEndsEarlierThanAnotherIsEndedInTime) {
    auto const now = world::wall_now().time_since_epoch().count();
    auto later = watch({.since = store_->revision(), .expires = now + 3'600'000'000});
    auto never = watch({.since = store_->revision()});
    auto soon = watch({.since = store_->revision(), .expires = now + 50'000});
    EXPECT_EQ(soon.hear(1).at(0).name, "end");
    put({"a"});
    EXPECT_THAT(later.ids(1), ElementsAre("a"));
    EXPECT_THAT(never.ids(1), ElementsAre("a"));
}

TEST_F(Events, ManyWatchersAllHearTheSame) {
    std::vector<std::unique_ptr<Client>> clients;
    auto const since = store_->revision();
    for (int i = 0; i < 100; ++i)
        clients.push_back(std::make_unique<Client>(hub_->watch({.since = since, .as_operator = true})));
    world::Thread const writer("writes", [&] {
        for (int i = 0; i < 20; ++i) put({fmt::format("t{}", i)});
    });
    for (auto const& client : clients) EXPECT_EQ(client->hear(20).size(), 20U);
    clients.clear();
    EXPECT_EQ(hub_->watchers(), 0U);
}

TEST_F(Events, MembersDoNotLearnWhereOthersComeFrom) {
    store::KernelPart part;
    part.by = {{"user_id", "u"}, {"client_address", "192.0.2.1"}, {"request_id", "req-1"}};
    auto const since = store_->revision();
    store_->apply("test", {.put = {{"test.thing", "a", {{"project_id", "p1"}}}}}, part);
    Client member(hub_->watch({.since = since, .project = "p1"}));
    auto const told = json::parse_object(*member.hear(1).at(0).text);
    EXPECT_EQ(told.at("by"), json::value({{"user_id", "u"}, {"request_id", "req-1"}}));
    EXPECT_EQ(json::text(told.at("operation")), "create");
    EXPECT_EQ(told.at("fields"), json::value(json::array{"project_id"}));
    auto client = watch({.since = since});
    EXPECT_THAT(*client.hear(1).at(0).text, testing::HasSubstr("192.0.2.1"));
}

} // namespace volutus::kernel::events

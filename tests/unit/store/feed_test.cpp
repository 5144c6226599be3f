#include "store_fixture.hpp"

namespace volutus::kernel::store {

namespace {
using contract::Change;

class StoreFeed : public StoreContract {
protected:
    contract::Feed changes(contract::Changes const& wanted) {
        auto now = wanted;
        now.wait = false;
        return store_->changes(now);
    }
    // Reads all there is, in replies of this size, as a follower would.
    std::vector<contract::FeedEntry> follow(std::uint32_t limit) {
        std::vector<contract::FeedEntry> all;
        contract::Changes next{.limit = limit};
        while (true) {
            auto const feed = changes(next);
            all.insert(all.end(), feed.entries.begin(), feed.entries.end());
            if (feed.entries.empty()) return all;
            next.since = feed.revision;
            next.skip = feed.skip;
        }
    }
};
VOLUTUS_STORE_ENGINES(StoreFeed);

Patience soon() { return {world::now() + std::chrono::seconds(30)}; }
} // namespace

TEST_P(StoreFeed, EveryChangeIsToldInTheOrderOfCommits) {
    put_server("s1", R"({"name":"a","size":1})");
    put_server("s1", R"({"name":"b","size":1,"up":true})");
    remove("test.server", "s1");
    apply({.notes = {{"test.event", {{"what", "ended"}}}}});
    auto const feed = changes({});
    ASSERT_EQ(feed.entries.size(), 4u);
    EXPECT_EQ(feed.revision, 4u);
    EXPECT_TRUE(feed.entries[0].created);
    EXPECT_EQ(feed.entries[0].fields, (std::vector<std::string>{"name", "size"}));
    EXPECT_FALSE(feed.entries[1].created);
    EXPECT_EQ(feed.entries[1].fields, (std::vector<std::string>{"name", "up"}));
    EXPECT_EQ(feed.entries[2].change, Change::remove);
    EXPECT_EQ(feed.entries[2].id, "s1");
    EXPECT_EQ(feed.entries[3].change, Change::note);
    EXPECT_EQ(feed.entries[3].kind, "test.event");
    EXPECT_EQ(json::text(feed.entries[3].note.at("what")), "ended");
    for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(feed.entries[i].revision, i + 1);
}

TEST_P(StoreFeed, EachEntrySaysWhoseTheDocumentIsAndWhoDidIt) {
    put_server("s1", R"({"name":"a","size":1,"project_id":"p1"})");
    KernelPart part;
    part.by = {{"user_id", "u1"}, {"request_id", "req-1"}};
    store_->apply(owner, {.put = {{"test.server", "s2", {{"project_id", "p2"}}}}, .remove = {{"test.server", "s1"}}},
                  part);
    for (auto const limit : {1u, 100u}) { // of one apply, however it is told
        auto const entries = follow(limit);
        ASSERT_EQ(entries.size(), 3u);
        EXPECT_EQ(entries[0].project_id, "p1");
        EXPECT_TRUE(entries[0].by.empty());
        EXPECT_EQ(entries[1].project_id, "p1") << "it was that project's when it went";
        EXPECT_EQ(entries[1].by, part.by);
        EXPECT_EQ(entries[2].project_id, "p2");
        EXPECT_EQ(entries[2].by, part.by);
    }
    EXPECT_TRUE(changes({.kinds = {"audit"}}).entries.empty()) << "who did it is no change of its own";
}

TEST_P(StoreFeed, AnAccountsChangeIsToldWithItsNumbers) {
    apply({.set = {{.account = "host", .resource = "VCPU", .total = 4, .ratio = 2.0}},
           .claim = {{"host", "VCPU", "s1", 3}}});
    auto const feed = changes({.kinds = {"kernel.account"}});
    ASSERT_EQ(feed.entries.size(), 1u);
    EXPECT_EQ(feed.entries[0].id, "host");
    EXPECT_EQ(json::print(feed.entries[0].note), R"({"VCPU":{"total":4,"capacity":8,"used":3}})");
}

TEST_P(StoreFeed, AReplyDoesNotSplitAnApply) {
    contract::Apply three;
    for (auto const* id : {"a", "b", "c"}) three.put.push_back({"test.server", id, {}});
    apply(three);
    apply(three);
    auto const feed = changes({.limit = 4});
    EXPECT_EQ(feed.entries.size(), 3u);
    EXPECT_EQ(feed.revision, 1u);
    EXPECT_EQ(feed.skip, 0u);
    EXPECT_EQ(follow(4).size(), 6u);
}

TEST_P(StoreFeed, AnApplyLargerThanAReplyIsToldInParts) {
    contract::Apply three;
    for (auto const* id : {"a", "b", "c"}) three.put.push_back({"test.server", id, {}});
    apply(three);
    auto const feed = changes({.limit = 2});
    EXPECT_EQ(feed.entries.size(), 2u);
    EXPECT_EQ(feed.revision, 0u);
    EXPECT_EQ(feed.skip, 2u);
    put_server("d", "{}");
    for (std::uint32_t limit = 1; limit < 6; ++limit) {
        std::string order;
        for (auto const& entry : follow(limit)) order += entry.id;
        EXPECT_EQ(order, "abcd") << limit;
    }
}

TEST_P(StoreFeed, AReaderOfOneKindIsWokenByThatKind) {
    contract::Feed heard;
    {
        world::Thread reader("reader", [&] { heard = store_->changes({.kinds = {"test.image"}}, soon()); });
        for (int i = 0; i < 20; ++i) put_server("s1", "{}");
        put("test.image", "i1", "{}");
    }
    ASSERT_EQ(heard.entries.size(), 1u);
    EXPECT_EQ(heard.entries[0].id, "i1");
    EXPECT_EQ(heard.revision, 21u);
}

TEST_P(StoreFeed, AReaderWithoutNewsHearsAtItsDeadlineHowFarItIs) {
    put_server("s1", "{}");
    auto const feed = store_->changes({.kinds = {"test.image"}}, {world::now() + std::chrono::milliseconds(5), {}});
    EXPECT_TRUE(feed.entries.empty());
    EXPECT_EQ(feed.revision, 1u);
}

TEST_P(StoreFeed, AReaderThatGaveUpOrWhoseStoreClosesIsLetGo) {
    plugin::Cancellation cancelled;
    cancelled.tell();
    EXPECT_EQ(refusal([&] { store_->changes({}, {{}, &cancelled}); }).code, Code::cancelled);
    Refusal refused;
    world::Thread reader("reader", [&] { refused = refusal([&] { store_->changes({}); }); });
    store_->stop_waiting();
    reader.join();
    EXPECT_EQ(refused.code, Code::unavailable);
}

TEST_P(StoreFeed, ManyReadersHearEveryChangeOnce) {
    constexpr int readers = 8, changes_made = 200;
    std::vector<std::vector<std::uint64_t>> heard(readers);
    {
        std::vector<world::Thread> threads;
        for (auto& mine : heard)
            threads.emplace_back("reader", [&] {
                contract::Changes next{.limit = 7};
                while (next.since < changes_made) {
                    auto const feed = store_->changes(next, soon());
                    for (auto const& entry : feed.entries) mine.push_back(entry.revision);
                    next.since = feed.revision;
                    if (feed.entries.empty()) return;
                }
            });
        for (int i = 0; i < 4; ++i)
            threads.emplace_back("writer", [&, i] {
                for (int j = 0; j < changes_made / 4; ++j) put_server(fmt::format("s{}", i), "{}");
            });
    }
    std::vector<std::uint64_t> all(changes_made);
    for (std::uint64_t i = 0; i < changes_made; ++i) all[i] = i + 1;
    for (auto const& mine : heard) EXPECT_EQ(mine, all);
}

TEST_P(StoreFeed, ACursorOlderThanWhatIsKeptIsCompacted) {
    reopen([](Options& options) { options.feed_retention = std::chrono::microseconds(0); });
    for (int i = 0; i < 300; ++i) put_server("s1", "{}");
    auto const refused = refusal([&] { changes({.since = 1}); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_TRUE(refused.details.at("compacted").as_bool());
    auto const head = refused.details.at("revision").to_number<std::uint64_t>();
    EXPECT_EQ(head, 300u);
    EXPECT_TRUE(changes({.since = head}).entries.empty());
    put_server("s1", "{}");
    EXPECT_EQ(changes({.since = head}).entries.size(), 1u);
    expect_sound();
}

} // namespace volutus::kernel::store

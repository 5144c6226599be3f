#include "store_fixture.hpp"

namespace volutus::kernel::store {

namespace {
using StoreNotes = StoreContract;
VOLUTUS_STORE_ENGINES(StoreNotes);

contract::Apply note(std::string topic, int number) {
    contract::Apply apply;
    apply.notes.push_back({std::move(topic), {{"number", number}}});
    return apply;
}
} // namespace

// Without a lock: the apply's answer is what orders the observer's write before the test's read.
TEST_P(StoreNotes, AnObserverHasBeenToldWhenTheApplyIsAnswered) {
    std::vector<std::pair<std::uint64_t, json::object>> told;
    store_->observe_notes("test.event",
                          [&](std::uint64_t revision, json::object const& body) { told.emplace_back(revision, body); });
    auto const first = apply(note("test.event", 1)).revision;
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].first, first);
    EXPECT_EQ(told[0].second, (json::object{{"number", 1}}));
    apply(note("test.other", 2));
    EXPECT_EQ(told.size(), 1u) << "of another topic";
    auto both = note("test.event", 3);
    both.notes.push_back({"test.event", {{"number", 4}}});
    apply(both);
    EXPECT_EQ(told.size(), 3u);
    EXPECT_EQ(told[1].first, told[2].first);
}

TEST_P(StoreNotes, OfARefusedApplyNobodyIsTold) {
    int told = 0;
    store_->observe_notes("test.event", [&](std::uint64_t, json::object const&) { ++told; });
    auto refused = note("test.event", 1);
    refused.expect.push_back({"test.server", "s1", 7});
    EXPECT_EQ(refusal([&] { apply(refused); }).code, Code::precondition);
    EXPECT_EQ(told, 0);
}

TEST_P(StoreNotes, OfABatchEachAcceptedApplyIsToldOnceAndInOrder) {
    std::vector<std::uint64_t> told;
    store_->observe_notes("test.event", [&](std::uint64_t revision, json::object const&) { told.push_back(revision); });
    constexpr int threads = 8, each = 25;
    {
        std::vector<world::Thread> writers;
        for (int t = 0; t < threads; ++t)
            writers.emplace_back("writer", [&, t] {
                for (int i = 0; i < each; ++i) {
                    auto one = note("test.event", i);
                    bool const bad = (t + i) % 5 == 0; // makes its whole batch be tried again
                    if (bad) one.expect.push_back({"test.server", "s1", 7});
                    EXPECT_EQ(refusal([&] { apply(one); }).code, bad ? Code::precondition : Code::ok);
                }
            });
    }
    EXPECT_EQ(told.size(), static_cast<std::size_t>(threads * each * 4 / 5));
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_EQ(std::adjacent_find(told.begin(), told.end()), told.end());
}

} // namespace volutus::kernel::store

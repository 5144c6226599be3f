#include "store_fixture.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace volutus::kernel::store {

namespace {
class StoreTakes : public StoreContract {
protected:
    std::int64_t take(std::string const& consumer, std::int64_t first = 1, std::int64_t last = 10,
                      std::optional<std::int64_t> wanted = {}) {
        return apply({.take = {{"pool", consumer, first, last, wanted}}}).taken.at(0);
    }
    void give_back(std::string const& consumer, std::optional<std::int64_t> value = {}) {
        apply({.give_back = {{"pool", consumer, value}}});
    }
};
VOLUTUS_STORE_ENGINES(StoreTakes);
} // namespace

TEST_P(StoreTakes, TheLowestFreeValueIsGiven) {
    EXPECT_EQ(take("a"), 1);
    EXPECT_EQ(take("b"), 2);
    EXPECT_EQ(take("c"), 3);
    give_back("b");
    EXPECT_EQ(take("d"), 2);
    EXPECT_EQ(take("e"), 4);
    EXPECT_EQ(take("f", 3, 10), 5);
    expect_sound();
}

TEST_P(StoreTakes, AConsumerGetsTheValueThatItHolds) {
    EXPECT_EQ(take("a"), 1);
    EXPECT_EQ(take("a"), 1);
    EXPECT_EQ(take("a", 5, 10), 5); // of another range
    EXPECT_EQ(take("a", 1, 10, 7), 7);
    EXPECT_EQ(take("a", 1, 10, 7), 7);
    give_back("a", 5);
    EXPECT_EQ(take("b", 5, 10), 5);
    give_back("a");
    EXPECT_EQ(take("c"), 1);
    expect_sound();
}

TEST_P(StoreTakes, AWantedValueThatAnotherHoldsNamesItsHolder) {
    take("a", 1, 10, 4);
    auto const refused = refusal([&] { take("b", 1, 10, 4); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_EQ(json::text(refused.details.at("consumer")), "a");
}

TEST_P(StoreTakes, APoolWithoutFreeValuesIsExhausted) {
    take("a", 1, 2);
    take("b", 1, 2);
    auto const refused = refusal([&] { take("c", 1, 2); });
    EXPECT_EQ(refused.code, Code::exhausted);
    EXPECT_EQ(json::text(refused.details.at("pool")), "pool");
    give_back("nobody");
}

TEST_P(StoreTakes, WrongRangesAreRefused) {
    EXPECT_EQ(refusal([&] { take("a", 2, 1); }).code, Code::invalid);
    EXPECT_EQ(refusal([&] { take("a", 1, 2, 3); }).code, Code::invalid);
    EXPECT_EQ(refusal([&] { take("", 1, 2); }).code, Code::invalid);
    EXPECT_EQ(refusal([&] { take("a", 1, std::numeric_limits<std::int64_t>::max()); }).code, Code::invalid);
}

TEST_P(StoreTakes, AnyOrderOfTakesAndReturnsGivesWhatASetWouldGive) {
    std::mt19937 random(7);
    std::set<std::int64_t> taken;
    for (int i = 0; i < 400; ++i) {
        auto const value = static_cast<std::int64_t>(random() % 40 + 1);
        auto const consumer = fmt::format("c{}", value);
        if (taken.contains(value)) {
            give_back(consumer);
            taken.erase(value);
        } else if (random() % 2) {
            EXPECT_EQ(take(consumer, 1, 40, value), value);
            taken.insert(value);
        } else {
            std::int64_t lowest = 1;
            while (taken.contains(lowest)) ++lowest;
            EXPECT_EQ(take(fmt::format("c{}", lowest), 1, 40), lowest);
            taken.insert(lowest);
        }
    }
    expect_sound();
}

} // namespace volutus::kernel::store

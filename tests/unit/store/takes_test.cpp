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

TEST_P(StoreTakes, AValueIsWrittenIntoADocumentOfTheSameApply) {
    contract::Apply one;
    one.put = {{"test.server", "s1", json::parse_object(R"({"size":null,"at":[{"ip":"?"},{"ip":"?"}]})")}};
    one.take = {{"sizes", "s1", 7, 9, {}, contract::Into{"test.server", "s1", "/size", ""}},
                {"v4", "s1", 2, 254, {}, contract::Into{"test.server", "s1", "/at/0/ip", "10.0.0.0"}},
                {"v6", "s1", 1, 99, 16, contract::Into{"test.server", "s1", "/at/1/ip", "fd00::"}}};
    auto const applied = apply(one);
    EXPECT_EQ(applied.taken, (std::vector<std::int64_t>{7, 2, 16}));
    auto const stored = get("test.server", "s1")->body;
    EXPECT_EQ(json::print(stored), R"({"size":7,"at":[{"ip":"10.0.0.2"},{"ip":"fd00::10"}]})");
    contract::Query by_size;
    by_size.kind = "test.server";
    by_size.where = {{"size", contract::Operator::eq, 7}};
    EXPECT_EQ(ids(by_size), std::vector<std::string>{"s1"});
    expect_sound(); // what is derived is derived from the body as stored
}

TEST_P(StoreTakes, AUniqueKeyIsThatOfTheWrittenValue) {
    auto const named = [&](std::string const& id, std::string const& base) {
        contract::Apply one;
        one.put = {{"test.image", id, {{"project_id", "p"}, {"name", ""}}}};
        one.take = {{"names-" + id, id, 1, 9, {}, contract::Into{"test.image", id, "/name", base}}};
        return refusal([&] { apply(one); }).code;
    };
    EXPECT_EQ(named("i1", "10.0.0.0"), Code::ok);
    EXPECT_EQ(named("i2", "10.0.0.1"), Code::ok);
    EXPECT_EQ(named("i3", "10.0.0.0"), Code::conflict); // 10.0.0.1 again, of another pool
    EXPECT_EQ(take("i4"), 1);
    expect_sound();
}

TEST_P(StoreTakes, AnIntoThatLeadsNowhereIsRefusedAndTakesNothing) {
    auto const code = [&](contract::Into const& into, std::int64_t last = 10) {
        contract::Apply one;
        one.put = {{"test.server", "s1", {{"ip", "?"}, {"nest", json::object{{"a/b", 1}}}}}};
        one.take = {{"pool", "s1", 1, last, {}, into}};
        return refusal([&] { apply(one); }).code;
    };
    for (auto const& wrong : std::vector<contract::Into>{{"test.server", "s2", "/ip", ""},
                                                         {"test.image", "s1", "/ip", ""},
                                                         {"test.server", "s1", "/gone", ""},
                                                         {"test.server", "s1", "ip", ""},
                                                         {"test.server", "s1", "", ""},
                                                         {"test.server", "s1", "/nest", ""},
                                                         {"test.server", "s1", "/ip/0", ""},
                                                         {"test.server", "s1", "/ip", "10.0.0"},
                                                         {"test.server", "s1", "/ip", "10.0.0.0/24"},
                                                         {"test.server", "s1", "/ip", "255.255.255.250"}})
        EXPECT_EQ(code(wrong), Code::invalid) << wrong.id << wrong.pointer << wrong.base;
    EXPECT_FALSE(get("test.server", "s1"));
    EXPECT_EQ(take("first"), 1);
    EXPECT_EQ(code({"test.server", "s1", "/nest/a~1b", ""}), Code::ok);
    EXPECT_EQ(get("test.server", "s1")->body.at("nest").at("a/b"), 2);
}

TEST_P(StoreTakes, FiftyConcurrentAppliesTakeFiftyAddresses) {
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 50; ++i)
            threads.emplace_back("taker", [this, id = fmt::format("s{:02}", i)] {
                contract::Apply one;
                one.put = {{"test.server", id, {{"project_id", "p"}, {"name", "?"}}}}; // the name is a unique key
                one.take = {{"subnet", id, 2, 51, {}, contract::Into{"test.server", id, "/name", "10.0.255.250"}}};
                apply(one);
            });
    }
    contract::Query all;
    all.kind = "test.server";
    std::set<std::string> addresses;
    for (auto const& document : store_->query(all).documents) addresses.insert(json::text(document.body.at("name")));
    EXPECT_EQ(addresses.size(), 50u);
    EXPECT_TRUE(addresses.contains("10.0.255.252"));
    EXPECT_TRUE(addresses.contains("10.1.0.45"));
    expect_sound();
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

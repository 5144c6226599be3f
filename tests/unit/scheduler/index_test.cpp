#include <kernel/scheduler/index.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

namespace volutus::kernel::scheduler {

namespace {
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct SchedulerIndex : testing::Test {
    Index index;
    Weights weights;

    void host(std::string const& id, std::int64_t vcpus, std::vector<std::string> traits = {},
              std::vector<std::string> aggregates = {}) {
        index.put(id, std::move(traits), std::move(aggregates));
        index.set_stock(id, "VCPU", {vcpus});
    }
    contract::Candidates ask(contract::Demand const& demand, std::uint64_t seed = 1) const {
        return index.candidates(demand, weights, seed);
    }
    std::vector<std::string> hosts(contract::Demand const& demand, std::uint64_t seed = 1) const {
        std::vector<std::string> found;
        for (auto const& candidate : ask(demand, seed).candidates) found.push_back(candidate.host);
        return found;
    }
    static contract::Demand vcpus(std::int64_t amount) { return {.resources = {{"VCPU", amount}}}; }
};
} // namespace

TEST_F(SchedulerIndex, WhoHasMostFreeComesFirst) {
    host("a", 4);
    host("b", 8);
    host("c", 2);
    EXPECT_THAT(hosts(vcpus(1)), ElementsAre("b", "a", "c"));
    index.set_stock("b", "VCPU", {8, 7});
    EXPECT_THAT(hosts(vcpus(1)), ElementsAre("a", "c", "b"));
    EXPECT_THAT(hosts(vcpus(3)), ElementsAre("a"));
    EXPECT_THAT(hosts(vcpus(5)), IsEmpty());
    auto one = vcpus(1);
    one.limit = 2;
    EXPECT_THAT(hosts(one), ElementsAre("a", "c"));
}

TEST_F(SchedulerIndex, AClassCountsAsMuchAsItsWeight) {
    host("cpu", 10);
    host("memory", 1);
    index.set_stock("cpu", "MEMORY_MB", {100});
    index.set_stock("memory", "MEMORY_MB", {1000});
    contract::Demand const both{.resources = {{"MEMORY_MB", 1}, {"VCPU", 1}}};
    weights = {{"MEMORY_MB", 2}};
    EXPECT_THAT(hosts(both), ElementsAre("memory", "cpu"));
    weights = {{"MEMORY_MB", 0.5}};
    EXPECT_THAT(hosts(both), ElementsAre("cpu", "memory"));
    weights = {{"VCPU", -1}};
    EXPECT_THAT(hosts(vcpus(1)), ElementsAre("memory", "cpu"));
}

TEST_F(SchedulerIndex, EqualsAreChosenByLot) {
    for (int i = 0; i < 20; ++i) host(fmt::format("h{}", i), 4);
    std::set<std::string> first;
    for (std::uint64_t seed = 0; seed < 200; ++seed) first.insert(hosts(vcpus(1), seed).front());
    EXPECT_GT(first.size(), 15u);
    EXPECT_EQ(hosts(vcpus(1), 7), hosts(vcpus(1), 7));
}

TEST_F(SchedulerIndex, EachFilterTellsWhomItRefused) {
    host("a", 4, {"SSD", "AVX"}, {"rack1"});
    host("b", 4, {"SSD"}, {"rack1", "zone"});
    host("c", 1, {"SSD", "AVX"}, {"rack2", "zone"});
    host("d", 4, {"SSD", "AVX", "OLD"}, {"rack2", "zone"});
    host("e", 4, {}, {"zone"});
    host("f", 9, {}, {});
    contract::Demand const demand{.resources = {{"VCPU", 2}},
                                  .required = {"SSD", "AVX"},
                                  .forbidden = {"OLD"},
                                  .member_of = {{"zone", "rack1"}},
                                  .not_in = {"f", "unknown"}};
    auto const found = ask(demand);
    EXPECT_EQ(found.hosts, 6u);
    ASSERT_EQ(found.candidates.size(), 1u);
    EXPECT_EQ(found.candidates[0].host, "a");
    std::vector<std::string> told;
    for (auto const& refusal : found.refused)
        told.push_back(fmt::format("{} {} {}", refusal.filter, refusal.count, refusal.hosts.at(0)));
    EXPECT_THAT(told,
                ElementsAre("not_in 1 f", "trait SSD 1 e", "trait AVX 1 b", "forbidden trait OLD 1 d", "VCPU 1 c"));
}

TEST_F(SchedulerIndex, EveryGroupOfAggregatesMustBeMet) {
    host("a", 1, {}, {"x"});
    host("b", 1, {}, {"x", "y"});
    host("c", 1, {}, {"y", "z"});
    EXPECT_THAT(hosts({.member_of = {{"x"}, {"y", "z"}}}), ElementsAre("b"));
    EXPECT_THAT(hosts({.member_of = {{"nowhere"}}}), IsEmpty());
    EXPECT_THAT(hosts({.member_of = {{}}}), IsEmpty());
    EXPECT_THAT(hosts({.in = {"a", "c", "unknown"}}), UnorderedElementsAre("a", "c"));
    EXPECT_THAT(hosts({}), UnorderedElementsAre("a", "b", "c"));
}

TEST_F(SchedulerIndex, UnitsBoundWhatOneClaimMayBe) {
    index.put("h", {}, {});
    index.set_stock("h", "DISK_GB", {100, 0, 4, 20, 4});
    auto const fits = [&](std::int64_t amount) { return hosts({.resources = {{"DISK_GB", amount}}}).size() == 1; };
    EXPECT_FALSE(fits(3));
    EXPECT_TRUE(fits(4));
    EXPECT_FALSE(fits(6));
    EXPECT_TRUE(fits(20));
    EXPECT_FALSE(fits(24));
    index.set_stock("h", "DISK_GB", {100, 90});
    EXPECT_TRUE(fits(10));
    EXPECT_FALSE(fits(11));
}

TEST_F(SchedulerIndex, AClassThatAHostLacksRefusesIt) {
    host("a", 4);
    EXPECT_THAT(hosts({.resources = {{"GPU", 1}}}), IsEmpty());
    index.set_stock("a", "GPU", {1});
    index.set_stock("nobody", "GPU", {1});
    EXPECT_THAT(hosts({.resources = {{"GPU", 1}}}), ElementsAre("a"));
    index.drop_stock("a", "GPU");
    EXPECT_THAT(hosts({.resources = {{"GPU", 1}}}), IsEmpty());
    EXPECT_THAT(hosts(vcpus(4)), ElementsAre("a"));
}

TEST_F(SchedulerIndex, UnlimitedIsMoreThanAnyNumber) {
    host("a", std::numeric_limits<std::int64_t>::max());
    host("b", 1'000'000'000);
    EXPECT_THAT(hosts(vcpus(1'000'000)), ElementsAre("a", "b"));
}

TEST_F(SchedulerIndex, ARowIsFreshForItsNextHost) {
    host("old", 9, {"SSD"}, {"x"});
    index.remove("old");
    index.remove("old");
    EXPECT_EQ(index.size(), 0u);
    index.put("new", {}, {});
    EXPECT_THAT(hosts(vcpus(1)), IsEmpty());
    EXPECT_THAT(hosts({.required = {"SSD"}}), IsEmpty());
    EXPECT_THAT(hosts({.member_of = {{"x"}}}), IsEmpty());
    EXPECT_THAT(hosts({}), ElementsAre("new"));
    EXPECT_FALSE(index.has("old"));
}

// Among so many that whole words of rows are passed over by what is known of the best in them.
TEST_F(SchedulerIndex, TheBestOfManyAreThoseThatAPlainLookFinds) {
    std::mt19937 random(5);
    std::vector<std::pair<double, double>> plain;
    auto const random_stock = [&] { return static_cast<std::int64_t>(1 + random() % 1000); };
    for (int i = 0; i < 3000; ++i) {
        auto const cpu = random_stock(), memory = random_stock();
        index.put(fmt::format("h{}", i), {}, {});
        index.set_stock(fmt::format("h{}", i), "VCPU", {cpu});
        if (i % 7 == 0) continue; // without memory
        index.set_stock(fmt::format("h{}", i), "MEMORY_MB", {memory});
        if (cpu >= 100 && memory >= 10) plain.emplace_back(cpu, memory);
    }
    for (auto const weight : {1.0, 0.3, 0.0, -1.0}) {
        weights["VCPU"] = weight;
        double most_cpu = 0, most_memory = 0;
        for (auto const& [cpu, memory] : plain) {
            most_cpu = std::max(most_cpu, cpu);
            most_memory = std::max(most_memory, memory);
        }
        std::vector<double> expected;
        for (auto const& [cpu, memory] : plain)
            expected.push_back(weight * cpu / most_cpu / 2 + memory / most_memory / 2);
        std::sort(expected.rbegin(), expected.rend());
        for (std::uint64_t const seed : {0u, 1000u, 2571u}) {
            contract::Demand demand{.resources = {{"VCPU", 100}, {"MEMORY_MB", 10}}};
            demand.limit = 40;
            auto const found = ask(demand, seed).candidates;
            ASSERT_EQ(found.size(), 40u);
            for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i].weight, expected[i], 1e-12) << i;
        }
    }
}

// Any changes leave the same as a plain look at every host finds.
TEST_F(SchedulerIndex, AnyChangesLeaveWhatAPlainScanFinds) {
    struct Plain {
        std::set<std::string> traits;
        std::int64_t capacity = 0, used = 0;
    };
    std::map<std::string, Plain> plain;
    std::mt19937 random(3);
    for (int i = 0; i < 3000; ++i) {
        auto const id = fmt::format("h{}", random() % 200);
        if (random() % 5 == 0) {
            index.remove(id);
            plain.erase(id);
        } else {
            Plain now{{}, static_cast<std::int64_t>(random() % 20), static_cast<std::int64_t>(random() % 25)};
            for (int t = 0; t < 3; ++t)
                if (random() % 2) now.traits.insert(fmt::format("T{}", t));
            index.put(id, {now.traits.begin(), now.traits.end()}, {});
            index.set_stock(id, "VCPU", {now.capacity, now.used});
            plain[id] = std::move(now);
        }
        if (i % 50) continue;
        contract::Demand demand{.resources = {{"VCPU", 1 + random() % 10}}, .required = {"T1"}, .forbidden = {"T2"}};
        demand.limit = 1000;
        std::set<std::string> expected;
        for (auto const& [host, state] : plain)
            if (state.traits.contains("T1") && !state.traits.contains("T2") &&
                state.capacity - state.used >= demand.resources["VCPU"])
                expected.insert(host);
        auto const found = hosts(demand);
        EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
        EXPECT_EQ(index.size(), plain.size());
    }
}

} // namespace volutus::kernel::scheduler

#include "plugins/network/service/subnet_pools.hpp"

#include <testkit/refusal.hpp>
#include <volutus/error.hpp>

#include <gtest/gtest.h>

namespace volutus::network_service {
namespace {

SubnetPool pool(std::vector<std::string> prefixes) {
    SubnetPool made;
    made.prefixes = std::move(prefixes);
    made.min_prefixlen = 8;
    made.default_prefixlen = 26;
    made.max_prefixlen = 30;
    return made;
}
std::vector<Block> blocks(std::vector<std::string> const& texts) {
    std::vector<Block> all;
    for (auto const& text : texts) all.push_back(parse_block(text).value());
    return all;
}
std::string next(SubnetPool const& from, std::optional<std::int64_t> length, std::vector<std::string> const& used) {
    return to_string(block_from(from, {}, length, blocks(used)));
}
Code refusal(SubnetPool const& from, std::string const& wanted, std::vector<std::string> const& used) {
    return testkit::refusal([&] { block_from(from, parse_block(wanted), {}, blocks(used)); }).code();
}

TEST(SubnetPools, GiveTheLowestFreeBlockOfTheLength) {
    auto const from = pool({"10.0.0.0/24", "10.9.0.0/24"});
    EXPECT_EQ(next(from, {}, {}), "10.0.0.0/26");
    EXPECT_EQ(next(from, {}, {"10.0.0.0/26", "10.0.0.128/26"}), "10.0.0.64/26");
    EXPECT_EQ(next(from, 25, {"10.0.0.0/30"}), "10.0.0.128/25");
    EXPECT_EQ(next(from, 24, {"10.0.0.255/32"}), "10.9.0.0/24");
    EXPECT_EQ(next(from, 26, {"10.0.0.0/24"}), "10.9.0.0/26");
}

TEST(SubnetPools, GiveTheBlockThatIsAskedForWhereItIsFree) {
    auto const from = pool({"10.0.0.0/24"});
    EXPECT_EQ(refusal(from, "10.0.0.64/26", {"10.0.0.0/26"}), Code::ok);
    EXPECT_EQ(refusal(from, "10.0.0.64/26", {"10.0.0.96/30"}), Code::conflict);
    EXPECT_EQ(refusal(from, "10.1.0.0/26", {}), Code::conflict);
    EXPECT_EQ(refusal(from, "10.0.0.0/23", {}), Code::conflict) << "larger than the pool's prefix";
}

TEST(SubnetPools, KeepToTheirLimits) {
    auto const from = pool({"10.0.0.0/8"});
    EXPECT_EQ(refusal(from, "10.0.0.0/31", {}), Code::invalid);
    EXPECT_EQ(refusal(from, "0.0.0.0/7", {}), Code::invalid);
}

TEST(SubnetPools, SayWhenTheyAreUsedUp) {
    auto const full = pool({"10.0.0.0/26"});
    EXPECT_THROW(next(full, 26, {"10.0.0.0/30"}), Error);
    EXPECT_THROW(next(full, 25, {}), Error);
    EXPECT_THROW(next(pool({"255.255.255.0/24"}), 24, {"255.255.255.0/24"}), Error)
        << "nothing lies beyond the last address";
}

} // namespace
} // namespace volutus::network_service

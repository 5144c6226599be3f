#include "plugins/network/service/address.hpp"

#include <gtest/gtest.h>

namespace volutus::network_service {
namespace {

Address address(std::string_view text) { return parse_address(text).value(); }
Block block(std::string_view text) { return parse_block(text).value(); }

TEST(Addresses, AreShownInTheirShortestForm) {
    EXPECT_EQ(to_string(address("10.0.0.1")), "10.0.0.1");
    EXPECT_EQ(to_string(address("FD00:0:0:0:0:0:0:1")), "fd00::1");
    EXPECT_EQ(to_string(address("::")), "::");
    EXPECT_EQ(to_string(address("2001:db8:0:1:0:0:0:1")), "2001:db8:0:1::1");
}

TEST(Addresses, WhatIsNoneIsRefused) {
    for (auto const* text :
         {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "fd00::1::2", "fd00::g", "10.0.0.1/24", "localhost"})
        EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Blocks, BitsBeyondThePrefixAreDropped) {
    EXPECT_EQ(to_string(block("10.0.0.77/24")), "10.0.0.0/24");
    EXPECT_EQ(to_string(block("fd00::77/64")), "fd00::/64");
    EXPECT_EQ(to_string(block("10.0.0.77")), "10.0.0.77/32");
    EXPECT_EQ(to_string(block("10.0.0.77/0")), "0.0.0.0/0");
    EXPECT_EQ(to_string(block("fd00::/0").last()), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(Blocks, APrefixLengthBeyondTheAddressIsRefused) {
    for (auto const* text : {"10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/2x", "/24"})
        EXPECT_FALSE(parse_block(text)) << text;
}

TEST(Blocks, HoldAddressesOfTheirOwnVersionOnly) {
    EXPECT_TRUE(block("10.0.0.0/24").contains(address("10.0.0.255")));
    EXPECT_FALSE(block("10.0.0.0/24").contains(address("10.0.1.0")));
    EXPECT_FALSE(block("0.0.0.0/0").contains(address("::1")));
    EXPECT_TRUE(block("10.0.0.0/8").overlaps(block("10.1.0.0/16")));
    EXPECT_TRUE(block("10.1.0.0/16").overlaps(block("10.0.0.0/8")));
    EXPECT_FALSE(block("10.0.0.0/9").overlaps(block("10.128.0.0/9")));
    EXPECT_FALSE(block("0.0.0.0/0").overlaps(block("::/0")));
}

TEST(Blocks, ALargeOneGivesOutItsLowerPartAndAnyAddressOnRequest) {
    EXPECT_EQ(largest_offset(block("10.0.0.0/24")), 255);
    EXPECT_EQ(offset_in(block("10.0.0.0/24"), address("10.0.0.9")), 9);
    EXPECT_EQ(offset_in(block("10.0.0.0/24"), address("10.0.1.9")), std::nullopt);
    auto const large = block("fd00::/64");
    EXPECT_EQ(offset_in(large, large.base.plus(static_cast<Number>(largest_offset(large)))), largest_offset(large));
    for (auto const* text :
         {"fd00::1", "fd00::6901:b234:b19:ff8c", "fd00::f816:3eff:fe00:1", "fd00::ffff:ffff:ffff:ffff"}) {
        auto const offset = offset_in(large, address(text));
        ASSERT_TRUE(offset) << text;
        EXPECT_EQ(to_string(address_at(large, *offset)), text);
    }
    EXPECT_EQ(offset_in(large, address("fd00::8000:0:0:0")), std::nullopt);
    EXPECT_EQ(offset_in(block("fd00::/48"), address("fd00:0:0:1::")), std::nullopt);
}

TEST(Addresses, AGuestFormsItsOwnFromItsMac) {
    EXPECT_EQ(to_string(eui64_address(block("fd00::/64"), "fa:16:3e:00:00:01")), "fd00::f816:3eff:fe00:1");
}

} // namespace
} // namespace volutus::network_service

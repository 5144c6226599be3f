#include <volutus/address.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace volutus {

TEST(Address, AnOffsetIsAddedOverAllBytes) {
    EXPECT_EQ(address_plus("10.0.0.250", 6), "10.0.1.0");
    EXPECT_EQ(address_plus("10.1.0.0", -1), "10.0.255.255");
    EXPECT_EQ(address_plus("0.0.0.0", 0xffffffff), "255.255.255.255");
    EXPECT_EQ(address_plus("fd00::ffff", 1), "fd00::1:0");
    EXPECT_EQ(address_plus("FD00::", std::numeric_limits<std::int64_t>::max()), "fd00::7fff:ffff:ffff:ffff");
    EXPECT_EQ(address_plus("::1:0:0:0:0", -1), "::ffff:ffff:ffff:ffff");
}

TEST(Address, WhatLeavesTheFamilyIsNone) {
    EXPECT_FALSE(address_plus("255.255.255.255", 1));
    EXPECT_FALSE(address_plus("0.0.0.0", -1));
    EXPECT_FALSE(address_plus("0.0.0.0", std::numeric_limits<std::int64_t>::min()));
    EXPECT_FALSE(address_plus("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1));
    EXPECT_FALSE(address_plus("::", -1));
}

TEST(Address, WhatIsNoAddressIsNone) {
    for (std::string_view wrong : {"", "10.0.0", "10.0.0.0/24", "fd00::/64", "host", "1.2.3.4 ", ":"})
        EXPECT_FALSE(address_plus(wrong, 0)) << wrong;
    EXPECT_FALSE(address_plus(std::string_view("1.2.3.4\0x", 9), 0));
}

} // namespace volutus

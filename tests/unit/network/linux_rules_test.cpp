// What the Linux driver writes into rulesets and commands, and what it lets in there.
#include "plugins/network/drivers/linux/addresses.hpp"
#include "plugins/network/drivers/linux/names.hpp"
#include "plugins/network/drivers/linux/rules.hpp"

#include <testkit/refusal.hpp>
#include <volutus/error.hpp>

#include <gtest/gtest.h>

namespace volutus::network::on_linux {
namespace {
using testkit::refusal;

TEST(LinuxRules, SayWhatTheyAccept) {
    EXPECT_EQ(accepting({"ingress", 4, "", {}, {}, "", ""}), "ether type ip accept");
    EXPECT_EQ(accepting({"ingress", 4, "tcp", 22, 22, "10.0.0.9/8", ""}),
              "ether type ip ip saddr 10.0.0.0/8 tcp dport 22 accept");
    EXPECT_EQ(accepting({"egress", 6, "udp", 1, 9, "", "friends"}),
              "ether type ip6 ip6 daddr @members6-friends udp dport 1-9 accept");
    EXPECT_EQ(accepting({"ingress", 4, "icmp", 8, 0, "", ""}), "ether type ip icmp type 8 icmp code 0 accept");
    EXPECT_EQ(accepting({"ingress", 6, "icmp", 128, {}, "", ""}), "ether type ip6 icmpv6 type 128 accept");
    EXPECT_EQ(accepting({"ingress", 4, "47", {}, {}, "0.0.0.0/0", ""}), "ether type ip meta l4proto 47 accept");
}

TEST(LinuxRules, WhatIsNoRuleIsRefused) {
    for (auto const& rule : {Rule{"ingress", 5, "", {}, {}, "", ""}, Rule{"ingress", 4, "carrot", {}, {}, "", ""},
                             Rule{"ingress", 4, "256", {}, {}, "", ""}, Rule{"ingress", 4, "gre", 1, 2, "", ""},
                             Rule{"ingress", 4, "", 1, 2, "", ""}, Rule{"ingress", 4, "tcp", 9, 8, "", ""},
                             Rule{"ingress", 4, "icmp", 256, {}, "", ""}, Rule{"ingress", 4, "", {}, {}, "::/0", ""},
                             Rule{"ingress", 4, "tcp", 1, 1, "0.0.0.0/0 accept; flush ruleset", ""},
                             Rule{"ingress", 4, "", {}, {}, "", "group }"}})
        EXPECT_EQ(refusal([&] { accepting(rule); }).code(), Code::invalid)
            << rule.protocol << rule.remote_cidr << rule.remote_group;
}

TEST(LinuxAddresses, PassOnlyWhenTheyAreAddresses) {
    EXPECT_EQ(Cidr::parse("10.0.0.3/24", "test").network().text(), "10.0.0.0/24");
    EXPECT_EQ(Cidr::parse("FD00::1", "test").shortest(), "fd00::1");
    EXPECT_TRUE(Cidr::parse("10.0.0.0/24", "test").contains(Cidr::parse("10.0.0.255", "test")));
    EXPECT_FALSE(Cidr::parse("0.0.0.0/0", "test").contains(Cidr::parse("::1", "test")));
    for (auto const* text : {"", "10.0.0.0/33", "10.0.0.1/", "10.0.0.1\nadd 1.1.1.1", "10.0.0.1 ", "fd00::1%eth0"})
        EXPECT_EQ(refusal([&] { Cidr::parse(text, "test"); }).code(), Code::invalid) << text;
}

TEST(LinuxNames, OfLinksFitTheKernelAndTellTheirKind) {
    Names const names("vt");
    auto const bridge = names.bridge("0cbf3a3e-0000-4000-8000-000000000001");
    EXPECT_EQ(bridge.size(), 13U);
    EXPECT_EQ(bridge.substr(0, 3), "vtn");
    EXPECT_TRUE(names.is_link('n', bridge));
    EXPECT_FALSE(names.is_link('p', bridge));
    EXPECT_FALSE(Names("v").is_link('t', bridge)) << "another cloud's, whose prefix begins alike";
    EXPECT_NE(bridge, names.bridge("0cbf3a3e-0000-4000-8000-000000000002"));
    EXPECT_EQ(names.router_of(names.router_namespace("r-1")), "r-1");
    EXPECT_EQ(names.router_of("other-router-r-1"), std::nullopt);
}

TEST(LinuxNames, APrefixOrADeviceThatTheKernelDoesNotTakeIsRefused) {
    for (auto const* prefix : {"", "toolong", "Vt", "1vt", "v-"})
        EXPECT_EQ(refusal([&] { Names{prefix}; }).code(), Code::invalid) << prefix;
    for (auto const* device : {"", "a name", "tap/0", "sixteencharacters", "..", "tap;"})
        EXPECT_EQ(refusal([&] { checked_device(device); }).code(), Code::invalid) << device;
    for (auto const* mac : {"", "fa:16:3e:00:00", "fa:16:3e:00:00:0g", "fa-16-3e-00-00-01", "fa:16:3e:00:00:01 "})
        EXPECT_EQ(refusal([&] { checked_mac(mac); }).code(), Code::invalid) << mac;
    EXPECT_EQ(checked_mac("FA:16:3E:00:00:01"), "fa:16:3e:00:00:01");
}

} // namespace
} // namespace volutus::network::on_linux

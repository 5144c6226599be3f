// Security groups and anti-spoofing, seen by guests.
#include "own_host.hpp"

#include <testkit/refusal.hpp>

#include <fmt/format.h>

namespace volutus::network::on_linux::test {

class Security : public LinuxNetworkTest {
protected:
    Security() {
        driver().ensure_network(call(), net);
        driver().ensure_group(call(), {"open", {allow("egress"), allow("ingress")}, {}});
        driver().ensure_group(call(), {"closed", {allow("egress")}, {}});
    }
    Port with(std::string const& id, std::string const& address, std::vector<std::string> groups) {
        auto made = port(id, net, address);
        made.groups = std::move(groups);
        return made;
    }
    Network const net = network("net-1", "10.1.0");
};

TEST_F(Security, GuestsOfANetworkReachEachOther) {
    auto const one = plug_with_address(with("one", "10.1.0.11", {"open"}));
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    EXPECT_TRUE(one.pings("10.1.0.12"));
    EXPECT_TRUE(two.pings("10.1.0.11"));
    EXPECT_TRUE(one.pings("10.1.0.2")) << "the network's own port answers";
}

TEST_F(Security, ARuleOpensAPortAndItsRemovalCutsTheConnectionsItAllowed) {
    auto const client = plug_with_address(with("client", "10.1.0.11", {"closed"}));
    auto const server = plug_with_address(with("server", "10.1.0.12", {"closed"}));
    auto const listener = listen_in(server.name, "10.1.0.12", 80), other = listen_in(server.name, "10.1.0.12", 81);
    EXPECT_FALSE(client.reaches("10.1.0.12", 80));

    driver().ensure_group(call(), {"closed", {allow("egress"), allow("ingress", "tcp", 80)}, {}});
    EXPECT_FALSE(client.reaches("10.1.0.12", 81));
    EXPECT_FALSE(client.pings("10.1.0.12"));
    auto const mine = connect_in(client.name, "10.1.0.12", 80);
    ASSERT_TRUE(mine);
    auto const its = accept_one(listener);
    ASSERT_TRUE(its);
    EXPECT_TRUE(mine->send("question"));
    EXPECT_EQ(its->receive(), "question");
    EXPECT_TRUE(its->send("answer"));
    EXPECT_EQ(mine->receive(), "answer");

    driver().ensure_group(call(), {"closed", {allow("egress")}, {}});
    mine->send("are you there?");
    EXPECT_EQ(its->receive(), "");
}

TEST_F(Security, AConnectionGoesOnWhileAnotherRuleChanges) {
    driver().ensure_group(call(), {"closed", {allow("egress"), allow("ingress", "tcp", 80)}, {}});
    auto const client = plug_with_address(with("client", "10.1.0.11", {"closed"}));
    auto const server = plug_with_address(with("server", "10.1.0.12", {"closed"}));
    auto const listener = listen_in(server.name, "10.1.0.12", 80);
    auto const mine = connect_in(client.name, "10.1.0.12", 80);
    ASSERT_TRUE(mine);
    auto const its = accept_one(listener);
    ASSERT_TRUE(its);
    for (int port = 1000; port < 1010; ++port) {
        driver().ensure_group(
            call(), {"closed", {allow("egress"), allow("ingress", "tcp", 80), allow("ingress", "udp", port)}, {}});
        driver().ensure_network(call(), net);
        EXPECT_TRUE(mine->send("x"));
        EXPECT_EQ(its->receive(), "x");
    }
}

TEST_F(Security, ARuleOfAGroupAllowsItsMembersOnly) {
    driver().ensure_group(call(), {"friends", {}, {"10.1.0.11"}});
    driver().ensure_group(call(), {"served", {allow("ingress", "tcp", 80, "friends")}, {}});
    auto const friendly = plug_with_address(with("friend", "10.1.0.11", {"friends", "closed"}));
    auto const stranger = plug_with_address(with("stranger", "10.1.0.13", {"closed"}));
    auto const server = plug_with_address(with("server", "10.1.0.12", {"served"}));
    auto const listener = listen_in(server.name, "10.1.0.12", 80);
    EXPECT_TRUE(friendly.reaches("10.1.0.12", 80));
    EXPECT_FALSE(stranger.reaches("10.1.0.12", 80));
    driver().ensure_group(call(), {"friends", {}, {"10.1.0.13"}});
    EXPECT_FALSE(friendly.reaches("10.1.0.12", 80));
    EXPECT_TRUE(stranger.reaches("10.1.0.12", 80));
}

TEST_F(Security, WhatAGuestMayNotSendIsRefusedAtItsPort) {
    driver().ensure_group(call(), {"web", {allow("egress", "tcp", 80), allow("ingress")}, {}});
    auto const one = plug_with_address(with("one", "10.1.0.11", {"web"}));
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    auto const web = listen_in(two.name, "10.1.0.12", 80), ssh = listen_in(two.name, "10.1.0.12", 22);
    EXPECT_TRUE(one.reaches("10.1.0.12", 80));
    EXPECT_FALSE(one.reaches("10.1.0.12", 22));
    EXPECT_TRUE(two.pings("10.1.0.11")) << "an answer needs no rule";
}

TEST_F(Security, AForgedAddressDoesNotPassUnlessAPairAllowsIt) {
    auto forger = with("forger", "10.1.0.11", {"open"});
    auto const one = plug_with_address(forger);
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    one.address("10.1.0.99/24");
    auto const forges = [&] { return one.pings("10.1.0.12", "10.1.0.99"); };
    EXPECT_FALSE(forges());
    forger.allowed_pairs = {{forger.mac, "10.1.0.96/28"}, {forger.mac, "10.1.0.99"}};
    driver().ensure_port(call(), forger);
    EXPECT_TRUE(forges());
    forger.allowed_pairs.clear();
    driver().ensure_port(call(), forger);
    EXPECT_FALSE(forges());
    forger.security = false;
    driver().ensure_port(call(), forger);
    EXPECT_TRUE(forges());
}

TEST_F(Security, AForgedMacAndForgedArpDoNotPass) {
    auto const one = plug_with_address(with("one", "10.1.0.11", {"open"}));
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    ASSERT_TRUE(one.pings("10.1.0.12"));
    ASSERT_TRUE(two.pings("10.1.0.2")) << "an announcement changes only what is known";
    one.address("10.1.0.2/24");
    // An announcement that the network's own address is here.
    one.run({"/usr/bin/arping", "-U", "-c", "1", "-I", "eth0", "10.1.0.2"});
    EXPECT_NE(two.run({"/sbin/ip", "neigh", "show", "10.1.0.2"}).output.find("fa:16:3e:00:00:02"), std::string::npos);
    ip_batch(one.name, {"addr del 10.1.0.2/24 dev eth0", "link set dev eth0 address fa:16:3e:99:99:99"});
    EXPECT_FALSE(one.pings("10.1.0.12"));
}

TEST_F(Security, APortThatIsDownPassesNothing) {
    auto down = with("one", "10.1.0.11", {"open"});
    auto const one = plug_with_address(down);
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    ASSERT_TRUE(one.pings("10.1.0.12"));
    down.up = false;
    driver().ensure_port(call(), down);
    EXPECT_FALSE(one.pings("10.1.0.12"));
    EXPECT_FALSE(two.pings("10.1.0.11"));
    down.up = true;
    driver().ensure_port(call(), down);
    EXPECT_TRUE(one.pings("10.1.0.12"));
}

TEST_F(Security, TheHostItselfIsOutOfAGuestsReach) {
    auto open = with("one", "10.1.0.11", {"open"});
    open.security = false;
    auto const one = plug_with_address(open, "10.1.0.1");
    ip_batch("", {"link add name outside type bridge", "addr add 192.0.2.1/24 dev outside", "link set dev outside up"});
    auto const listener = listen_in("", "192.0.2.1", 80);
    ASSERT_TRUE(connect_in("", "192.0.2.1", 80));
    EXPECT_FALSE(one.reaches("192.0.2.1", 80));
    ip_batch(one.name, {"route replace 192.0.2.1 dev eth0"});
    EXPECT_FALSE(one.reaches("192.0.2.1", 80));
}

TEST_F(Security, TwoTenantsWithTheSameAddressesDoNotMeet) {
    auto const other_net = network("net-2", "10.1.0");
    driver().ensure_network(call(), other_net);
    auto const one = plug_with_address(with("one", "10.1.0.11", {"open"}));
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    auto foreign = port("foreign", other_net, "10.1.0.11");
    foreign.groups = {"open"};
    auto const theirs = plug_with_address(foreign);
    auto lonely = port("lonely", other_net, "10.1.0.13");
    lonely.groups = {"open"};
    auto const far = plug_with_address(lonely);
    auto const listener = listen_in(two.name, "10.1.0.12", 80);
    EXPECT_TRUE(one.reaches("10.1.0.12", 80));
    EXPECT_FALSE(theirs.reaches("10.1.0.12", 80));
    EXPECT_TRUE(theirs.pings("10.1.0.13"));
    EXPECT_FALSE(one.pings("10.1.0.13"));
}

TEST_F(Security, AMalformedRuleIsRefusedAndChangesNothing) {
    auto const refuses = [&](Rule const& rule) {
        return testkit::refusal([&] { driver().ensure_group(call(), {"open", {rule}, {}}); }).code() == Code::invalid;
    };
    EXPECT_TRUE(refuses({"sideways", 4, "", {}, {}, "", ""}));
    EXPECT_TRUE(refuses({"ingress", 5, "", {}, {}, "", ""}));
    EXPECT_TRUE(refuses({"ingress", 4, "no such thing; flush ruleset", {}, {}, "", ""}));
    EXPECT_TRUE(refuses({"ingress", 4, "tcp", 10, 5, "", ""}));
    EXPECT_TRUE(refuses({"ingress", 4, "tcp", 1, 70000, "", ""}));
    EXPECT_TRUE(refuses({"ingress", 4, "", {}, {}, "10.0.0.0/24 accept", ""}));
    EXPECT_TRUE(refuses({"ingress", 4, "", {}, {}, "fd00::/8", ""}));
    EXPECT_TRUE(refuses({"ingress", 4, "", {}, {}, "", "a group; with words"}));
    auto const one = plug_with_address(with("one", "10.1.0.11", {"open"}));
    auto const two = plug_with_address(with("two", "10.1.0.12", {"open"}));
    EXPECT_TRUE(one.pings("10.1.0.12"));
}

TEST_F(Security, EveryProtocolThatTheApiNamesHasARule) {
    std::vector<Rule> rules;
    for (auto const* protocol : {"icmp", "igmp", "ipip", "tcp", "egp", "udp", "dccp", "ipv6-encap", "gre", "esp", "ah",
                                 "ospf", "vrrp", "pgm", "sctp", "udplite", "rsvp", "0", "255"})
        rules.push_back(allow("ingress", protocol));
    for (auto const* protocol : {"tcp", "udp", "dccp", "sctp", "udplite"})
        rules.push_back(allow("egress", protocol, 7));
    rules.push_back({"ingress", 4, "icmp", 8, {}, "", ""});
    rules.push_back({"ingress", 4, "icmp", 3, 4, "10.0.0.0/8", ""});
    rules.push_back({"ingress", 6, "ipv6-icmp", 128, 0, "fd00::/8", ""});
    rules.push_back({"ingress", 6, "tcp", 1, 65535, "::/0", "open"});
    driver().ensure_group(call(), {"all", rules, {"10.1.0.5", "fd00::5", "10.1.0.0/24"}});
    auto const there = driver().list(call());
    EXPECT_EQ(there.groups, (std::vector<std::string>{"all", "closed", "open"}));
    EXPECT_TRUE(there.altered.empty()) << json::print(there.altered);
}

} // namespace volutus::network::on_linux::test

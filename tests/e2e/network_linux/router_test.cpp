// Routers, floating IPs and the network outside, seen by guests and by the host.
#include "own_host.hpp"

#include "plugins/network/drivers/linux/namespaces.hpp"

#include <arpa/inet.h>

#include <fmt/format.h>

namespace volutus::network::on_linux::test {

class Routing : public LinuxNetworkTest {
protected:
    Routing() {
        outside.id = "outside";
        outside.mtu = 1500;
        outside.physical = "public";
        outside.subnets = {{"outside-subnet", "203.0.113.0/24", "203.0.113.1", false, {}, {}, "", ""}};
        driver().ensure_network(call(), outside);
        driver().ensure_network(call(), one);
        driver().ensure_network(call(), two);
        driver().ensure_group(call(), {"open", {allow("egress"), allow("ingress")}, {}});
        router.id = "router";
        router.interfaces = {{"router-one", "one", "fa:16:3e:02:00:01", {"10.1.0.1/24"}},
                             {"router-two", "two", "fa:16:3e:02:00:02", {"10.2.0.1/24"}}};
        router.gateway = RouterPort{"router-outside", "outside", "fa:16:3e:02:00:03", {"203.0.113.10/24"}};
        router.gateway_nexthops = {"203.0.113.1"};
        driver().ensure_router(call(), router);
    }
    Guest guest(std::string const& id, Network const& on, std::string const& address) {
        auto wanted = port(id, on, address);
        wanted.groups = {"open"};
        return plug_with_address(wanted, on.subnets.front().gateway);
    }
    // Another host, beyond this one.
    Guest beyond() {
        Guest far{"beyond", "uplink", ""};
        ensure_namespace(far.name);
        ip_batch("", {"link add name uplink type veth peer name eth0 netns beyond",
                      "addr add 198.51.100.1/24 dev uplink", "link set dev uplink up"});
        ip_batch(far.name, {"link set dev eth0 up", "addr add 198.51.100.2/24 dev eth0"});
        return far;
    }
    Network outside, one = network("one", "10.1.0"), two = network("two", "10.2.0");
    Router router;
};

TEST_F(Routing, GuestsOfTwoNetworksReachEachOtherThroughTheirRouter) {
    auto const here = guest("here", one, "10.1.0.11"), there = guest("there", two, "10.2.0.11");
    EXPECT_TRUE(here.pings("10.1.0.1"));
    EXPECT_TRUE(here.pings("10.2.0.11"));
    router.interfaces.pop_back();
    driver().ensure_router(call(), router);
    EXPECT_FALSE(here.pings("10.2.0.11"));
    EXPECT_TRUE(here.pings("10.1.0.1"));
}

TEST_F(Routing, AGuestReachesWhatIsOutsideByTheRoutersAddress) {
    auto const here = guest("here", one, "10.1.0.11");
    auto const listener = listen_in("", "203.0.113.1", 80);
    EXPECT_TRUE(here.pings("203.0.113.1")) << "the gateway of the network outside is the host's";
    auto const mine = connect_in(here.name, "203.0.113.1", 80);
    ASSERT_TRUE(mine);
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    auto const its = accept_one(listener);
    ASSERT_TRUE(its);
    ASSERT_EQ(getpeername(its->fd(), reinterpret_cast<sockaddr*>(&from), &size), 0);
    EXPECT_EQ(ntohl(from.sin_addr.s_addr), 0xcb00710aU) << "203.0.113.10";
    router.snat = false;
    driver().ensure_router(call(), router);
    EXPECT_FALSE(here.reaches("203.0.113.1", 80));
}

TEST_F(Routing, TheHostMasqueradesItsOwnNetworkWhereConfigured) {
    auto const far = beyond();
    auto const here = guest("here", one, "10.1.0.11");
    EXPECT_TRUE(here.pings("198.51.100.2")) << "which knows no way back to 203.0.113.0/24";
}

TEST_F(Routing, AFloatingIpLeadsInsideUntilItGoes) {
    auto const server = guest("server", one, "10.1.0.11");
    auto const listener = listen_in(server.name, "10.1.0.11", 80);
    EXPECT_FALSE(connect_in("", "203.0.113.50", 80));
    router.floating_ips = {{"fip", "203.0.113.50", "10.1.0.11"}};
    driver().ensure_router(call(), router);
    EXPECT_EQ(driver().list(call()).floating_ips, (std::vector<std::string>{"router 203.0.113.50 10.1.0.11"}));
    auto const mine = connect_in("", "203.0.113.50", 80);
    ASSERT_TRUE(mine);
    auto const its = accept_one(listener);
    ASSERT_TRUE(its);
    driver().ensure_router(call(), router);
    EXPECT_TRUE(mine->send("question"));
    EXPECT_EQ(its->receive(), "question");

    router.floating_ips.clear();
    driver().ensure_router(call(), router);
    mine->send("are you there?");
    EXPECT_EQ(its->receive(), "");
    EXPECT_FALSE(connect_in("", "203.0.113.50", 80));
    EXPECT_TRUE(driver().list(call()).floating_ips.empty());
    EXPECT_TRUE(server.pings("203.0.113.1"));
}

TEST_F(Routing, AGuestIsSeenByItsFloatingIpAlsoFromInside) {
    auto const server = guest("server", one, "10.1.0.11"), other = guest("other", one, "10.1.0.12");
    auto const listener = listen_in(server.name, "10.1.0.11", 80);
    router.floating_ips = {{"fip", "203.0.113.50", "10.1.0.11"}, {"fip2", "203.0.113.51", "10.1.0.12"}};
    driver().ensure_router(call(), router);
    EXPECT_TRUE(other.reaches("203.0.113.50", 80));
    auto const outside_listener = listen_in("", "203.0.113.1", 80);
    auto const mine = connect_in(server.name, "203.0.113.1", 80);
    ASSERT_TRUE(mine);
    auto const its = accept_one(outside_listener);
    ASSERT_TRUE(its);
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    ASSERT_EQ(getpeername(its->fd(), reinterpret_cast<sockaddr*>(&from), &size), 0);
    EXPECT_EQ(ntohl(from.sin_addr.s_addr), 0xcb007132U) << "203.0.113.50";
}

TEST_F(Routing, AFloatingIpThatMovesIsFoundAtItsNewRouterAtOnce) {
    auto const server = guest("server", one, "10.1.0.11");
    auto other = router;
    other.id = "other";
    other.interfaces = {{"other-two", "two", "fa:16:3e:02:00:04", {"10.2.0.1/24"}}};
    other.gateway = RouterPort{"other-outside", "outside", "fa:16:3e:02:00:05", {"203.0.113.11/24"}};
    router.interfaces.pop_back();
    router.floating_ips = {{"fip", "203.0.113.50", "10.1.0.11"}};
    driver().ensure_router(call(), router);
    driver().ensure_router(call(), other);
    auto const second = guest("second", two, "10.2.0.11");
    auto const listener = listen_in(server.name, "10.1.0.11", 80),
               second_listener = listen_in(second.name, "10.2.0.11", 80);
    // Linux believes no announcement of an address that it asked for within the last second.
    ASSERT_EQ(run({"/usr/bin/ping", "-c", "4", "-i", "0.4", "203.0.113.50"}).status, 0);
    router.floating_ips.clear();
    driver().ensure_router(call(), router);
    other.floating_ips = {{"fip", "203.0.113.50", "10.2.0.11"}};
    driver().ensure_router(call(), other);
    EXPECT_TRUE(connect_in("", "203.0.113.50", 80));
    EXPECT_TRUE(accept_one(second_listener)) << "the host's neighbour table follows the announcement";
}

TEST_F(Routing, StaticRoutesComeAndGo) {
    auto const here = guest("here", one, "10.1.0.11");
    auto behind = port("behind", two, "10.2.0.11");
    behind.security = false;
    auto const gateway = plug_with_address(behind, "10.2.0.1");
    gateway.address("172.16.9.1/32");
    EXPECT_FALSE(here.pings("172.16.9.1"));
    router.routes = {{"172.16.9.0/24", "10.2.0.11"}};
    driver().ensure_router(call(), router);
    EXPECT_TRUE(here.pings("172.16.9.1"));
    driver().ensure_router(call(), router);
    router.routes.clear();
    driver().ensure_router(call(), router);
    EXPECT_FALSE(here.pings("172.16.9.1"));
}

TEST_F(Routing, ARouterThatIsDownPassesNothingAndComesBack) {
    auto const here = guest("here", one, "10.1.0.11");
    router.up = false;
    driver().ensure_router(call(), router);
    EXPECT_FALSE(here.pings("10.1.0.1"));
    router.up = true;
    driver().ensure_router(call(), router);
    EXPECT_TRUE(here.pings("203.0.113.1"));
}

TEST_F(Routing, WhatWasEnsuredOutlivesTheDriverAndWhatIsMissingComesBack) {
    auto const here = guest("here", one, "10.1.0.11");
    router.floating_ips = {{"fip", "203.0.113.50", "10.1.0.11"}};
    driver().ensure_router(call(), router);
    auto const listener = listen_in(here.name, "10.1.0.11", 80);
    start_driver();
    EXPECT_TRUE(connect_in("", "203.0.113.50", 80));
    auto const before = json::print(driver().list(call()));
    run_well({"/sbin/ip", "netns", "delete", "vtt-router-router"});
    run_well({"/usr/sbin/nft", "flush", "ruleset"});
    run_well({"/sbin/ip", "link", "delete", "dev", "vtt-public"});
    for (auto const& net : {outside, one, two}) driver().ensure_network(call(), net);
    driver().ensure_group(call(), {"open", {allow("egress"), allow("ingress")}, {}});
    auto wanted = port("here", one, "10.1.0.11");
    wanted.groups = {"open"};
    driver().ensure_port(call(), wanted);
    driver().ensure_router(call(), router);
    EXPECT_EQ(json::print(driver().list(call())), before);
    EXPECT_TRUE(connect_in("", "203.0.113.50", 80));
}

} // namespace volutus::network::on_linux::test

// What somebody changes by hand on the host is told, and goes away when the thing is ensured again.
#include "own_host.hpp"

#include "plugins/network/drivers/linux/names.hpp"
#include "plugins/network/drivers/linux/namespaces.hpp"
#include "plugins/network/drivers/linux/nftables.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace volutus::network::on_linux::test {

using testing::IsEmpty;

class Alterations : public LinuxNetworkTest {
protected:
    Alterations() {
        outside.id = "outside";
        outside.physical = "public";
        outside.subnets = {{"outside-subnet", "203.0.113.0/24", "203.0.113.1", false, {}, {}, "", ""}};
        inside.leases = {{"port", wanted_port().mac, "10.1.0.11", "first"}};
        router.id = "router";
        router.interfaces = {{"inner", "inside", "fa:16:3e:02:00:01", {"10.1.0.1/24"}}};
        router.gateway = RouterPort{"outer", "outside", "fa:16:3e:02:00:03", {"203.0.113.10/24"}};
        router.gateway_nexthops = {"203.0.113.1"};
        router.routes = {{"172.16.0.0/16", "10.1.0.77"}};
        router.floating_ips = {{"floating", "203.0.113.50", "10.1.0.11"}};
        ensure_all();
        guest.emplace(plug_with_address(wanted_port()));
    }
    Port wanted_port() const {
        auto wanted = port("port", inside, "10.1.0.11");
        wanted.groups = {"group"};
        return wanted;
    }
    void ensure_all() {
        driver().ensure_network(call(), outside);
        driver().ensure_network(call(), inside);
        driver().ensure_group(call(),
                              {"group", {allow("egress"), allow("ingress", "tcp", 22, "group")}, {"10.1.0.11"}});
        driver().ensure_port(call(), wanted_port());
        driver().ensure_router(call(), router);
    }
    // "<thing> <id>" of what was altered; each once.
    std::vector<std::string> altered() {
        std::vector<std::string> things;
        for (auto const& one : driver().list(call()).altered) {
            auto const thing = fmt::format("{} {}", one.thing, one.id);
            if (std::find(things.begin(), things.end(), thing) == things.end()) things.push_back(thing);
        }
        return things;
    }
    void expect_mended(std::string const& thing) {
        EXPECT_THAT(altered(), testing::ElementsAre(thing)) << json::print(driver().list(call()).altered);
        ensure_all();
        EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
    }
    static void in_router(std::string const& ruleset) {
        in_namespace("vtt-router-router", [&] { nft_apply(ruleset); });
    }

    Network outside, inside = network("inside", "10.1.0");
    Router router;
    Names const names{"vtt"};
    std::optional<Guest> guest;
};

TEST_F(Alterations, WhatWasJustMadeIsAsItWasMadeAlsoForADriverThatStartsAgain) {
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
    start_driver();
    EXPECT_THAT(altered(), IsEmpty());
}

TEST_F(Alterations, NoneAreWhatOtherCallsLeftBehind) {
    driver().ensure_group(call(), {"friends", {}, {"10.1.0.12"}});
    driver().ensure_group(call(), {"group", {allow("egress"), allow("ingress", "tcp", 22, "friends")}, {"10.1.0.11"}});
    driver().remove_group(call(), {"friends"});
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
    driver().ensure_group(call(), {"group", {allow("egress")}, {"10.1.0.11"}});
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
    outside.subnets.clear();
    driver().ensure_network(call(), outside);
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
}

TEST_F(Alterations, ARouterThatIsDownIsAsItWasMade) {
    router.interfaces.front().addresses.push_back("fd00:1::1/64");
    ensure_all();
    router.up = false;
    ensure_all();
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
    router.up = true;
    ensure_all();
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
}

TEST_F(Alterations, ARuleThatSomebodyAddsToAGroup) {
    nft_apply("add rule bridge vtt ingress-group accept");
    expect_mended("group group");
}

TEST_F(Alterations, ARuleThatSomebodyTakesFromAPort) {
    nft_apply("flush chain bridge vtt from-port");
    expect_mended("port port");
}

TEST_F(Alterations, AMemberThatSomebodyAddsToAGroup) {
    nft_apply("add element bridge vtt members4-group { 10.66.0.1 }");
    expect_mended("group group");
}

TEST_F(Alterations, ADeviceWhoseRulesSomebodyUnhooks) {
    nft_apply(fmt::format("delete element bridge vtt to {{ {} }}", wanted_port().device));
    expect_mended("port port");
}

TEST_F(Alterations, ADeviceThatSomebodyMovesAway) {
    ip_batch("", {fmt::format("link set dev {} nomaster", wanted_port().device)});
    expect_mended("port port");
}

TEST_F(Alterations, AZoneThatSomebodyForgets) {
    nft_apply(fmt::format("delete element inet vtt zones {{ {} }}", names.bridge("inside")));
    expect_mended("network inside");
}

TEST_F(Alterations, ABridgeThatIsDown) {
    ip_batch("", {fmt::format("link set dev {} down", names.bridge("inside"))});
    expect_mended("network inside");
}

TEST_F(Alterations, ABridgeWhosePacketsTheFirewallDoesNotSee) {
    ip_batch("", {fmt::format("link set dev {} type bridge nf_call_iptables 0", names.bridge("inside"))});
    expect_mended("network inside");
}

TEST_F(Alterations, ANamespaceOfANetworkThatIsGone) {
    remove_namespace("vtt-net-inside");
    expect_mended("network inside");
}

TEST_F(Alterations, ADhcpServerThatWasKilled) {
    auto const file = host_.directory() + "/state/dhcp/inside/dnsmasq.pid";
    auto const pid = run_well({"/usr/bin/tr", "-d", "\\n"}, run_well({"/usr/bin/cat", file}));
    run_well({"/usr/bin/kill", "-9", pid});
    ASSERT_TRUE(eventually([&] { return !altered().empty(); }));
    expect_mended("network inside");
}

TEST_F(Alterations, ARouteAnAddressAndALinkOfARouter) {
    ip_batch("vtt-router-router", {"route del 172.16.0.0/16"});
    expect_mended("router router");
    ip_batch("vtt-router-router", {fmt::format("addr del 203.0.113.50/32 dev {}", names.inside("outer"))});
    expect_mended("router router");
    ip_batch("vtt-router-router", {fmt::format("link delete dev {}", names.inside("inner"))});
    expect_mended("router router");
}

TEST_F(Alterations, TranslationOfARouter) {
    in_router("flush chain ip router postrouting");
    expect_mended("router router");
    in_router("add table ip other\nadd chain ip other drops { type filter hook forward priority 0; policy drop; }");
    EXPECT_THAT(altered(), testing::ElementsAre("router router"));
    in_router("delete table ip other");
    EXPECT_THAT(altered(), IsEmpty());
}

TEST_F(Alterations, WhatAllThingsShareInTheTables) {
    nft_apply("flush chain bridge vtt forward");
    expect_mended("host ");
}

TEST_F(Alterations, WhatIsGoneAltogetherIsNotListed) {
    remove_namespace("vtt-router-router");
    ip_batch("", {fmt::format("link delete dev {}", names.bridge("inside"))});
    nft_apply("delete table bridge vtt\ndelete table inet vtt");
    auto const there = driver().list(call());
    EXPECT_THAT(there.routers, IsEmpty());
    EXPECT_THAT(there.networks, testing::ElementsAre("outside"));
    EXPECT_THAT(there.groups, IsEmpty());
    EXPECT_THAT(there.ports, IsEmpty());
    EXPECT_THAT(there.floating_ips, IsEmpty());
    ensure_all();
    EXPECT_THAT(altered(), IsEmpty()) << json::print(driver().list(call()).altered);
    EXPECT_TRUE(guest->pings("10.1.0.1"));
}

TEST_F(Alterations, MetadataIsAnsweredInANamespaceThatWasMadeAnew) {
    remove_namespace("vtt-net-inside");
    remove_namespace("vtt-router-router");
    ensure_all();
    guest->address("10.1.0.11/24", "10.1.0.2");
    EXPECT_NE(http_get(guest->name, "169.254.169.254", "/").find("from inside"), std::string::npos);
    guest->address("10.1.0.11/24", "10.1.0.1");
    EXPECT_NE(http_get(guest->name, "169.254.169.254", "/").find("from inside"), std::string::npos);
}

} // namespace volutus::network::on_linux::test

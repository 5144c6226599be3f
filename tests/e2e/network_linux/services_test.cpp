// What a network tells its guests: DHCP, router advertisements, metadata.
#include "own_host.hpp"

#include "plugins/network/drivers/linux/addresses.hpp"

#include <fmt/format.h>

namespace volutus::network::on_linux::test {

class Services : public LinuxNetworkTest {
protected:
    Services() {
        net.subnets.front().routes = {{"172.16.0.0/16", "10.1.0.7"}};
        net.leases = {lease(), {"other", "fa:16:3e:01:ff:ff", "10.1.0.12", ""}};
        driver().ensure_network(call(), net);
        driver().ensure_group(call(), {"closed", {allow("egress"), {"egress", 6, "", {}, {}, "", ""}}, {}});
        guest_port.groups = {"closed"};
    }
    Lease lease() const { return {"one", guest_port.mac, "10.1.0.11", "web-1"}; }
    // What udhcpc is told, as the environment of its script; "" when nobody answers within three tries of a second.
    std::string dhcp(Guest const& guest) const {
        auto const script = host_.directory() + "/told.sh";
        if (!std::filesystem::exists(script)) {
            on_linux::run_well({"/usr/bin/tee", script},
                               "#!/bin/busybox sh\n[ \"$1\" = bound ] || exit 0\n/bin/busybox env\n");
            std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        }
        auto const told = guest.run({"/bin/busybox", "udhcpc", "-n", "-q", "-f", "-t", "3", "-T", "1", "-i", "eth0",
                                     "-s", script, "-O", "mtu", "-O", "staticroutes", "-O", "hostname"});
        return told.status == 0 ? told.output : std::string();
    }
    Network net = network("net-1", "10.1.0");
    Port guest_port = port("one", net, "10.1.0.11");
};

TEST_F(Services, AGuestGetsItsLeaseWithAllOptions) {
    auto const told = dhcp(plug(guest_port));
    for (auto const* wanted : {"ip=10.1.0.11\n", "mask=24\n", "router=10.1.0.1\n", "dns=9.9.9.9\n", "mtu=1400\n",
                               "hostname=web-1\n", "serverid=10.1.0.2\n",
                               "staticroutes=169.254.169.254/32 10.1.0.2 172.16.0.0/16 10.1.0.7 0.0.0.0/0 10.1.0.1\n"})
        EXPECT_NE(told.find(wanted), std::string::npos) << wanted << "is not in\n" << told;
}

TEST_F(Services, AGuestWhomNobodyKnowsGetsNothing) {
    net.leases.clear();
    driver().ensure_network(call(), net);
    auto const guest = plug(guest_port);
    EXPECT_EQ(dhcp(guest), "");
}

TEST_F(Services, ANewLeaseNeedsNoNewServer) {
    auto const pid_file = host_.directory() + "/state/dhcp/net-1/dnsmasq.pid";
    auto const pid = [&] { return on_linux::run_well({"/usr/bin/cat", pid_file}); };
    net.leases.clear();
    driver().ensure_network(call(), net);
    auto const before = pid();
    net.leases = {lease()};
    driver().ensure_network(call(), net);
    start_driver();
    driver().ensure_network(call(), net);
    EXPECT_EQ(pid(), before);
    EXPECT_NE(dhcp(plug(guest_port)).find("ip=10.1.0.11\n"), std::string::npos);
}

TEST_F(Services, AnAddressThatPassesToAnotherGuestIsToldThatOne) {
    ASSERT_NE(dhcp(plug(guest_port)).find("ip=10.1.0.11\n"), std::string::npos);
    driver().remove_port(call(), {"one"});
    auto second = port("two", net, "10.1.0.11");
    second.groups = {"closed"};
    net.leases = {{"two", second.mac, "10.1.0.11", "web-2"}};
    driver().ensure_network(call(), net);
    EXPECT_NE(dhcp(plug(second)).find("ip=10.1.0.11\n"), std::string::npos);
}

TEST_F(Services, AGuestCannotServeDhcp) {
    auto const server = plug_with_address(guest_port);
    auto victim = port("two", net, "10.1.0.12");
    victim.groups = {"closed"};
    net.leases.clear();
    driver().ensure_network(call(), net);
    ASSERT_EQ(server
                  .run({"/usr/sbin/dnsmasq", "--conf-file=/dev/null", "--port=0", "--dhcp-authoritative",
                        "--leasefile-ro", "--user=root", "--dhcp-range=10.1.0.100,10.1.0.110",
                        "--pid-file=" + host_.directory() + "/rogue.pid"})
                  .status,
              0);
    EXPECT_EQ(dhcp(plug(victim)), "");
    on_linux::run(
        {"/usr/bin/kill", on_linux::run_well({"/usr/bin/tr", "-d", "\\n"},
                                             on_linux::run_well({"/usr/bin/cat", host_.directory() + "/rogue.pid"}))});
}

TEST_F(Services, MetadataIsAnsweredForWhoAsksNotForWhomItNames) {
    auto const guest = plug_with_address(guest_port, "10.1.0.2");
    auto const reply = http_get(guest.name, "169.254.169.254", "/openstack/latest/meta_data.json?a=%20b");
    EXPECT_NE(reply.find("200 OK"), std::string::npos) << reply;
    EXPECT_NE(reply.find("hello from net-1"), std::string::npos) << reply;
    ASSERT_EQ(asked_.size(), 1U);
    EXPECT_EQ(asked_[0].network, "net-1");
    EXPECT_EQ(asked_[0].address, "10.1.0.11");
    EXPECT_EQ(asked_[0].method, "GET");
    EXPECT_EQ(asked_[0].path, "/openstack/latest/meta_data.json?a=%20b");
}

TEST_F(Services, MetadataOfTwoNetworksWithTheSameAddressesIsToldApart) {
    auto const other = network("net-2", "10.1.0");
    driver().ensure_network(call(), other);
    auto theirs = port("theirs", other, "10.1.0.11");
    theirs.groups = {"closed"};
    EXPECT_NE(http_get(plug_with_address(guest_port, "10.1.0.2").name, "169.254.169.254", "/").find("from net-1"),
              std::string::npos);
    EXPECT_NE(http_get(plug_with_address(theirs, "10.1.0.2").name, "169.254.169.254", "/").find("from net-2"),
              std::string::npos);
}

TEST_F(Services, MetadataIsAnsweredThroughTheRouterTooAndAfterARestartOfTheDriver) {
    Router router;
    router.id = "router";
    router.interfaces = {{"router-one", "net-1", "fa:16:3e:02:00:01", {"10.1.0.1/24"}}};
    driver().ensure_router(call(), router);
    start_driver();
    auto const guest = plug(guest_port);
    guest.address("10.1.0.11/24", "10.1.0.1");
    EXPECT_NE(http_get(guest.name, "169.254.169.254", "/").find("from net-1"), std::string::npos);
}

TEST_F(Services, ABodyThatIsTooLargeIsRefused) {
    auto const guest = plug_with_address(guest_port, "10.1.0.2");
    auto const connection = connect_in(guest.name, "169.254.169.254", 80);
    ASSERT_TRUE(connection);
    std::string const body(70000, 'x');
    connection->send(fmt::format("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.size()));
    for (std::size_t at = 0; at < body.size(); at += 1000) connection->send(body.substr(at, 1000));
    EXPECT_NE(connection->receive().find("413"), std::string::npos);
    EXPECT_TRUE(asked_.empty());
}

TEST_F(Services, AGuestFormsItsIpv6AddressFromTheAdvertisement) {
    net.subnets.push_back({"six", "fd00:1::/64", "fd00:1::1", true, {}, {}, "slaac", "slaac"});
    net.dhcp_addresses.push_back("fd00:1::2/64");
    driver().ensure_network(call(), net);
    Router router;
    router.id = "router";
    router.interfaces = {{"router-six", "net-1", "fa:16:3e:02:00:01", {"fd00:1::1/64"}}};
    driver().ensure_router(call(), router);
    auto address = Cidr::parse(link_local_of(guest_port.mac), "address");
    auto const prefix = Cidr::parse("fd00:1::", "address");
    std::copy_n(prefix.bytes.begin(), 8, address.bytes.begin());
    guest_port.addresses.push_back(address.address());
    auto const guest = plug(guest_port);
    EXPECT_TRUE(eventually([&] {
        return guest.run({"/sbin/ip", "-6", "addr", "show", "dev", "eth0"}).output.find(address.address()) !=
               std::string::npos;
    }));
    EXPECT_TRUE(eventually([&] {
        return guest.run({"/sbin/ip", "-6", "route", "show", "default"}).output.find("via fe80::") != std::string::npos;
    }));
    EXPECT_TRUE(eventually([&] { return guest.pings("fd00:1::1"); }));
    net.leases = {{"one", guest_port.mac, address.address(), ""}};
    driver().ensure_network(call(), net);
    auto const reply = guest.run({"/usr/bin/curl", "-sg", "--max-time", "5", "http://[fe80::a9fe:a9fe%25eth0]/latest"});
    EXPECT_NE(reply.output.find("hello from net-1"), std::string::npos) << reply.errors;
    ASSERT_FALSE(asked_.empty());
    EXPECT_EQ(asked_.back().address, address.address());
}

} // namespace volutus::network::on_linux::test

#include "contract/network_driver_suite.hpp"

#include <gmock/gmock.h>

namespace volutus::test {
namespace {

using network::Driver;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

DriverUnderTest simulator(std::string link) {
    return {"network_simulator", NETWORK_SIMULATOR, std::move(link),
            [](std::string const& directory) { return json::object{{"directory", directory}}; }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, NetworkDriver, testing::Values(simulator("in_process"), simulator("process")),
                         [](auto const& info) { return info.param.name + "_" + info.param.link; });

TEST_P(NetworkDriver, WhatWasEnsuredIsListed) {
    ensure_all();
    auto const there = listed();
    EXPECT_THAT(there.networks, UnorderedElementsAre(lan, outside));
    EXPECT_THAT(there.groups, UnorderedElementsAre(group));
    EXPECT_THAT(there.ports, UnorderedElementsAre(port));
    EXPECT_THAT(there.routers, UnorderedElementsAre(router));
    EXPECT_THAT(there.floating_ips, UnorderedElementsAre(std::string(router) + " 10.78.0.50 10.77.0.3"));
}

TEST_P(NetworkDriver, WhatIsRemovedIsGoneAndMayBeRemovedAgain) {
    ensure_all();
    remove_all();
    remove_all();
    auto const there = listed();
    EXPECT_THAT(there.networks, IsEmpty());
    EXPECT_THAT(there.groups, IsEmpty());
    EXPECT_THAT(there.ports, IsEmpty());
    EXPECT_THAT(there.routers, IsEmpty());
    EXPECT_THAT(there.floating_ips, IsEmpty());
}

TEST_P(NetworkDriver, EnsuringAgainGivesTheSame) {
    ensure_all();
    auto const bridge = tell<&Driver::ensure_port>(port_wanted()).bridge;
    EXPECT_FALSE(bridge.empty());
    ensure_all();
    EXPECT_EQ(tell<&Driver::ensure_port>(port_wanted()).bridge, bridge);
    EXPECT_EQ(tell<&Driver::ensure_network>(network_of(lan, "10.77.0")).bridge, bridge);
    EXPECT_EQ(listed().networks.size(), 2u);
}

TEST_P(NetworkDriver, ARouterIsAsItWasToldLast) {
    ensure_all();
    auto wanted = router_wanted();
    wanted.floating_ips.front().address = "10.78.0.51";
    tell<&Driver::ensure_router>(wanted);
    EXPECT_THAT(listed().floating_ips, UnorderedElementsAre(std::string(router) + " 10.78.0.51 10.77.0.3"));
    wanted.floating_ips.clear();
    wanted.gateway.reset();
    wanted.gateway_nexthops.clear();
    tell<&Driver::ensure_router>(wanted);
    EXPECT_THAT(listed().floating_ips, IsEmpty());
    EXPECT_THAT(listed().routers, UnorderedElementsAre(router));
}

TEST_P(NetworkDriver, ACallThatComesLateIsRefusedAlsoAfterTheThingIsGone) {
    ensure_all();
    auto const late = epoch_ - 50;
    auto refused = [&](auto call) { return error_from(call).code(); };
    EXPECT_EQ(refused([&] { tell_at<&Driver::ensure_network>(late, network_of(lan, "10.77.0")); }), Code::stale);
    EXPECT_EQ(refused([&] { tell_at<&Driver::ensure_group>(late, group_wanted()); }), Code::stale);
    EXPECT_EQ(refused([&] { tell_at<&Driver::ensure_port>(late, port_wanted()); }), Code::stale);
    EXPECT_EQ(refused([&] { tell_at<&Driver::remove_router>(late, network::Id{router}); }), Code::stale);
    remove_all();
    EXPECT_EQ(refused([&] { tell_at<&Driver::ensure_network>(late, network_of(lan, "10.77.0")); }), Code::stale);
    EXPECT_THAT(listed().networks, IsEmpty());
}

TEST_P(NetworkDriver, WhatWasEnsuredIsStillThereAfterTheDriverHasStartedAgain) {
    ensure_all();
    close();
    open();
    EXPECT_THAT(listed().networks, UnorderedElementsAre(lan, outside));
    EXPECT_EQ(listed().floating_ips.size(), 1u);
    auto const late = epoch_ - 50;
    EXPECT_EQ(error_from([&] { tell_at<&Driver::remove_port>(late, network::Id{port}); }).code(), Code::stale);
    EXPECT_THAT(listed().ports, UnorderedElementsAre(port));
}

TEST_P(NetworkDriver, TheHostHasANameAndCarriesOrdinaryFrames) {
    auto const host = tell<&Driver::host>();
    EXPECT_FALSE(host.name.empty());
    EXPECT_GE(host.mtu, 1500u);
}

} // namespace
} // namespace volutus::test

// What every driver of volutus.network/1 does alike, over every link. One source of a program that has such a driver
// includes this and says what there is:
//
//     INSTANTIATE_TEST_SUITE_P(Simulator, NetworkContract, testing::Values(simulator("in_process"), simulator("process")),
//                              name_of_network_driver);
#pragma once

#include "contract/link_fixture.hpp"

#include <testkit/temporary_folder.hpp>
#include <volutus/contract/network.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace volutus::test {

struct NetworkDriverUnderTest {
    std::string name, library;
    std::string link; // "in_process" or "process"
    std::function<json::object(std::string const& directory)> configuration;
    std::vector<std::string> capabilities; // that a process of its own keeps
    std::function<std::shared_ptr<void>()>
        own_place; // what the driver may change, made before any thread; may be empty

    friend std::ostream& operator<<(std::ostream& out, NetworkDriverUnderTest const& driver) {
        return out << driver.name << " " << driver.link;
    }
};
inline std::string name_of_network_driver(testing::TestParamInfo<NetworkDriverUnderTest> const& info) {
    return info.param.link;
}

class NetworkContract : public testing::TestWithParam<NetworkDriverUnderTest> {
protected:
    using Driver = network::Driver;

    void SetUp() override {
        if (GetParam().own_place) place_ = GetParam().own_place();
        open();
    }
    void TearDown() override {
        if (link_) remove_all();
        close();
    }
    void open() {
        auto const& driver = GetParam();
        auto const host = kernel_.host_of(driver.name);
        if (driver.link == "in_process") {
            auto const library = open_library(driver.library);
            link_ = std::make_shared<InProcessLink>(host, library.entry, library.keep, std::chrono::seconds(20));
        } else {
            auto options = quick(driver.name);
            options.library = driver.library;
            options.keep_capabilities = driver.capabilities;
            link_ = std::make_shared<ProcessLink>(host, options);
        }
        link_->configure(json::print(driver.configuration(folder_.path())));
        link_->start();
        kernel_.registry.add(driver.name, std::string(network::contract.name), "", link_);
    }
    void close() {
        if (!link_) return;
        kernel_.registry.remove(GetParam().name);
        link_->quiesce();
        link_.reset();
    }
    void restart() {
        close();
        open();
    }

    // A call of a task's step; later ones have higher epochs, as the runner gives them.
    template <auto Method, class... Request> auto tell(Request const&... request) {
        return tell_at<Method>(++epoch_, request...);
    }
    template <auto Method, class... Request> auto tell_at(std::uint64_t epoch, Request const&... request) {
        RootCall root;
        root.context.task = "task";
        root.context.step = "step";
        root.context.attempt = 1;
        root.context.epoch = epoch;
        return Client<network::contract>(kernel_.registry.host()).call<Method>(root.call, request...);
    }
    template <auto Method, class... Request> Code refusal_at(std::uint64_t epoch, Request const&... request) {
        return refusal([&] { tell_at<Method>(epoch, request...); }).code();
    }
    template <auto Method, class... Request> Code refusal_of(Request const&... request) {
        return refusal_at<Method>(++epoch_, request...);
    }
    network::Inventory listed() { return tell<&Driver::list>(); }
    std::string told() { return json::print(listed()); }
    static std::string nothing() { return json::print(network::Inventory()); }

    static network::Network network_of(std::string id, std::string const& prefix) {
        network::Network wanted;
        wanted.id = std::move(id);
        wanted.subnets.push_back(
            {wanted.id + "-subnet", prefix + ".0/24", prefix + ".1", true, {"9.9.9.9"}, {}, "", ""});
        wanted.dhcp_mac = "fa:16:3e:00:00:02";
        wanted.dhcp_addresses = {prefix + ".2/24"};
        wanted.leases.push_back({"port", "fa:16:3e:00:00:03", prefix + ".3", "first"});
        return wanted;
    }
    network::Network inside() const { return network_of("inside", "10.77.0"); }
    network::Network outside() {
        auto wanted = network_of("outside", "10.78.0");
        wanted.physical = tell<&Driver::host>().physical.at(0);
        wanted.dhcp_mac.clear();
        wanted.dhcp_addresses.clear();
        wanted.leases.clear();
        return wanted;
    }
    static network::Group group() {
        network::Rule const in{"ingress", 4, "tcp", 22, 22, "", ""}, out{"egress", 4, "", {}, {}, "", ""};
        return {"group", {in, out}, {"10.77.0.3"}};
    }
    static network::Port port(std::string id = "port", std::string on = "inside") {
        network::Port wanted;
        wanted.id = std::move(id);
        wanted.network = std::move(on);
        wanted.mac = "fa:16:3e:00:00:03";
        wanted.device = "tap-" + wanted.id;
        wanted.addresses = {"10.77.0.3"};
        return wanted;
    }
    static network::Port guarded_port() {
        auto wanted = port();
        wanted.groups = {"group"};
        return wanted;
    }
    static network::Router router() {
        network::Router wanted;
        wanted.id = "router";
        wanted.interfaces.push_back({"inner", "inside", "fa:16:3e:00:00:04", {"10.77.0.1/24"}});
        wanted.gateway = network::RouterPort{"gate", "outside", "fa:16:3e:00:00:05", {"10.78.0.9/24"}};
        wanted.gateway_nexthops = {"10.78.0.1"};
        wanted.floating_ips.push_back({"floating", "10.78.0.50", "10.77.0.3"});
        return wanted;
    }
    void ensure_all() {
        tell<&Driver::ensure_network>(inside());
        tell<&Driver::ensure_network>(outside());
        tell<&Driver::ensure_group>(group());
        tell<&Driver::ensure_port>(guarded_port());
        tell<&Driver::ensure_router>(router());
    }
    void remove_all() {
        auto const there = listed();
        for (auto const& id : there.routers) tell<&Driver::remove_router>(network::Id{id});
        for (auto const& id : there.ports) tell<&Driver::remove_port>(network::Id{id});
        for (auto const& id : there.groups) tell<&Driver::remove_group>(network::Id{id});
        for (auto const& id : there.networks) tell<&Driver::remove_network>(network::Id{id});
    }

    std::shared_ptr<void> place_;
    Kernel kernel_;
    std::shared_ptr<Link> link_;
    testkit::TemporaryFolder folder_;
    std::uint64_t epoch_ = 100;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NetworkContract);

TEST_P(NetworkContract, AHostSaysItsNameItsNetworksOutsideAndWhatTheyCarry) {
    auto const host = tell<&Driver::host>();
    EXPECT_FALSE(host.name.empty());
    EXPECT_FALSE(host.physical.empty());
    EXPECT_GE(host.mtu, 1500U);
}

TEST_P(NetworkContract, WhatWasEnsuredIsListedAndGoesOneByOne) {
    using testing::ElementsAre;
    using testing::IsEmpty;
    ensure_all();
    auto const all = listed();
    EXPECT_THAT(all.networks, testing::UnorderedElementsAre("inside", "outside"));
    EXPECT_THAT(all.groups, ElementsAre("group"));
    EXPECT_THAT(all.ports, ElementsAre("port"));
    EXPECT_THAT(all.routers, ElementsAre("router"));
    EXPECT_THAT(all.floating_ips, ElementsAre("router 10.78.0.50 10.77.0.3"));
    tell<&Driver::remove_router>(network::Id{"router"});
    EXPECT_THAT(listed().routers, IsEmpty());
    EXPECT_THAT(listed().floating_ips, IsEmpty());
    tell<&Driver::remove_port>(network::Id{"port"});
    EXPECT_THAT(listed().ports, IsEmpty());
    tell<&Driver::remove_group>(network::Id{"group"});
    EXPECT_THAT(listed().groups, IsEmpty());
    tell<&Driver::remove_network>(network::Id{"inside"});
    EXPECT_THAT(listed().networks, ElementsAre("outside"));
    tell<&Driver::remove_network>(network::Id{"outside"});
    EXPECT_EQ(told(), nothing());
}

TEST_P(NetworkContract, EnsuringAgainChangesNothing) {
    ensure_all();
    auto const before = told();
    auto const bridge = tell<&Driver::ensure_port>(guarded_port()).bridge;
    ensure_all();
    EXPECT_EQ(told(), before);
    EXPECT_EQ(tell<&Driver::ensure_port>(guarded_port()).bridge, bridge);
}

TEST_P(NetworkContract, ANetworkAndItsPortsNameOneBridge) {
    auto const bridge = tell<&Driver::ensure_network>(inside()).bridge;
    EXPECT_FALSE(bridge.empty());
    EXPECT_LE(bridge.size(), 15U) << "what Linux takes for the name of a link";
    EXPECT_EQ(tell<&Driver::ensure_port>(port()).bridge, bridge);
    EXPECT_NE(tell<&Driver::ensure_network>(network_of("other", "10.77.0")).bridge, bridge);
}

TEST_P(NetworkContract, ARouterIsAsItWasToldLast) {
    ensure_all();
    auto wanted = router();
    wanted.floating_ips.front().address = "10.78.0.51";
    tell<&Driver::ensure_router>(wanted);
    EXPECT_THAT(listed().floating_ips, testing::ElementsAre("router 10.78.0.51 10.77.0.3"));
    wanted.floating_ips.clear();
    wanted.gateway.reset();
    wanted.gateway_nexthops.clear();
    tell<&Driver::ensure_router>(wanted);
    EXPECT_THAT(listed().floating_ips, testing::IsEmpty());
    EXPECT_THAT(listed().routers, testing::ElementsAre("router"));
}

TEST_P(NetworkContract, RemovingWhatIsGoneSucceeds) {
    ensure_all();
    for (int times = 0; times < 2; ++times) {
        tell<&Driver::remove_router>(network::Id{"router"});
        tell<&Driver::remove_port>(network::Id{"port"});
        tell<&Driver::remove_group>(network::Id{"group"});
        tell<&Driver::remove_network>(network::Id{"inside"});
        tell<&Driver::remove_network>(network::Id{"outside"});
        tell<&Driver::remove_network>(network::Id{"never-there"});
    }
    EXPECT_EQ(told(), nothing());
}

TEST_P(NetworkContract, ACallThatComesLateIsRefusedAlsoAfterTheThingIsGone) {
    ensure_all();
    auto const late = epoch_ - 50;
    EXPECT_EQ(refusal_at<&Driver::ensure_network>(late, inside()), Code::stale);
    EXPECT_EQ(refusal_at<&Driver::ensure_group>(late, group()), Code::stale);
    EXPECT_EQ(refusal_at<&Driver::ensure_port>(late, guarded_port()), Code::stale);
    EXPECT_EQ(refusal_at<&Driver::ensure_router>(late, router()), Code::stale);
    EXPECT_EQ(refusal_at<&Driver::remove_port>(late, network::Id{"port"}), Code::stale);
    EXPECT_EQ(refusal_at<&Driver::remove_router>(late, network::Id{"router"}), Code::stale);
    EXPECT_THAT(listed().ports, testing::ElementsAre("port"));
    remove_all();
    restart();
    EXPECT_EQ(refusal_at<&Driver::ensure_network>(late, inside()), Code::stale);
    EXPECT_EQ(told(), nothing());
}

TEST_P(NetworkContract, WhatWasEnsuredOutlivesTheDriver) {
    ensure_all();
    auto const before = told();
    restart();
    EXPECT_EQ(told(), before);
    ensure_all();
    EXPECT_EQ(told(), before);
}

TEST_P(NetworkContract, WhatNeedsANetworkThatIsNotThereIsRefused) {
    EXPECT_EQ(refusal_of<&Driver::ensure_port>(port()), Code::not_found);
    EXPECT_EQ(refusal_of<&Driver::ensure_router>(router()), Code::not_found);
    EXPECT_EQ(told(), nothing());
}

TEST_P(NetworkContract, ANetworkOutsideThatTheHostDoesNotHaveIsRefused) {
    auto wanted = inside();
    wanted.physical = "no such network";
    EXPECT_EQ(refusal_of<&Driver::ensure_network>(wanted), Code::invalid);
    EXPECT_EQ(told(), nothing());
}

TEST_P(NetworkContract, CallsForDifferentThingsRunAtOnce) {
    std::vector<std::string> const ids{"a", "b", "c", "d"};
    {
        std::vector<world::Thread> threads;
        for (auto const& id : ids)
            threads.emplace_back("caller", [this, id] {
                tell_at<&Driver::ensure_network>(200, network_of(id, "10.77.0"));
                tell_at<&Driver::ensure_port>(200, port("port-" + id, id));
            });
    }
    EXPECT_THAT(listed().networks, testing::UnorderedElementsAreArray(ids));
    EXPECT_EQ(listed().ports.size(), ids.size());
    epoch_ = 300;
}

} // namespace volutus::test

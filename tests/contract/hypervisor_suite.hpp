// What every driver of volutus.hypervisor/1 does alike. One source of a program that has such a driver includes this:
//
//     INSTANTIATE_TEST_SUITE_P(Simulator, HypervisorContract, testing::Values(HypervisorUnderTest{"in_process", make}),
//                              name_of_hypervisor);
#pragma once

#include "contract/hypervisor_rig.hpp"

#include "kernel/plugin/call_frame.hpp"

#include <testkit/refusal.hpp>
#include <volutus/contract/hypervisor.hpp>
#include <volutus/formats.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace volutus::test {

class HypervisorContract : public testing::TestWithParam<HypervisorUnderTest> {
protected:
    using Driver = hypervisor::Driver;

    // Calls as a task's step of this epoch would; 0 = as a call outside any task.
    template <auto Method, class... Request> auto call_at(std::uint64_t epoch, Request const&... request) {
        kernel::plugin::CallContext context;
        context.epoch = epoch;
        context.deadline = world::now() + patience_;
        kernel::plugin::CallFrame frame{context};
        Call call{&frame};
        return Client<hypervisor::contract>(rig_->host()).template call<Method>(call, request...);
    }
    template <auto Method, class... Request> auto call(Request const&... request) {
        return call_at<Method>(0, request...);
    }
    template <auto Method, class... Request> Code code_of(std::uint64_t epoch, Request const&... request) {
        return testkit::refusal([&] { call_at<Method>(epoch, request...); }).code();
    }

    void SetUp() override {
        rig_ = GetParam().make();
        server_ = rig_->server();
    }
    void TearDown() override {
        for (auto const& server : made_) call<&Driver::remove>(hypervisor::ServerId{server.id, server.host});
    }

    void prepare(std::uint64_t epoch = 0) {
        made_.push_back(server_);
        call_at<&Driver::prepare>(epoch, server_);
    }
    void run(std::uint64_t epoch = 0) {
        prepare(epoch);
        call_at<&Driver::start>(epoch, server_);
    }
    hypervisor::ServerId id() const { return {server_.id, server_.host}; }
    hypervisor::Stop at_once() const { return {server_.id, server_.host, 0}; }
    std::optional<hypervisor::Power> power() {
        auto const state = call<&Driver::show>(id());
        if (!state) return std::nullopt;
        return state->power;
    }

    std::unique_ptr<HypervisorRig> rig_;
    hypervisor::Server server_;
    std::vector<hypervisor::Server> made_;
    world::Duration patience_ = std::chrono::seconds(120);
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HypervisorContract);

using hypervisor::Power;

TEST_P(HypervisorContract, AHostTellsWhatItHas) {
    auto const hosts = call<&Driver::hosts>().hosts;
    ASSERT_FALSE(hosts.empty());
    for (auto const& host : hosts) {
        EXPECT_FALSE(host.name.empty());
        EXPECT_FALSE(host.type.empty());
        EXPECT_GT(host.vcpus, 0);
        EXPECT_GT(host.memory_mb, 0);
        EXPECT_GT(host.disk_gb, 0);
        for (auto const* key : {"arch", "model", "vendor", "features", "topology"})
            EXPECT_TRUE(host.cpu.contains(key)) << key;
    }
}

TEST_P(HypervisorContract, AServerIsPreparedStartedStoppedAndRemoved) {
    EXPECT_EQ(power(), std::nullopt);
    prepare();
    auto const prepared = call<&Driver::show>(id());
    ASSERT_TRUE(prepared);
    EXPECT_EQ(prepared->id, server_.id);
    EXPECT_EQ(prepared->host, server_.host);
    EXPECT_EQ(prepared->power, Power::off);
    EXPECT_TRUE(prepared->disks);
    call<&Driver::start>(server_);
    EXPECT_EQ(power(), Power::running);
    call<&Driver::stop>(at_once());
    EXPECT_EQ(power(), Power::off);
    call<&Driver::start>(server_);
    EXPECT_EQ(power(), Power::running);
    call<&Driver::remove>(id());
    EXPECT_EQ(power(), std::nullopt);
}

TEST_P(HypervisorContract, EveryCallMayComeTwice) {
    run();
    call<&Driver::prepare>(server_);
    call<&Driver::start>(server_);
    EXPECT_EQ(power(), Power::running);
    call<&Driver::stop>(at_once());
    call<&Driver::stop>(at_once());
    EXPECT_EQ(power(), Power::off);
    call<&Driver::remove>(id());
    call<&Driver::remove>(id());
    EXPECT_EQ(power(), std::nullopt);
}

TEST_P(HypervisorContract, WhatWasNeverThereIsStoppedAndRemovedButNotStarted) {
    call<&Driver::stop>(at_once());
    call<&Driver::remove>(id());
    EXPECT_EQ(code_of<&Driver::start>(0, server_), Code::conflict);
    EXPECT_EQ(code_of<&Driver::reboot>(0, at_once()), Code::not_found);
    EXPECT_EQ(code_of<&Driver::console_log>(0, hypervisor::Log{server_.id, server_.host, 100}), Code::not_found);
    EXPECT_EQ(code_of<&Driver::console>(0, hypervisor::ConsoleOf{server_.id, server_.host, "vnc"}), Code::not_found);
    EXPECT_EQ(power(), std::nullopt);
}

TEST_P(HypervisorContract, AHardRebootLeavesTheServerRunning) {
    run();
    call<&Driver::reboot>(at_once());
    EXPECT_EQ(power(), Power::running);
}

TEST_P(HypervisorContract, AServerPausesAndGoesOn) {
    run();
    if (code_of<&Driver::pause>(0, id()) == Code::unsupported) GTEST_SKIP() << "this driver does not pause";
    EXPECT_EQ(power(), Power::paused);
    call<&Driver::unpause>(id());
    EXPECT_EQ(power(), Power::running);
}

TEST_P(HypervisorContract, ALowerEpochIsRefusedAlsoWhenTheServerIsGone) {
    run(7);
    EXPECT_EQ(code_of<&Driver::prepare>(6, server_), Code::stale);
    EXPECT_EQ(code_of<&Driver::start>(6, server_), Code::stale);
    EXPECT_EQ(code_of<&Driver::stop>(6, at_once()), Code::stale);
    EXPECT_EQ(code_of<&Driver::reboot>(6, at_once()), Code::stale);
    EXPECT_EQ(code_of<&Driver::remove>(6, id()), Code::stale);
    EXPECT_EQ(power(), Power::running);
    call_at<&Driver::remove>(8, id());
    EXPECT_EQ(code_of<&Driver::prepare>(7, server_), Code::stale);
    EXPECT_EQ(code_of<&Driver::remove>(7, id()), Code::stale);
    EXPECT_EQ(power(), std::nullopt);
}

TEST_P(HypervisorContract, ServersAreListedById) {
    for (int i = 0; i < 3; ++i) {
        server_ = rig_->server();
        prepare();
    }
    std::vector<std::string> ids, listed;
    for (auto const& server : made_) ids.push_back(server.id);
    std::sort(ids.begin(), ids.end());
    for (auto const& state : call<&Driver::list>(hypervisor::HostName{server_.host}).servers) {
        listed.push_back(state.id);
        EXPECT_EQ(state.power, Power::off);
        EXPECT_TRUE(state.disks);
    }
    EXPECT_EQ(listed, ids);
}

TEST_P(HypervisorContract, AConsoleIsASocketToItsDisplay) {
    run();
    kernel::plugin::CallContext context;
    context.deadline = world::now() + patience_;
    kernel::plugin::CallFrame frame{context};
    Call call{&frame};
    SocketSink display;
    hypervisor::ConsoleOf const wanted{server_.id, server_.host, "vnc"};
    rig_->host().call(&call, hypervisor::contract.name, "console", "", json::print(wanted), nullptr, &display);
    ASSERT_GE(display.fd, 0);
    EXPECT_EQ(display.read(12), "RFB 003.008\n");
}

TEST_P(HypervisorContract, NewsOfNothingAreEmptyAndComeBeforeTheDeadline) {
    patience_ = std::chrono::seconds(1);
    auto const events = call<&Driver::events>(hypervisor::Since{0});
    EXPECT_TRUE(events.changed.empty());
    EXPECT_FALSE(events.missed);
    EXPECT_GT(events.next, 0u);
}

TEST_P(HypervisorContract, AGuestThatEndsByItselfIsNewsAndACallIsNot) {
    patience_ = std::chrono::seconds(1);
    auto const before = call<&Driver::events>(hypervisor::Since{0}).next;
    patience_ = std::chrono::seconds(120);
    run();
    call<&Driver::reboot>(at_once());
    call<&Driver::stop>(at_once());
    call<&Driver::start>(server_);
    if (!rig_->end_guest(server_.id)) GTEST_SKIP() << "this rig cannot end a guest from outside";
    auto const events = call<&Driver::events>(hypervisor::Since{before});
    EXPECT_FALSE(events.missed);
    ASSERT_EQ(events.changed.size(), 1u);
    EXPECT_EQ(events.changed[0].id, server_.id);
    EXPECT_THAT(events.changed[0].power, testing::AnyOf(Power::off, Power::crashed));
    EXPECT_EQ(events.next, before + 1);
}

} // namespace volutus::test

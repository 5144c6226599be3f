// The suite of transports: what nodes may rely on. A transport joins with a function that opens the ends of several
// nodes.
#include "kernel/bus/in_process.hpp"
#include "kernel/plugin/bus_link.hpp"

#include "contract/link_fixture.hpp"

#include <gmock/gmock.h>

namespace volutus::test {
namespace {

using namespace kernel::bus;
using testing::HasSubstr;

struct Transport {
    std::string name;
    std::vector<std::unique_ptr<Bus>> (*open)(std::vector<std::string> const& nodes);
};

std::vector<std::unique_ptr<Bus>> in_one_process(std::vector<std::string> const& nodes) {
    auto const hub = std::make_shared<InProcessHub>();
    std::vector<std::unique_ptr<Bus>> ends;
    for (auto const& node : nodes) ends.push_back(hub->join(node));
    return ends;
}

world::Instant soon() { return world::now() + std::chrono::seconds(20); }

class BusContract : public testing::TestWithParam<Transport> {
protected:
    std::vector<std::unique_ptr<Bus>> ends_ = GetParam().open({"one", "two"});
    std::unique_ptr<Bus>&one_ = ends_[0], &two_ = ends_[1];
};
INSTANTIATE_TEST_SUITE_P(Transports, BusContract, testing::Values(Transport{"in_process", in_one_process}),
                         [](auto const& info) { return info.param.name; });

TEST_P(BusContract, ANodeAnswersAnotherAndItself) {
    two_->serve([](std::string const& request) { return "two heard " + request; });
    EXPECT_EQ(one_->call("two", "hello", soon()), "two heard hello");
    EXPECT_EQ(two_->call("two", std::string("\0\xff", 2), soon()), std::string("two heard \0\xff", 12));
}

TEST_P(BusContract, ACallToANodeThatIsNotThereWasNotExecuted) {
    for (auto const* node : {"two", "nobody", ""}) {
        auto const error = refusal([&] { one_->call(node, "", soon()); });
        EXPECT_EQ(error.code(), Code::not_executed);
        EXPECT_THAT(error.what(), HasSubstr(std::string("the node ") + node));
    }
}

TEST_P(BusContract, ACallWithoutTimeIsNotMade) {
    bool called = false;
    two_->serve([&](std::string const&) { return called = true, ""; });
    EXPECT_EQ(refusal([&] { one_->call("two", "", world::now()); }).code(), Code::not_executed);
    EXPECT_FALSE(called);
}

TEST_P(BusContract, WhatAnAnswererThrowsIsAnUnknownOutcome) {
    two_->serve([](std::string const&) -> std::string { throw std::runtime_error("out of paper"); });
    auto const error = refusal([&] { one_->call("two", "", soon()); });
    EXPECT_EQ(error.code(), Code::unknown_outcome);
    EXPECT_THAT(error.what(), HasSubstr("out of paper"));
}

TEST_P(BusContract, AMessageIsBoundedBothWays) {
    two_->serve(
        [](std::string const& request) { return request == "more" ? std::string(largest_message + 1, 'x') : request; });
    EXPECT_EQ(one_->call("two", std::string(largest_message, 'x'), soon()).size(), largest_message);
    EXPECT_EQ(refusal([&] { one_->call("two", std::string(largest_message + 1, 'x'), soon()); }).code(),
              Code::too_large);
    EXPECT_EQ(refusal([&] { one_->call("two", "more", soon()); }).code(), Code::too_large);
}

TEST_P(BusContract, AnAnswerMayTakeCallsOfItsOwn) {
    one_->serve([](std::string const& request) { return request + "!"; });
    two_->serve([&](std::string const& request) { return two_->call("one", request + "?", soon()); });
    EXPECT_EQ(one_->call("two", "what", soon()), "what?!");
}

TEST_P(BusContract, ANodeThatLeavesWaitsForItsAnswers) {
    world::Mutex mutex;
    world::Condition changed;
    bool asked = false, may_answer = false;
    std::atomic<bool> answered = false, answered_when_it_had_left = false;
    two_->serve([&](std::string const& request) {
        if (request == "are you there?") return std::string("yes");
        world::Lock lock(mutex);
        asked = true;
        changed.notify_all();
        changed.wait(lock, [&] { return may_answer; });
        answered = true;
        return std::string("done");
    });
    auto const until = soon();
    std::string reply;
    world::Thread caller("caller", [&] { reply = one_->call("two", "", soon()); });
    {
        world::Lock lock(mutex);
        changed.wait(lock, [&] { return asked; });
    }
    world::Thread leaver("leaver", [&] {
        two_.reset();
        answered_when_it_had_left = answered.load();
    });
    auto const answers = [&] {
        try {
            return one_->call("two", "are you there?", until) == "yes";
        } catch (Error const&) {
            return false;
        }
    };
    while (answers()) ASSERT_LT(world::now(), until);
    {
        world::Lock lock(mutex);
        may_answer = true;
        changed.notify_all();
    }
    leaver.join();
    caller.join();
    EXPECT_EQ(reply, "done");
    EXPECT_TRUE(answered_when_it_had_left);
}

TEST(Buses, ATransportThatNobodyKnowsIsRefused) {
    EXPECT_THAT(refusal([] { open_bus("pigeons", "one"); }).what(), HasSubstr("there is 'in_process'"));
}

TEST(Buses, TwoNodesOfOneNameAreRefused) {
    auto const hub = std::make_shared<InProcessHub>();
    auto const first = hub->join("one");
    EXPECT_EQ(refusal([&] { hub->join("one"); }).code(), Code::conflict);
}

// A caller at one node, the plugin at another.
class BusLinks : public testing::Test {
protected:
    BusLinks() {
        auto const library = open_library(plugin_path("echo"));
        there_.registry.add("echo", std::string(echo_contract.name), "",
                            std::make_shared<InProcessLink>(there_.host_of("echo"), library.entry, library.keep,
                                                            std::chrono::seconds(20)));
        far_->serve(answers_of(there_.registry));
        here_.registry.add("echo", std::string(echo_contract.name), "",
                           std::make_shared<BusLink>(*near_, "far", "", std::chrono::seconds(20)));
    }
    ~BusLinks() override { there_.registry.remove("echo"); }

    std::shared_ptr<InProcessHub> hub_ = std::make_shared<InProcessHub>();
    Kernel here_, there_;
    std::unique_ptr<Bus> near_ = hub_->join("near"), far_ = hub_->join("far");
    Client<echo_contract>& echo_ = here_.echo;
    RootCall root_;
};

TEST_F(BusLinks, DocumentsGoThereAndBack) {
    EXPECT_EQ(echo_.call<&Echo::echo>(root_.call, Text{"hello \"world\" \u00e4\u2603\n"}).text,
              "hello \"world\" \u00e4\u2603\n");
    EXPECT_EQ(echo_.call<&Echo::relay>(root_.call, Depth{5}).depth, 5u);
}

TEST_F(BusLinks, TheContextOfACallArrives) {
    root_.context.caller = "{\"user\":\"ann\"}";
    root_.context.trace = "req-1";
    root_.context.task = "b7c1";
    root_.context.step = "undo:place";
    root_.context.attempt = 3;
    root_.context.epoch = std::numeric_limits<std::uint32_t>::max();
    auto const seen = echo_.call<&Echo::context>(root_.call);
    EXPECT_EQ(seen.caller, root_.context.caller);
    EXPECT_EQ(seen.trace, "req-1");
    EXPECT_EQ(seen.task, "b7c1");
    EXPECT_EQ(seen.step, "undo:place");
    EXPECT_EQ(seen.attempt, 3u);
    EXPECT_EQ(seen.epoch, root_.context.epoch);
}

TEST_F(BusLinks, TheCalleeHasTheTimeThatIsLeft) {
    auto const deadline = [&] {
        return world::Instant(world::Duration(echo_.call<&Echo::context>(root_.call).deadline));
    };
    EXPECT_GT(deadline(), world::now());
    EXPECT_LT(deadline(), world::now() + std::chrono::seconds(20));
    root_.context.deadline = world::now() + std::chrono::seconds(10);
    EXPECT_LT(deadline(), root_.context.deadline);
}

TEST_F(BusLinks, EveryErrorCodeArrivesWithItsMessageAndDetails) { expect_every_error_to_arrive(echo_, root_.call); }

TEST_F(BusLinks, ACallToANodeThatLeftWasNotExecuted) {
    far_.reset();
    auto const error = refusal([&] { echo_.call<&Echo::context>(root_.call); });
    EXPECT_EQ(error.code(), Code::not_executed);
    EXPECT_STREQ(error.what(), "the node far is not there");
}

TEST_F(BusLinks, WhatTheNodeDoesNotProvideIsUnsupported) {
    there_.registry.remove("echo");
    EXPECT_EQ(refusal([&] { echo_.call<&Echo::context>(root_.call); }).code(), Code::unsupported);
}

TEST_F(BusLinks, ByteStreamsAreRefused) {
    MemoryStream input("abc"), output;
    auto const copy = [&] {
        here_.registry.host().call(&root_.call, echo_contract.name, "copy", "", "{}", &input, &output);
    };
    EXPECT_EQ(refusal(copy).code(), Code::unsupported);
    EXPECT_EQ(output.output, "");
}

TEST_F(BusLinks, AnAnswerThatIsNoneIsAnUnknownOutcome) {
    for (auto const* noise : {"", "no json", "[]", "{\"status\": 9}", "{\"status\": 9, \"reply\": \"{}\"}"}) {
        far_->serve([&](std::string const&) { return noise; });
        EXPECT_EQ(refusal([&] { echo_.call<&Echo::context>(root_.call); }).code(), Code::unknown_outcome) << noise;
    }
}

} // namespace
} // namespace volutus::test

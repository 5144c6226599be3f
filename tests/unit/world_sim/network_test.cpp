#include <kernel/world/simulation.hpp>

#include <gmock/gmock.h>
#include <set>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;

struct Outcome {
    int replied = 0, silent = 0, executed = 0, late = 0;
};

// A hundred calls to one machine.
Outcome calls(std::uint64_t seed, NetworkFaults const& faults) {
    Options options;
    options.network = faults;
    Simulation simulation(seed, options);
    Node& server = simulation.node("server");
    Outcome outcome;
    std::set<std::string> given_up;
    simulation.run([&] {
        server.start([&] {
            simulation.network().serve([&](std::string const& request) {
                ++outcome.executed;
                outcome.late += given_up.count(request) > 0;
                return "re: " + request;
            });
            stay();
        });
        sleep_for(1ms);
        for (int number = 0; number < 100; ++number) {
            auto const request = std::to_string(number);
            if (auto const reply = simulation.network().call(server, request, now() + 100ms)) {
                EXPECT_EQ(*reply, "re: " + request);
                ++outcome.replied;
            } else {
                given_up.insert(request);
                ++outcome.silent;
            }
        }
        sleep_for(2min);
    });
    return outcome;
}

TEST(Network, EveryCallIsAnsweredWhenNothingFails) {
    auto const outcome = calls(1, {});
    EXPECT_EQ(outcome.replied, 100);
    EXPECT_EQ(outcome.executed, 100);
}

TEST(Network, LostMessagesMakeCallersWaitInVain) {
    auto const outcome = calls(1, {.lost_one_in = 5});
    EXPECT_GT(outcome.silent, 20);
    EXPECT_GT(outcome.executed, outcome.replied) << "some replies were lost after the call was executed";
    EXPECT_LT(outcome.executed, 100);
}

TEST(Network, DoubledRequestsAreExecutedTwiceAndAnsweredOnce) {
    auto const outcome = calls(1, {.doubled_one_in = 3});
    EXPECT_EQ(outcome.replied, 100);
    EXPECT_GT(outcome.executed, 115);
}

TEST(Network, LateRequestsAreExecutedAfterTheCallerGaveUp) {
    auto const outcome = calls(1, {.late_one_in = 4});
    EXPECT_GT(outcome.late, 10);
    EXPECT_EQ(outcome.executed, 100);
}

TEST(Network, MessagesOvertakeEachOther) {
    Simulation simulation(1);
    Node& server = simulation.node("server");
    std::vector<int> arrived;
    simulation.run([&] {
        server.start([] { stay(); });
        for (int number = 0; number < 50; ++number)
            simulation.network().deliver(server, [&arrived, number] { arrived.push_back(number); });
        sleep_for(1s);
    });
    EXPECT_EQ(arrived.size(), 50u);
    EXPECT_FALSE(std::is_sorted(arrived.begin(), arrived.end()));
}

TEST(Network, AMachineThatIsDownIsSilentAndALateRequestReachesItsNextProgram) {
    Options options;
    options.network.least = options.network.most = 1s;
    Simulation simulation(1, options);
    Node& server = simulation.node("server");
    std::vector<std::uint64_t> executed_by;
    auto const main = [&] {
        simulation.network().serve([&](std::string const&) {
            executed_by.push_back(server.incarnation());
            return std::string();
        });
        stay();
    };
    simulation.run([&] {
        EXPECT_EQ(simulation.network().call(server, "down", now() + 3s), std::nullopt);
        server.start(main);
        sleep_for(1ms);
        EXPECT_EQ(simulation.network().call(server, "late", now() + 500ms), std::nullopt);
        server.crash(Crash::kill);
        EXPECT_EQ(simulation.network().call(server, "nobody serves", now()), std::nullopt);
        server.start(main);
        sleep_for(3s);
    });
    EXPECT_THAT(executed_by, ::testing::ElementsAre(2u, 2u));
}

TEST(Network, ACallerThatCrashesIsNotMissed) {
    Simulation simulation(1);
    Node& server = simulation.node("server");
    Node& caller = simulation.node("caller");
    int executed = 0;
    simulation.run([&] {
        server.start([&] {
            simulation.network().serve([&](std::string const&) {
                sleep_for(1s);
                ++executed;
                return std::string("done");
            });
            stay();
        });
        caller.start([&] {
            simulation.network().call(server, "x", now() + 1min);
            ADD_FAILURE() << "the caller crashed before the reply";
        });
        sleep_for(500ms);
        caller.crash(Crash::power_loss);
        sleep_for(5s);
    });
    EXPECT_EQ(executed, 1);
}

TEST(Network, ACutSilencesBothWaysUntilItIsHealed) {
    Simulation simulation(1);
    Node& a = simulation.node("a");
    Node& b = simulation.node("b");
    std::vector<bool> answered;
    simulation.run([&] {
        auto const echo = [](std::string const& request) { return request; };
        a.start([&] {
            simulation.network().serve(echo);
            for (;;) {
                answered.push_back(simulation.network().call(b, "x", now() + 1s).has_value());
                sleep_for(1s);
            }
        });
        b.start([&] {
            simulation.network().serve(echo);
            stay();
        });
        sleep_for(500ms);
        simulation.network().cut(b, a);
        EXPECT_TRUE(simulation.network().call(b, "from elsewhere", now() + 1s));
        sleep_for(2s);
        simulation.network().heal(a, b);
        sleep_for(3s);
    });
    EXPECT_THAT(answered, ::testing::ElementsAre(true, false, true, true, true));
}

} // namespace
} // namespace volutus::world

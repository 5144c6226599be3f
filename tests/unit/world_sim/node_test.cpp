#include <kernel/world/simulation.hpp>

#include <gmock/gmock.h>
#include <set>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;

TEST(Machines, ACrashStopsEveryThreadWhereItStandsAndRunsNoDestructor) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Simulation simulation(seed);
        Node& node = simulation.node("node");
        int ticks = 0, destroyed = 0;
        struct Counted {
            int& count;
            ~Counted() { ++count; }
        };
        simulation.run([&] {
            node.start([&] {
                Counted counted{destroyed};
                Mutex mutex;
                Condition condition;
                Thread waits("waits", [&] {
                    Lock lock(mutex);
                    condition.wait(lock, [] { return false; });
                });
                Thread ticker("ticker", [&] {
                    Counted another{destroyed};
                    for (;; ++ticks) sleep_for(1ms);
                });
                ticker.join();
            });
            sleep_for(20ms);
            EXPECT_GT(ticks, 10);
            node.crash(Crash::kill);
            EXPECT_FALSE(node.running());
            int const at_crash = ticks;
            sleep_for(1s);
            EXPECT_EQ(ticks, at_crash);
            EXPECT_EQ(destroyed, 0);
        });
        EXPECT_EQ(node.incarnation(), 1u);
    }
}

TEST(Machines, AThreadMayCrashItsOwnMachineInsideACatchBlock) {
    Simulation simulation(1);
    Node& node = simulation.node("node");
    simulation.run([&] {
        node.start([&] {
            try {
                throw 1;
            } catch (int) {
                node.crash(Crash::kill);
            }
            ADD_FAILURE() << "it went on after its crash";
        });
        EXPECT_TRUE(node.wait_until_down(now() + 1s));
        EXPECT_EQ(std::current_exception(), nullptr);
    });
}

TEST(Machines, ACrashStrikesAfterThatManySchedulingPoints) {
    std::set<int> reached;
    for (std::uint64_t points = 1; points <= 30; ++points) {
        Simulation simulation(1);
        Node& node = simulation.node("node");
        int steps = 0;
        simulation.run([&] {
            node.start([&] {
                File file("/log", File::Mode::create);
                for (;; ++steps) file.write_at(static_cast<std::uint64_t>(steps), "x", 1);
            });
            node.crash_after(points, Crash::kill);
            EXPECT_TRUE(node.wait_until_down(now() + 1min));
            EXPECT_EQ(node.disk().find("/log") == nullptr, points == 1);
        });
        reached.insert(steps);
    }
    EXPECT_EQ(reached.size(), 29u) << "every place in the program is struck once (two of them before the first write)";
}

TEST(Machines, AProgramEndsWithItsMainFunction) {
    Simulation simulation(1);
    Node& node = simulation.node("node");
    simulation.run([&] {
        node.start([] { sleep_for(1ms); });
        EXPECT_THROW(node.start([] {}), std::logic_error);
        EXPECT_FALSE(node.wait_until_down(now() + 100us));
        EXPECT_TRUE(node.wait_until_down(now() + 1s));
        node.start([] { stay(); });
        EXPECT_FALSE(node.wait_until_down(now() + 1s));
    });
    EXPECT_EQ(node.incarnation(), 2u);
}

TEST(Machines, RandomCrashesRestartAndEndWhenItIsCalm) {
    Options options;
    options.crashes = {.one_in = 100, .power_loss_one_in = 2, .down_at_most = 1s};
    Simulation simulation(1, options);
    Node& node = simulation.node("node");
    simulation.run([&] {
        node.start([] {
            for (;;) sleep_for(1ms);
        });
        sleep_for(30s);
        EXPECT_GT(node.incarnation(), 10u);
        simulation.calm();
        sleep_for(2s);
        auto const calm = node.incarnation();
        sleep_for(1h / 60);
        EXPECT_EQ(node.incarnation(), calm);
        EXPECT_TRUE(node.running());
    });
}

TEST(Machines, ARunGoesOnWhereTheLastOneEnded) {
    Simulation simulation(1);
    Node& node = simulation.node("node");
    int ticks = 0;
    simulation.run([&] {
        node.start([&] {
            for (;; ++ticks) sleep_for(1ms);
        });
        sleep_for(10ms);
    });
    int const first = ticks;
    simulation.run([] { sleep_for(10ms); });
    EXPECT_GT(ticks, first);
}

} // namespace
} // namespace volutus::world

#include <kernel/world/simulation.hpp>

#include <gmock/gmock.h>
#include <set>
#include <thread>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

// What a simulation that must fail says.
std::string failure(std::function<void()> const& director, Options options = {}) {
    Simulation simulation(1, std::move(options));
    try {
        simulation.run(director);
    } catch (SimulationFailed const& failed) {
        return failed.what();
    }
    return "it did not fail";
}

TEST(Waiting, ASimulatedDayPassesAtOnce) {
    Simulation simulation(1);
    simulation.run([] {
        auto const start = now();
        auto const wall = wall_now();
        for (int hour = 0; hour < 24; ++hour) sleep_for(1h);
        EXPECT_GE(now() - start, 24h);
        EXPECT_LT(now() - start, 24h + 1s);
        EXPECT_GE(wall_now() - wall, 24h);
    });
}

TEST(Waiting, AWallClockThatIsSetMovesNoTimeToWaitFor) {
    Options options;
    options.scheduler.clock_jump_one_in = 2;
    options.scheduler.clock_jump_at_most = 24h;
    Simulation simulation(1, options);
    simulation.run([] {
        auto const start = now();
        auto last = wall_now();
        std::set<bool> ways;
        for (int reading = 0; reading < 100; ++reading) {
            auto const wall = wall_now();
            if (wall - last > 1h) ways.insert(true);
            if (last - wall > 1h) ways.insert(false);
            last = wall;
        }
        EXPECT_EQ(ways.size(), 2u);
        EXPECT_LT(now() - start, 1s);
        Simulation::current().calm();
        auto const set = wall_now();
        EXPECT_LT(wall_now() - set, 1s);
        EXPECT_GE(wall_now(), set);
    });
}

TEST(Waiting, AMutexKeepsOthersOut) {
    int overlaps_without = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Simulation simulation(seed);
        simulation.run([&] {
            for (bool const locks : {true, false}) {
                Mutex mutex, other;
                int inside = 0;
                auto const body = [&] {
                    for (int round = 0; round < 50; ++round) {
                        Lock lock(mutex, std::defer_lock);
                        if (locks) lock.lock();
                        ++inside;
                        {
                            Lock another(other);
                        }
                        if (locks)
                            EXPECT_EQ(inside, 1);
                        else
                            overlaps_without += inside != 1;
                        --inside;
                    }
                };
                Thread a("a", body), b("b", body), c("c", body);
            }
        });
    }
    EXPECT_GT(overlaps_without, 100) << "the seeds hardly mix the threads";
}

TEST(Waiting, ASharedMutexLetsReadersTogetherAndWritersAlone) {
    Simulation simulation(3);
    simulation.run([] {
        SharedMutex mutex;
        int readers = 0, writers = 0, most_readers = 0;
        auto const read = [&] {
            for (int round = 0; round < 100; ++round) {
                std::shared_lock lock(mutex);
                most_readers = std::max(most_readers, ++readers);
                sleep_for(1us);
                EXPECT_EQ(writers, 0);
                --readers;
            }
        };
        auto const write = [&] {
            for (int round = 0; round < 100; ++round) {
                std::unique_lock lock(mutex);
                ++writers;
                sleep_for(1us);
                EXPECT_EQ(writers, 1);
                EXPECT_EQ(readers, 0);
                --writers;
            }
        };
        {
            Thread a("a", read), b("b", read), c("c", write), d("d", write);
        }
        EXPECT_EQ(most_readers, 2);
    });
}

TEST(Waiting, AConditionWakesOnNotificationAndOnTime) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Simulation simulation(seed);
        simulation.run([] {
            Mutex mutex;
            Condition condition;
            bool ready = false;
            Thread giver("giver", [&] {
                sleep_for(1s);
                Lock lock(mutex);
                ready = true;
                condition.notify_one();
            });
            Lock lock(mutex);
            auto const start = now();
            EXPECT_FALSE(condition.wait_for(lock, 500ms, [&] { return ready; }));
            EXPECT_GE(now() - start, 500ms);
            EXPECT_TRUE(condition.wait_until(lock, start + 10s, [&] { return ready; }));
            EXPECT_LT(now() - start, 2s);
            lock.unlock();
        });
    }
}

TEST(Waiting, APromisedMayBeDestroyedByItsTakerUnderAnySeed) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Simulation simulation(seed);
        simulation.run([] {
            auto promised = std::make_unique<Promised<int>>();
            Thread giver("giver", [giving = promised.get()] { giving->give(5); });
            EXPECT_EQ(promised->take_until(now() + 1s), 5);
            promised.reset();
        });
    }
}

TEST(Waiting, EachFiberRethrowsItsOwnException) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Simulation simulation(seed);
        simulation.run([] {
            int right = 0;
            auto const body = [&](int number) {
                for (int round = 0; round < 20; ++round) {
                    try {
                        try {
                            throw number * 100 + round;
                        } catch (...) {
                            sleep_for(1ms);
                            throw;
                        }
                    } catch (int caught) {
                        right += caught == number * 100 + round;
                    }
                    EXPECT_EQ(std::uncaught_exceptions(), 0);
                }
            };
            {
                Thread a("a", [&] { body(1); }), b("b", [&] { body(2); }), c("c", [&] { body(3); });
            }
            EXPECT_EQ(right, 60);
        });
    }
}

TEST(Waiting, ADestructorThatWaitsWhileTheStackUnwindsIsFine) {
    struct Slow {
        ~Slow() {
            EXPECT_EQ(std::uncaught_exceptions(), 1);
            sleep_for(1ms);
            EXPECT_EQ(std::uncaught_exceptions(), 1);
        }
    };
    Simulation simulation(1);
    simulation.run([] {
        auto const body = [] {
            try {
                Slow slow;
                throw 1;
            } catch (int) {
            }
        };
        Thread a("a", body), b("b", body);
    });
}

TEST(Waiting, WhatTheDirectorThrowsComesOut) {
    Simulation simulation(1);
    EXPECT_THROW(simulation.run([] { throw std::out_of_range("mine"); }), std::out_of_range);
}

TEST(Waiting, ADeadlockIsReportedWithWhoWaitsForWhat) {
    EXPECT_THAT(failure([] {
                    Mutex mutex;
                    Condition condition;
                    Thread sleeper("sleeper", [&] {
                        Lock lock(mutex);
                        condition.wait(lock, [] { return false; });
                    });
                    sleeper.join();
                }),
                AllOf(HasSubstr("deadlock"), HasSubstr("director/sleeper (fiber 2) waits for a condition"),
                      HasSubstr("director/director (fiber 1) waits for the end of fiber 2")));
}

TEST(Waiting, ACircleOfMutexesIsReportedThoughOthersGoOn) {
    EXPECT_THAT(failure([] {
                    Mutex one, two;
                    Thread clock("clock", [] {
                        for (;;) sleep_for(1s);
                    });
                    Thread other("other", [&] {
                        Lock first(two);
                        sleep_for(10ms);
                        Lock second(one);
                    });
                    Lock first(one);
                    sleep_for(10ms);
                    Lock second(two);
                }),
                AllOf(HasSubstr("circle"), HasSubstr("waits for a mutex of fiber")));
}

TEST(Waiting, MisuseOfAMutexIsReported) {
    EXPECT_THAT(failure([] {
                    Mutex mutex;
                    mutex.lock();
                    mutex.lock();
                }),
                HasSubstr("circle"));
    EXPECT_THAT(failure([] {
                    Mutex mutex;
                    mutex.unlock();
                }),
                HasSubstr("unlocks a mutex"));
}

TEST(Waiting, ALivelockEndsInAFailure) {
    Options options;
    options.scheduler.steps = 10'000;
    EXPECT_THAT(failure(
                    [] {
                        Mutex mutex;
                        for (;;) Lock lock(mutex);
                    },
                    options),
                HasSubstr("livelock: 10000 steps"));
    EXPECT_THAT(failure(
                    [] {
                        for (;;) sleep_for(1ms);
                    },
                    options),
                HasSubstr("livelock"));
}

TEST(Waiting, AnExceptionThatLeavesAThreadFailsTheSimulation) {
    EXPECT_THAT(failure([] { Thread thread("careless", [] { throw std::runtime_error("oh"); }); }),
                AllOf(HasSubstr("director/careless"), HasSubstr("it threw: oh")));
}

using WaitingDeathTest = ::testing::Test;

TEST(WaitingDeathTest, AStaticInitialiserThatWaitsEndsTheProgram) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            Simulation simulation(1);
            simulation.run([] {
                static int const slow = [] {
                    sleep_for(1ms);
                    return 1;
                }();
                (void)slow;
            });
        },
        "a static initialiser waits for a time");
}

TEST(WaitingDeathTest, NothingWaitsOutsideOfASimulation) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(sleep_for(1s), "outside of a simulation");
}

TEST(Waiting, ManyFibersComeAndGo) {
    Simulation simulation(1);
    simulation.run([] {
        int ran = 0;
        for (int round = 0; round < 20; ++round) {
            std::vector<Thread> threads;
            for (int count = 0; count < 200; ++count)
                threads.emplace_back("worker", [&ran, count] {
                    sleep_for(std::chrono::milliseconds(count % 7));
                    ++ran;
                });
        }
        EXPECT_EQ(ran, 4000);
    });
}

} // namespace
} // namespace volutus::world

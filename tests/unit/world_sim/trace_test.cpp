#include <kernel/world/simulation.hpp>

#include <cstdlib>
#include <gmock/gmock.h>
#include <set>
#include <sqlite3.h>
#include <sys/personality.h>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;

// A bit of everything: threads, files, SQLite, calls, crashes and faults.
std::uint64_t trace_of(std::uint64_t seed) {
    Options options;
    options.crashes = {.one_in = 400, .power_loss_one_in = 2, .down_at_most = 1s};
    options.network.lost_one_in = options.network.doubled_one_in = options.network.late_one_in = 10;
    Simulation simulation(seed, options);
    Node& server = simulation.node("server");
    simulation.run([&] {
        server.start([&] {
            sqlite3* database = nullptr;
            if (sqlite3_open("/counts", &database) != SQLITE_OK) throw std::runtime_error("open");
            sqlite3_exec(database, "pragma journal_mode=wal; create table if not exists count(value)", nullptr, nullptr,
                         nullptr);
            int calls = 0;
            simulation.network().serve([&calls](std::string const& request) {
                File(request, File::Mode::create).write_at(0, request.data(), request.size());
                return std::to_string(++calls);
            });
            for (;;) {
                sqlite3_exec(database, "insert into count values(random())", nullptr, nullptr, nullptr);
                sleep_for(Duration(random_u64() % 100'000'000));
            }
        });
        for (int call = 0; call < 30; ++call)
            simulation.network().call(server, "/file-" + std::to_string(call % 5), now() + 200ms);
    });
    EXPECT_GT(server.incarnation(), 0u);
    return simulation.trace_hash();
}

TEST(Trace, TheSameSeedGivesTheSameTraceAndAnotherAnother) {
    std::set<std::uint64_t> traces;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        auto const trace = trace_of(seed);
        auto* const shift = std::malloc(12345 * (seed + 1)); // other addresses the second time
        EXPECT_EQ(trace, trace_of(seed)) << "seed " << seed;
        std::free(shift);
        traces.insert(trace);
    }
    EXPECT_EQ(traces.size(), 20u);
}

[[noreturn]] void print_trace() {
    fprintf(stderr, "trace %016lx", trace_of(7));
    std::_Exit(0);
}

// A threadsafe death test starts the program anew, so with other addresses.
TEST(TraceDeathTest, TheTraceIsTheSameWithAndWithoutAddressRandomisation) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    char expected[32];
    std::snprintf(expected, sizeof expected, "trace %016lx", trace_of(7));
    EXPECT_EXIT(print_trace(), ::testing::ExitedWithCode(0), expected);
    int const before = ::personality(0xffffffff);
    ASSERT_NE(::personality(static_cast<unsigned long>(before) | ADDR_NO_RANDOMIZE), -1);
    EXPECT_EXIT(print_trace(), ::testing::ExitedWithCode(0), expected);
    ::personality(static_cast<unsigned long>(before));
}

} // namespace
} // namespace volutus::world

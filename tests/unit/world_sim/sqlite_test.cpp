#include <kernel/world/simulation.hpp>

#include <gmock/gmock.h>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;

class Database {
public:
    explicit Database(char const* path) {
        check(sqlite3_open(path, &handle_));
        check(sqlite3_busy_timeout(handle_, 60'000));
    }
    Database(Database const&) = delete;
    Database& operator=(Database const&) = delete;
    ~Database() { sqlite3_close(handle_); }

    // The last column of the last row, as text.
    std::string run(std::string const& sql) {
        std::string last;
        check(sqlite3_exec(
            handle_, sql.c_str(),
            [](void* into, int count, char** values, char**) {
                *static_cast<std::string*>(into) = values[count - 1] == nullptr ? "" : values[count - 1];
                return 0;
            },
            &last, nullptr));
        return last;
    }

private:
    void check(int outcome) {
        if (outcome != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_));
    }
    sqlite3* handle_ = nullptr;
};

constexpr auto durable = "pragma journal_mode=wal; pragma synchronous=full; pragma wal_autocheckpoint=8;"
                         "create table if not exists row(number integer primary key, filler);";

// Commits rows on a machine that loses power somewhere, and looks what is left. Whether something is wrong with it.
bool loses_commits(std::uint64_t seed, bool drop_syncs) {
    Options options;
    options.disk.drop_syncs = drop_syncs;
    Simulation simulation(seed, options);
    Node& node = simulation.node("node");
    int acknowledged = 0, tried = 0;
    bool wrong = false;
    simulation.run([&] {
        for (int round = 0; round < 4; ++round) {
            node.start([&] {
                try {
                    Database database("/store.db");
                    sync_directory("/");
                    database.run(durable);
                    for (;;) {
                        tried = acknowledged + 1;
                        database.run("insert into row values(" + std::to_string(tried) + ", randomblob(3000))");
                        acknowledged = tried;
                    }
                } catch (std::runtime_error const&) {
                    wrong = true;
                }
            });
            node.crash_after(1 + random_u64() % 2000, Crash::power_loss);
            ASSERT_TRUE(node.wait_until_down(now() + 1h));
            node.start([&] {
                try {
                    Database database("/store.db");
                    database.run(durable);
                    auto const rows = std::stoi(database.run("select count(*) from row"));
                    wrong =
                        wrong || database.run("pragma integrity_check") != "ok" || rows < acknowledged || rows > tried;
                    acknowledged = rows;
                } catch (std::runtime_error const&) {
                    wrong = true; // it cannot even be opened
                }
            });
            ASSERT_TRUE(node.wait_until_down(now() + 1h));
        }
    });
    return wrong;
}

TEST(Sqlite, NoAcknowledgedCommitIsLostToPowerLoss) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_FALSE(loses_commits(seed, false)) << "seed " << seed;
}

TEST(Sqlite, APlantedDroppedSyncIsFound) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) found += loses_commits(seed, true);
    EXPECT_GT(found, 5);
}

// Several connections in a journal mode: writers keep each other out, readers see whole transactions.
void connections_get_along(std::uint64_t seed, std::string const& journal) {
    Simulation simulation(seed);
    simulation.run([&] {
        {
            Database database("/store.db");
            EXPECT_EQ(database.run("pragma journal_mode=" + journal), journal);
            database.run("create table pair(a, b); insert into pair values(0, 0)");
        }
        auto const write = [] {
            Database database("/store.db");
            for (int round = 0; round < 10; ++round)
                database.run("begin immediate; update pair set a = a + 1; update pair set b = b + 1; commit");
        };
        auto const read = [] {
            Database database("/store.db");
            for (int round = 0; round < 10; ++round) {
                EXPECT_EQ(database.run("select a - b from pair"), "0");
                sleep_for(1ms);
            }
        };
        {
            Thread a("a", write), b("b", write), c("c", read), d("d", read);
        }
        Database database("/store.db");
        EXPECT_EQ(database.run("select a from pair"), "20");
        EXPECT_EQ(database.run("pragma integrity_check"), "ok");
    });
}

TEST(Sqlite, ConnectionsShareADatabaseInWalMode) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) connections_get_along(seed, "wal");
}

TEST(Sqlite, ConnectionsShareADatabaseWithARollbackJournal) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) connections_get_along(seed, "delete");
}

TEST(Sqlite, ACrashDropsTheLocksOfTheDead) {
    Simulation simulation(1);
    Node& node = simulation.node("node");
    simulation.run([&] {
        node.start([&] {
            Database database("/store.db");
            database.run(std::string(durable) + "begin exclusive; insert into row values(1, 'never committed')");
            node.crash(Crash::kill);
        });
        EXPECT_TRUE(node.wait_until_down(now() + 1min));
        node.start([] {
            Database database("/store.db");
            EXPECT_EQ(database.run("begin immediate; insert into row values(2, 'x'); commit; select count(*) from row"),
                      "1");
        });
        EXPECT_TRUE(node.wait_until_down(now() + 1min));
    });
}

TEST(Sqlite, AFullDiskIsAnErrorAndNoLoss) {
    Simulation simulation(1);
    simulation.run([&] {
        Database database("/store.db");
        database.run(durable);
        simulation.options().disk.enospc_one_in = 10;
        int stored = 0, refused = 0;
        for (int number = 0; number < 100; ++number) {
            try {
                database.run("insert into row values(" + std::to_string(number) + ", randomblob(3000))");
                ++stored;
            } catch (std::runtime_error const& error) {
                EXPECT_THAT(error.what(), ::testing::HasSubstr("full"));
                ++refused;
            }
        }
        simulation.calm();
        EXPECT_GT(refused, 5);
        EXPECT_EQ(database.run("select count(*) from row"), std::to_string(stored));
        EXPECT_EQ(database.run("pragma integrity_check"), "ok");
    });
}

TEST(Sqlite, ItsClockIsVirtual) {
    Simulation simulation(1);
    simulation.run([] {
        Database database("/store.db");
        auto const before = std::stoll(database.run("select unixepoch()"));
        EXPECT_EQ(before, std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count());
        sleep_for(1h);
        EXPECT_EQ(std::stoll(database.run("select unixepoch()")), before + 3600);
    });
}

} // namespace
} // namespace volutus::world

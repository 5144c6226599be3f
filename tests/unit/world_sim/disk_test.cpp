#include <kernel/world/simulation.hpp>

#include <algorithm>
#include <cerrno>
#include <gmock/gmock.h>
#include <set>
#include <system_error>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::string content(std::string const& path) {
    File const file(path, File::Mode::read);
    std::string out(file.size(), '\0');
    file.read_at(0, out.data(), out.size());
    return out;
}

// Runs a program on a machine that then loses power or is killed, and a second one after that.
template <class First, class Second>
void before_and_after(std::uint64_t seed, Crash kind, First first, Second second, Options options = {}) {
    Simulation simulation(seed, std::move(options));
    Node& node = simulation.node("node");
    simulation.run([&] {
        node.start([&] {
            first();
            node.crash(kind);
        });
        ASSERT_TRUE(node.wait_until_down(now() + 1h));
        node.start(second);
        ASSERT_TRUE(node.wait_until_down(now() + 1h));
    });
}

int error_of(std::function<void()> const& action) {
    try {
        action();
    } catch (std::system_error const& error) {
        return error.code().value();
    }
    return 0;
}

TEST(Disk, BehavesLikeARealOneWhileNothingCrashes) {
    Simulation simulation(1);
    simulation.run([] {
        make_directory("/data/deep");
        File file("/data/deep/../a", File::Mode::create);
        file.write_at(3, "xyz", 3);
        char got[8];
        EXPECT_EQ(file.read_at(0, got, sizeof got), 6u);
        EXPECT_EQ(std::string(got, 6), std::string("\0\0\0xyz", 6));
        EXPECT_EQ(file.read_at(9, got, sizeof got), 0u);
        file.truncate(4);
        EXPECT_EQ(content("/data/a").size(), 4u);
        rename_file("/data/a", "/data/b");
        EXPECT_EQ(file.size(), 4u) << "an open file does not mind";
        EXPECT_THAT(list_directory("/data"), ElementsAre("b", "deep"));
        remove_file("/data/b");
        remove_file("/data/b");
        EXPECT_FALSE(file_exists("/data/b"));
        EXPECT_TRUE(file_exists("/data/deep"));

        EXPECT_EQ(error_of([] { File("/none", File::Mode::write); }), ENOENT);
        EXPECT_EQ(error_of([] { File("/none/a", File::Mode::create); }), ENOENT);
        EXPECT_EQ(error_of([] { File("/data", File::Mode::create); }), EISDIR);
        EXPECT_EQ(error_of([] { rename_file("/none", "/a"); }), ENOENT);
        EXPECT_EQ(error_of([] { list_directory("/none"); }), ENOENT);
        EXPECT_EQ(error_of([] { sync_directory("/none"); }), ENOENT);
        File("/data/c", File::Mode::create);
        EXPECT_EQ(error_of([] { File("/data/c", File::Mode::read).write_at(0, "x", 1); }), EBADF);
        EXPECT_EQ(error_of([] { make_directory("/data/c/d"); }), EEXIST);
        File moved("/data/c", File::Mode::read);
        File const taken(std::move(moved));
        EXPECT_EQ(error_of([&] { moved.sync(); }), EBADF);
    });
}

TEST(Disk, MachinesDoNotSeeEachOthersFiles) {
    Simulation simulation(1);
    Node& one = simulation.node("one");
    Node& other = simulation.node("other");
    simulation.run([&] {
        one.start([] { File("/a", File::Mode::create); });
        EXPECT_TRUE(one.wait_until_down(now() + 1s));
        other.start([] { EXPECT_FALSE(file_exists("/a")); });
        EXPECT_TRUE(other.wait_until_down(now() + 1s));
    });
}

TEST(Disk, AKilledProgramsWritesStay) {
    for (std::uint64_t seed = 0; seed < 10; ++seed)
        before_and_after(
            seed, Crash::kill, [] { File("/a", File::Mode::create).write_at(0, "here", 4); },
            [] { EXPECT_EQ(content("/a"), "here"); });
}

TEST(Disk, WhatWasSyncedSurvivesPowerLoss) {
    for (std::uint64_t seed = 0; seed < 50; ++seed)
        before_and_after(
            seed, Crash::power_loss,
            [] {
                File file("/a", File::Mode::create);
                file.write_at(0, "synced", 6);
                file.sync();
                sync_directory("/");
                file.write_at(6, "maybe", 5);
            },
            [] { EXPECT_THAT(content("/a"), ::testing::StartsWith("synced")); });
}

TEST(Disk, AWriteThatWasNotSyncedIsAppliedLostOrTornAtSectors) {
    std::set<std::string> fates;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
        before_and_after(
            seed, Crash::power_loss,
            [] {
                File file("/a", File::Mode::create);
                std::string const old(2048, 'o');
                file.write_at(0, old.data(), old.size());
                file.sync();
                sync_directory("/");
                std::string const fresh(1000, 'n'); // from within the first sector to within the third
                file.write_at(100, fresh.data(), fresh.size());
            },
            [&] {
                auto const now_there = content("/a");
                std::string fate;
                for (auto const& [from, to] : {std::pair{100, 512}, {512, 1024}, {1024, 1100}}) {
                    auto const part =
                        now_there.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
                    EXPECT_EQ(part, std::string(part.size(), part[0])) << "a sector is written whole or not at all";
                    fate += part[0];
                }
                EXPECT_EQ(std::count(now_there.begin(), now_there.begin() + 100, 'o'), 100);
                EXPECT_EQ(std::count(now_there.begin() + 1100, now_there.end(), 'o'), 948);
                fates.insert(fate);
            });
    EXPECT_THAT(fates, ElementsAre("nnn", "nno", "non", "noo", "onn", "ono", "oon", "ooo"));
}

TEST(Disk, ANameThatWasNotSyncedMayBeLostAndChangesKeepTheirOrder) {
    std::set<std::vector<std::string>> seen;
    for (std::uint64_t seed = 0; seed < 60; ++seed)
        before_and_after(
            seed, Crash::power_loss,
            [] {
                make_directory("/d");
                File("/d/first", File::Mode::create).sync();
                File("/d/second", File::Mode::create).sync();
                rename_file("/d/first", "/d/third");
            },
            [&] { seen.insert(list_directory("/d")); });
    EXPECT_THAT(seen, ::testing::UnorderedElementsAre(ElementsAre(), ElementsAre("first"),
                                                      ElementsAre("first", "second"), ElementsAre("second", "third")));
}

TEST(Disk, AReplacingRenameShowsOneOfBothFilesWhole) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 60; ++seed)
        before_and_after(
            seed, Crash::power_loss,
            [] {
                for (auto const* const name : {"/state", "/state.new"}) {
                    File file(name, File::Mode::create);
                    file.write_at(0, name, std::string_view(name).size());
                    file.sync();
                    sync_directory("/");
                }
                rename_file("/state.new", "/state");
            },
            [&] { seen.insert(content("/state")); });
    EXPECT_THAT(seen, ElementsAre("/state", "/state.new"));
}

TEST(Disk, APlantedDroppedSyncLosesData) {
    Options options;
    options.disk.drop_syncs = true;
    int lost = 0;
    for (std::uint64_t seed = 0; seed < 30; ++seed)
        before_and_after(
            seed, Crash::power_loss,
            [] {
                File file("/a", File::Mode::create);
                file.write_at(0, "synced", 6);
                file.sync();
                sync_directory("/");
            },
            [&] { lost += content("/a") != "synced"; }, options);
    EXPECT_GT(lost, 3);
}

TEST(Disk, FaultsComeOnRequest) {
    Options options;
    options.disk.enospc_one_in = options.disk.eio_one_in = 5;
    Simulation simulation(1, options);
    simulation.run([&] {
        File file("/a", File::Mode::create);
        std::set<int> errors;
        std::uint64_t partly_written = 0;
        for (int round = 0; round < 100; ++round) {
            file = File("/a" + std::to_string(round), File::Mode::create);
            auto const error = error_of([&] { file.write_at(0, "0123456789", 10); });
            errors.insert(error);
            partly_written += error == ENOSPC && file.size() > 0;
            EXPECT_EQ(file.size() == 10 || error != 0, true);
        }
        EXPECT_THAT(errors, ElementsAre(0, EIO, ENOSPC));
        EXPECT_GT(partly_written, 3u);
        simulation.calm();
        EXPECT_EQ(error_of([&] { file.write_at(0, "0123456789", 10); }), 0);
    });
}

TEST(Disk, ACrashDuringASyncLeavesTheWriteInDoubt) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Simulation simulation(seed);
        Node& node = simulation.node("node");
        simulation.run([&] {
            node.start([] {
                File file("/a", File::Mode::create);
                sync_directory("/");
                file.write_at(0, "x", 1);
                file.sync();
                ADD_FAILURE() << "power is lost before the sync can end";
            });
            node.crash_after(4, Crash::power_loss); // open, sync of the folder, write, sync
            EXPECT_TRUE(node.wait_until_down(now() + 1s));
            node.start([&] { seen.insert(content("/a")); });
            EXPECT_TRUE(node.wait_until_down(now() + 1s));
        });
    }
    EXPECT_THAT(seen, ElementsAre("", "x"));
}

} // namespace
} // namespace volutus::world

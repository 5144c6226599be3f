#include <testkit/temporary_folder.hpp>
#include <volutus/world.hpp>

#include <cerrno>
#include <fstream>
#include <gmock/gmock.h>
#include <set>
#include <system_error>

namespace volutus::world {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Files : public ::testing::Test {
protected:
    std::string path(std::string const& name) const { return folder_ / name; }
    testkit::TemporaryFolder folder_;
};

// The error that an action throws: its number, and whether it names what it should.
template <class Action> int error_naming(std::string const& name, Action action) {
    try {
        action();
    } catch (std::system_error const& error) {
        EXPECT_THAT(error.what(), HasSubstr(name));
        return error.code().value();
    }
    ADD_FAILURE() << "nothing was thrown about " << name;
    return 0;
}

TEST_F(Files, WhatWasWrittenIsRead) {
    File file(path("a"), File::Mode::create);
    file.write_at(3, "xyz", 3);
    file.sync();
    sync_directory(folder_.path());
    char got[8] = {};
    EXPECT_EQ(file.read_at(0, got, sizeof got), 6u) << "short at the end";
    EXPECT_EQ(std::string(got, 6), std::string("\0\0\0xyz", 6));
    EXPECT_EQ(file.read_at(6, got, sizeof got), 0u);
    file.truncate(4);
    EXPECT_EQ(file.size(), 4u);
}

TEST_F(Files, OpeningToCreateKeepsWhatIsThere) {
    File(path("a"), File::Mode::create).write_at(0, "kept", 4);
    EXPECT_EQ(File(path("a"), File::Mode::create).size(), 4u);
    EXPECT_EQ(File(path("a"), File::Mode::write).size(), 4u);
}

TEST_F(Files, AMovedFileIsClosedOnce) {
    File a(path("a"), File::Mode::create);
    File b(std::move(a));
    b.write_at(0, "1", 1);
    File c(path("c"), File::Mode::create);
    c = std::move(b);
    c.write_at(1, "2", 1);
    EXPECT_EQ(c.size(), 2u);
    EXPECT_EQ(error_naming("write", [&] { b.write_at(0, "3", 1); }), EBADF);
}

TEST_F(Files, ErrorsNameThePath) {
    EXPECT_EQ(error_naming(path("none"), [&] { File(path("none"), File::Mode::read); }), ENOENT);
    EXPECT_EQ(error_naming(path("none"), [&] { File(path("none"), File::Mode::write); }), ENOENT);
    EXPECT_EQ(error_naming(path("none"), [&] { list_directory(path("none")); }), ENOENT);
    EXPECT_EQ(error_naming(path("none"), [&] { sync_directory(path("none")); }), ENOENT);
    EXPECT_EQ(error_naming(path("b"), [&] { rename_file(path("none"), path("b")); }), ENOENT);
    File file(path("a"), File::Mode::create);
    EXPECT_EQ(error_naming(path("a"), [&] { File(path("a"), File::Mode::read).write_at(0, "x", 1); }), EBADF);
    EXPECT_EQ(error_naming(path("a"), [&] { make_directory(path("a/b")); }), EEXIST);
    EXPECT_EQ(error_naming(std::string(300, 'n'), [&] { file_exists(path(std::string(300, 'n'))); }), ENAMETOOLONG);
}

TEST_F(Files, NamesAreMadeMovedListedAndRemoved) {
    make_directory(path("deep/er"));
    make_directory(path("deep/er"));
    EXPECT_THAT(list_directory(path("deep/er")), ElementsAre());
    for (auto const* const name : {"b", "B", "a"}) File(path("deep/er/") + name, File::Mode::create);
    EXPECT_THAT(list_directory(path("deep/er")), ElementsAre("B", "a", "b"));
    rename_file(path("deep/er/a"), path("deep/er/b"));
    EXPECT_FALSE(file_exists(path("deep/er/a")));
    EXPECT_TRUE(file_exists(path("deep/er/b")));
    remove_file(path("deep/er/b"));
    remove_file(path("deep/er/b"));
    EXPECT_FALSE(file_exists(path("deep/er/b")));
    EXPECT_FALSE(file_exists(path("deep/er/B/below a file")));
}

TEST(Threads, AThreadIsJoinedBeforeItIsDestroyedOrReplaced) {
    Promised<int> go;
    bool first = false, second = false;
    {
        Thread thread("a name longer than the kernel keeps", [&] { first = go.take() == 7; });
        EXPECT_TRUE(thread.joinable());
        go.give(7);
        thread = Thread("second", [&] { second = true; });
        EXPECT_TRUE(first);
        thread.join();
        EXPECT_FALSE(thread.joinable());
    }
    EXPECT_TRUE(second);
}

TEST(Threads, APromisedValueThatDoesNotComeInTimeCanStillComeLater) {
    Promised<int> promised;
    EXPECT_EQ(promised.take_until(now() + 1ms), std::nullopt);
    promised.give(3);
    EXPECT_EQ(promised.take_until(now()), 3);
}

TEST(Threads, APromisedMayBeDestroyedByItsTaker) {
    for (int round = 0; round < 2000; ++round) {
        auto promised = std::make_unique<Promised<int>>();
        Thread giver("giver", [giving = promised.get()] { giving->give(1); });
        EXPECT_EQ(promised->take(), 1);
        promised.reset(); // under the thread sanitizer this fails if give() touches it after the lock is free
    }
}

TEST(Clocks, TimePassesWhileAThreadSleeps) {
    auto const start = now();
    sleep_for(2ms);
    EXPECT_GE(now() - start, 2ms);
    EXPECT_GT(wall_now().time_since_epoch(), std::chrono::hours(24 * 365 * 50));
}

TEST(Chance, RandomNumbersDoNotRepeat) {
    std::set<std::uint64_t> seen;
    for (int draw = 0; draw < 1000; ++draw) seen.insert(random_u64());
    EXPECT_EQ(seen.size(), 1000u);
    std::string bytes(1000, '\0');
    random_bytes(bytes.data(), bytes.size());
    EXPECT_NE(bytes.substr(0, 500), bytes.substr(500));
}

} // namespace
} // namespace volutus::world

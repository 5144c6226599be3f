// What was answered is there after the process died at any moment, and what a failing disk refused was not answered.
#include "store_fixture.hpp"

#include <csignal>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

namespace volutus::kernel::store {

namespace {
class StoreCrash : public StoreContract {};
VOLUTUS_STORE_ENGINES(StoreCrash);

struct Acknowledged {
    int thread, number;
    std::uint64_t revision;
};

// Applies for ever and tells the pipe of each that was answered; short writes to a pipe are whole.
[[noreturn]] void apply_until_killed(Options const& options, int pipe, int round) {
    Store store(options);
    store.declare(owner, {server_kind(), image_kind()});
    std::vector<world::Thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back("victim", [&, thread] {
            for (int number = 0;; ++number) {
                auto const id = fmt::format("{}-{}-{}", round, thread, number);
                contract::Apply one;
                one.put.push_back({"test.server", id, {{"project_id", "p"}, {"name", id}, {"tags", {"a", "b"}}}});
                one.claim.push_back({"host", "VCPU", id, 1});
                one.take.push_back({"pool", id, 1, 1'000'000});
                if (number % 3 == 2)
                    one.remove.push_back({"test.server", fmt::format("{}-{}-{}", round, thread, number - 1)});
                Acknowledged const told{thread, number, store.apply(owner, one).revision};
                if (::write(pipe, &told, sizeof told) != sizeof told) ::_exit(1);
            }
        });
    threads.clear();
    ::_exit(1);
}
} // namespace

TEST_P(StoreCrash, NothingThatWasAnsweredIsLostByKill9) {
    apply({.set = {{.account = "host", .resource = "VCPU", .total = -1}}});
    for (int round = 0; round < 8; ++round) {
        store_.reset();
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        auto const child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(ends[0]);
            Options options;
            options.engine = GetParam();
            options.database.path = path();
            apply_until_killed(options, ends[1], round);
        }
        ::close(ends[1]);
        std::vector<Acknowledged> answered;
        Acknowledged one{};
        bool killed = false;
        while (::read(ends[0], &one, sizeof one) == sizeof one) {
            answered.push_back(one);
            if (!killed && answered.size() >= static_cast<std::size_t>(20 + 37 * round)) {
                ::kill(child, SIGKILL);
                killed = true;
            }
        }
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(killed && WIFSIGNALED(status));

        reopen();
        for (auto const& [thread, number, revision] : answered) {
            EXPECT_LE(revision, store_->revision());
            if (number % 3 == 1) continue; // the next apply may have removed it
            auto const document = get("test.server", fmt::format("{}-{}-{}", round, thread, number));
            ASSERT_TRUE(document) << round << " " << thread << " " << number;
            EXPECT_EQ(document->revision, revision);
        }
        expect_sound();
    }
}

namespace {
// A file system for SQLite that fails on demand when its write-ahead log is written or synced.
std::atomic<int> fail_writes = 0, fail_syncs = 0; // so many of the next ones
int failure = SQLITE_IOERR;

struct FaultyFile {
    sqlite3_file base;
    bool log;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
FaultyFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultyFile*>(file); }

template <auto Member, class... Arguments> int pass(sqlite3_file* file, Arguments... arguments) {
    auto* real = of(file).real();
    return (real->pMethods->*Member)(real, arguments...);
}
int faulty_write(sqlite3_file* file, void const* from, int size, sqlite3_int64 offset) {
    if (of(file).log && fail_writes > 0 && fail_writes-- > 0) return failure;
    return pass<&sqlite3_io_methods::xWrite>(file, from, size, offset);
}
int faulty_sync(sqlite3_file* file, int flags) {
    if (of(file).log && fail_syncs > 0 && fail_syncs-- > 0) return SQLITE_IOERR_FSYNC;
    return pass<&sqlite3_io_methods::xSync>(file, flags);
}

sqlite3_vfs& real_vfs() { return *sqlite3_vfs_find(nullptr); }

int faulty_open(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* out) {
    using Io = sqlite3_io_methods;
    static Io const methods = {2,
                               pass<&Io::xClose>,
                               pass<&Io::xRead>,
                               faulty_write,
                               pass<&Io::xTruncate>,
                               faulty_sync,
                               pass<&Io::xFileSize>,
                               pass<&Io::xLock>,
                               pass<&Io::xUnlock>,
                               pass<&Io::xCheckReservedLock>,
                               pass<&Io::xFileControl>,
                               pass<&Io::xSectorSize>,
                               pass<&Io::xDeviceCharacteristics>,
                               pass<&Io::xShmMap>,
                               pass<&Io::xShmLock>,
                               [](sqlite3_file* file) {
                                   auto* real = of(file).real();
                                   real->pMethods->xShmBarrier(real);
                               },
                               pass<&Io::xShmUnmap>,
                               nullptr,
                               nullptr};
    auto& faulty = of(file);
    faulty.log = flags & SQLITE_OPEN_WAL;
    int const code = real_vfs().xOpen(&real_vfs(), name, faulty.real(), flags, out);
    faulty.base.pMethods = code == SQLITE_OK ? &methods : nullptr;
    return code;
}

char const* faulty_vfs() {
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs made = real_vfs();
        made.szOsFile += static_cast<int>(sizeof(FaultyFile));
        made.zName = "faulty";
        made.xOpen = faulty_open;
        return made;
    }();
    sqlite3_vfs_register(&vfs, 0);
    return vfs.zName;
}

class FailingDisk : public StoreContract {
protected:
    FailingDisk() {
        reopen([](Options& options) { options.database.vfs = faulty_vfs(); });
        put_server("before", "{}");
    }
    ~FailingDisk() override { fail_writes = fail_syncs = 0; }
};
INSTANTIATE_TEST_SUITE_P(Sqlite, FailingDisk, testing::Values("sqlite"), param_name);
} // namespace

TEST_P(FailingDisk, AFullDiskRefusesWithoutEffectAndTheStoreGoesOn) {
    failure = SQLITE_FULL;
    fail_writes = 1;
    EXPECT_EQ(refusal([&] { put_server("lost", "{}"); }).code, Code::unavailable);
    EXPECT_FALSE(get("test.server", "lost"));
    EXPECT_EQ(put_server("after", "{}"), 2u);
    reopen();
    EXPECT_FALSE(get("test.server", "lost"));
    EXPECT_TRUE(get("test.server", "before") && get("test.server", "after"));
    expect_sound();
}

TEST_P(FailingDisk, ACommitWhoseSyncFailedIsUndoneForGood) {
    fail_syncs = 1;
    EXPECT_EQ(refusal([&] { put_server("lost", "{}"); }).code, Code::unavailable);
    EXPECT_EQ(put_server("after", "{}"), 2u);
    EXPECT_FALSE(get("test.server", "lost"));
    expect_sound();
}

TEST_P(FailingDisk, ADiskThatIsFullForLongIsWrittenAgainOnceThereIsRoom) {
    failure = SQLITE_FULL;
    fail_writes = 1000;
    for (int i = 0; i < 3; ++i) {
        auto const refused = refusal([&] { put_server("lost", "{}"); });
        EXPECT_EQ(refused.code, Code::unavailable);
        EXPECT_NE(refused.message.find(path()), std::string::npos) << refused.message;
        EXPECT_NE(refused.message.find("free space"), std::string::npos) << refused.message;
    }
    EXPECT_TRUE(get("test.server", "before")); // reading goes on
    fail_writes = 0;
    EXPECT_EQ(put_server("after", "{}"), 2u);
    reopen();
    EXPECT_FALSE(get("test.server", "lost"));
    EXPECT_TRUE(get("test.server", "after"));
    expect_sound();
}

TEST_P(FailingDisk, WhileAnOutcomeIsUnknownNothingIsWrittenAndOnceTheDiskWorksItIsUndone) {
    fail_syncs = 1000;
    EXPECT_EQ(refusal([&] { put_server("unknown", "{}"); }).code, Code::unknown_outcome);
    EXPECT_EQ(refusal([&] { put_server("refused", "{}"); }).code, Code::unavailable);
    EXPECT_TRUE(get("test.server", "before")); // reading goes on
    fail_syncs = 0;
    EXPECT_EQ(put_server("after", "{}"), 2u);
    reopen();
    for (auto const* id : {"unknown", "refused"}) EXPECT_FALSE(get("test.server", id)) << id;
    EXPECT_TRUE(get("test.server", "after"));
    expect_sound();
}

} // namespace volutus::kernel::store

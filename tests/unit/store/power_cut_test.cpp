// What a power cut leaves: every write and sync of SQLite is recorded while applies go on, and each prefix of the record is
// made into a disk, on which a store must find all that was answered by then, and of no apply a part.
#include "store_fixture.hpp"

#include <gtest/gtest-spi.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

namespace volutus::kernel::store {

namespace {

struct Event {
    enum class Kind { write, truncate, sync, remove } kind;
    std::string file; // "" of the database, "-wal" of its log
    std::uint64_t offset = 0;
    std::string bytes;
};

// All events, in their order. Any thread.
class Tape {
public:
    void start(std::string const& database) {
        world::Lock lock(mutex_);
        database_ = database;
        events_.clear();
    }
    void stop() { start({}); }
    void add(Event::Kind kind, std::string_view path, std::uint64_t offset = 0, std::string_view bytes = {}) {
        world::Lock lock(mutex_);
        if (database_.empty() || !path.starts_with(database_)) return;
        auto const file = path.substr(database_.size());
        if (file.empty() || file == "-wal") events_.push_back({kind, std::string(file), offset, std::string(bytes)});
    }
    std::size_t size() const {
        world::Lock lock(mutex_);
        return events_.size();
    }
    std::vector<Event> events() const {
        world::Lock lock(mutex_);
        return events_;
    }

private:
    mutable world::Mutex mutex_;
    std::string database_;
    std::vector<Event> events_;
};
Tape tape;

// ---- the recording file system, above the host's ----

struct RecordedFile {
    sqlite3_file base;
    char const* path; // SQLite's, as long as the file is open; null for one without name
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
RecordedFile& of(sqlite3_file* file) { return *reinterpret_cast<RecordedFile*>(file); }
void record(sqlite3_file* file, Event::Kind kind, std::uint64_t offset = 0, std::string_view bytes = {}) {
    if (of(file).path) tape.add(kind, of(file).path, offset, bytes);
}

template <auto Member, class... Arguments> int pass(sqlite3_file* file, Arguments... arguments) {
    auto* real = of(file).real();
    return (real->pMethods->*Member)(real, arguments...);
}
using Io = sqlite3_io_methods;
int recorded_write(sqlite3_file* file, void const* from, int size, sqlite3_int64 offset) {
    record(file, Event::Kind::write, static_cast<std::uint64_t>(offset),
           {static_cast<char const*>(from), static_cast<std::size_t>(size)});
    return pass<&Io::xWrite>(file, from, size, offset);
}
int recorded_truncate(sqlite3_file* file, sqlite3_int64 size) {
    record(file, Event::Kind::truncate, static_cast<std::uint64_t>(size));
    return pass<&Io::xTruncate>(file, size);
}
int recorded_sync(sqlite3_file* file, int flags) {
    int const code = pass<&Io::xSync>(file, flags);
    record(file, Event::Kind::sync);
    return code;
}
constexpr Io methods{.iVersion = 2,
                     .xClose = pass<&Io::xClose>,
                     .xRead = pass<&Io::xRead>,
                     .xWrite = recorded_write,
                     .xTruncate = recorded_truncate,
                     .xSync = recorded_sync,
                     .xFileSize = pass<&Io::xFileSize>,
                     .xLock = pass<&Io::xLock>,
                     .xUnlock = pass<&Io::xUnlock>,
                     .xCheckReservedLock = pass<&Io::xCheckReservedLock>,
                     .xFileControl = pass<&Io::xFileControl>,
                     .xSectorSize = pass<&Io::xSectorSize>,
                     .xDeviceCharacteristics = pass<&Io::xDeviceCharacteristics>,
                     .xShmMap = pass<&Io::xShmMap>,
                     .xShmLock = pass<&Io::xShmLock>,
                     .xShmBarrier =
                         [](sqlite3_file* file) {
                             auto* real = of(file).real();
                             real->pMethods->xShmBarrier(real);
                         },
                     .xShmUnmap = pass<&Io::xShmUnmap>,
                     .xFetch = nullptr,
                     .xUnfetch = nullptr};

sqlite3_vfs& host() { return *sqlite3_vfs_find("unix"); }

int recorded_open(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* out) {
    int const code = host().xOpen(&host(), name, of(file).real(), flags, out);
    of(file).path = name;
    file->pMethods = code == SQLITE_OK ? &methods : nullptr;
    return code;
}
int recorded_delete(sqlite3_vfs*, char const* name, int sync) {
    int const code = host().xDelete(&host(), name, sync);
    if (code == SQLITE_OK) tape.add(Event::Kind::remove, name);
    return code;
}

char const* recording_vfs() {
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs made = host();
        made.szOsFile += static_cast<int>(sizeof(RecordedFile));
        made.zName = "recording";
        made.xOpen = recorded_open;
        made.xDelete = recorded_delete;
        return made;
    }();
    sqlite3_vfs_register(&vfs, 0);
    return vfs.zName;
}

// ---- the disk that is left ----

enum class Unsynced { kept, lost, torn };

class Disk {
public:
    void load(std::string const& file, std::string bytes) { files_[file].durable = std::move(bytes); }

    void follow(Event const& event) {
        auto& file = files_[event.file];
        switch (event.kind) {
        case Event::Kind::write:
        case Event::Kind::truncate: file.unsynced.push_back(event); break;
        case Event::Kind::sync:
            for (auto const& change : file.unsynced) apply(file.durable, change);
            file.unsynced.clear();
            file.removed = {}; // the log's first sync is its folder's, too
            break;
        case Event::Kind::remove:
            // Nobody syncs the folder for it, so until the next log is synced the old one may be back.
            file = {{}, {}, file.durable};
            break;
        }
    }

    std::map<std::string, std::string> after_cut(Unsynced fate, std::minstd_rand& random) const {
        std::map<std::string, std::string> left;
        for (auto const& [name, file] : files_) {
            bool const back = file.removed && fate != Unsynced::kept && (fate == Unsynced::lost || random() % 2 == 0);
            auto bytes = back ? *file.removed : file.durable;
            if (!back && fate != Unsynced::lost)
                for (auto const& change : file.unsynced)
                    fate == Unsynced::kept ? apply(bytes, change) : apply_torn(bytes, change, random);
            if (name.empty() || !bytes.empty()) left[name] = std::move(bytes);
        }
        return left;
    }

private:
    struct File {
        std::string durable;
        std::vector<Event> unsynced;
        std::optional<std::string> removed; // what lay under the name before
    };
    static void apply(std::string& bytes, Event const& change) {
        if (change.kind == Event::Kind::truncate) return bytes.resize(std::min(bytes.size(), change.offset));
        bytes.resize(std::max(bytes.size(), change.offset + change.bytes.size()));
        bytes.replace(change.offset, change.bytes.size(), change.bytes);
    }
    // Whole, not at all, or of its sectors some.
    static void apply_torn(std::string& bytes, Event const& change, std::minstd_rand& random) {
        constexpr std::size_t sector = 512;
        auto const luck = random() % 3;
        if (luck == 0) return;
        if (luck == 1 || change.kind == Event::Kind::truncate) return apply(bytes, change);
        for (std::size_t at = 0; at < change.bytes.size();) {
            auto const size = std::min(sector - (change.offset + at) % sector, change.bytes.size() - at);
            if (random() % 2 == 0)
                apply(bytes, {Event::Kind::write, {}, change.offset + at, change.bytes.substr(at, size)});
            at += size;
        }
    }
    std::map<std::string, File> files_;
};

std::string read_whole(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

struct Answered {
    int number;
    std::uint64_t revision;
    std::size_t events; // recorded when the answer came
};

class PowerCut : public StoreContract {
protected:
    // One apply that changes four places at once, and takes down the one before it.
    void apply_number(int number) {
        contract::Apply one;
        auto const name = fmt::format("{}", number);
        one.put.push_back({"test.server", name, {{"project_id", "p"}, {"name", name}, {"tags", {"a", "b"}}}});
        one.put.push_back({"test.image", name, {{"name", name}, {"fill", std::string(3000, 'x')}}});
        one.claim.push_back({"host", "VCPU", name, 1});
        if (number > 0) {
            auto const before = fmt::format("{}", number - 1);
            one.remove.push_back({"test.image", before});
            one.release.push_back({"host", "VCPU", before});
        }
        auto const revision = apply(one).revision;
        answered_.push_back({number, revision, tape.size()});
    }
    // The log begins anew, over what it held.
    void restart_log() {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open_v2(path().c_str(), &db, SQLITE_OPEN_READWRITE, recording_vfs()), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, "PRAGMA wal_checkpoint(RESTART)", nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(db);
    }
    void reopen_recording() {
        reopen([](Options& options) { options.database.vfs = recording_vfs(); });
    }

    // A store on what is left must have all that was answered, and all of each apply or nothing.
    void judge(std::map<std::string, std::string> const& left, std::size_t events, std::string const& what) {
        SCOPED_TRACE(what);
        testkit::TemporaryFolder const folder;
        Options options;
        options.engine = GetParam();
        options.database.path = folder / "store.db";
        options.readers = 1;
        for (auto const& [name, bytes] : left) std::ofstream(options.database.path + name, std::ios::binary) << bytes;
        Store store(options);
        store.declare(owner, {server_kind(), image_kind()});
        for (auto const& found : store.verify())
            ADD_FAILURE() << found.place << ": expected " << found.expected << ", found " << found.found;
        int last = -1; // of the applies that are there
        auto const there = [&](char const* kind, int number) {
            return store.get({kind, fmt::format("{}", number)}).has_value();
        };
        while (there("test.server", last + 1)) ++last;
        for (auto const& one : answered_)
            if (one.events <= events) {
                EXPECT_GE(last, one.number) << "answered, and not there";
                EXPECT_GE(store.revision(), one.revision);
            }
        for (int number = 0; number <= last + 1; ++number)
            EXPECT_EQ(there("test.image", number), number == last) << number << " of " << last;
        auto const accounts = store.accounts_of("host");
        ASSERT_EQ(accounts.size(), 1u);
        EXPECT_EQ(accounts[0].used, last >= 0 ? 1 : 0);
    }

    ~PowerCut() override { tape.stop(); }
    std::vector<Answered> answered_;
};
INSTANTIATE_TEST_SUITE_P(Sqlite, PowerCut, testing::Values("sqlite"), param_name);
} // namespace

TEST_P(PowerCut, AtAnyMomentLeavesAllThatWasAnsweredAndNoPartOfAnApply) {
    apply({.set = {{.account = "host", .resource = "VCPU", .total = -1}}});
    store_.reset(); // all of it is in the database now
    Disk disk;
    disk.load("", read_whole(path()));
    tape.start(path());
    reopen_recording();
    int number = 0;
    for (; number < 4; ++number) apply_number(number);
    restart_log();
    for (; number < 7; ++number) apply_number(number);
    reopen_recording(); // which ends the log, and begins another
    for (; number < 9; ++number) apply_number(number);
    auto const events = tape.events();
    tape.stop();
    ASSERT_GT(events.size(), 100u);

    std::minstd_rand random(1);
    for (std::size_t done = 0; done <= events.size() && !HasFailure(); ++done) {
        if (done > 0) disk.follow(events[done - 1]);
        for (auto const& [fate, name] :
             {std::pair(Unsynced::kept, "kept"), std::pair(Unsynced::lost, "lost"), std::pair(Unsynced::torn, "torn")})
            judge(disk.after_cut(fate, random), done,
                  fmt::format("after {} of {} events, unsynced writes {}", done, events.size(), name));
    }
}

// The same judge finds a disk that lies: without this the test above might see nothing.
TEST_P(PowerCut, ADiskWhoseSyncsDoNothingIsFoundOut) {
    apply({.set = {{.account = "host", .resource = "VCPU", .total = -1}}});
    store_.reset();
    Disk disk;
    disk.load("", read_whole(path()));
    tape.start(path());
    reopen_recording();
    apply_number(0);
    auto const events = tape.events();
    tape.stop();
    for (auto const& event : events)
        if (event.kind != Event::Kind::sync) disk.follow(event);
    std::minstd_rand random(1);
    testing::TestPartResultArray found;
    {
        testing::ScopedFakeTestPartResultReporter const caught(
            testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &found);
        judge(disk.after_cut(Unsynced::lost, random), events.size(), "lying disk");
    }
    EXPECT_GT(found.size(), 0);
}

} // namespace volutus::kernel::store

// A backup is one moment of a store that goes on, and nothing but a whole one is ever unpacked.
#include "store_fixture.hpp"

#include <kernel/store/backup.hpp>
#include <kernel/store/schema.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace volutus::kernel::store {

namespace {
class StoreBackup : public StoreContract {
protected:
    static bool go_on() { return true; }

    BackupLabel back_up(std::function<bool()> const& ask = go_on) {
        std::filesystem::remove(file_);
        int const handle = ::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        EXPECT_GE(handle, 0);
        try {
            store_->copy_to(handle, ask);
        } catch (...) {
            ::close(handle);
            throw;
        }
        ::close(handle);
        return seal_backup(GetParam(), file_);
    }
    BackupLabel unpack() {
        return unpack_backup(world::File(file_, world::File::Mode::read), file_, staged_path(path()));
    }
    // Opens what was unpacked, in place of the store.
    void restore() {
        unpack();
        store_.reset();
        begin_after_restore(*open_engine(GetParam(), {.path = staged_path(path())}));
        commit_restore(path());
        finish_restore(path());
        reopen();
    }
    void flip_byte(std::uint64_t at) {
        std::fstream bytes(file_, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekg(static_cast<std::streamoff>(at));
        auto const was = static_cast<char>(bytes.get());
        bytes.seekp(static_cast<std::streamoff>(at));
        bytes.put(static_cast<char>(was ^ 1));
    }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (auto const& entry : std::filesystem::directory_iterator(folder_.path()))
            found.push_back(entry.path().filename());
        return found;
    }

    std::string const file_ = folder_ / "backup";
};
VOLUTUS_STORE_ENGINES(StoreBackup);
} // namespace

TEST_P(StoreBackup, WhatWasThereIsThereAgainAndWhatCameLaterIsNot) {
    put_server("kept", R"({"project_id": "p", "name": "a"})");
    auto const blob = store_->put_blob("bytes");
    auto const label = back_up();
    EXPECT_EQ(label.revision, store_->revision());
    put_server("late", "{}");
    remove("test.server", "kept");
    restore();
    EXPECT_TRUE(get("test.server", "kept"));
    EXPECT_FALSE(get("test.server", "late"));
    EXPECT_EQ(store_->blob(blob), "bytes");
    expect_sound();
}

TEST_P(StoreBackup, ItIsOneMomentWhileWritersGoOn) {
    // Each apply moves one unit from one account's claim to the other's: 100 at any moment.
    apply({.set = {{.account = "a", .resource = "VCPU", .total = 1000},
                   {.account = "b", .resource = "VCPU", .total = 1000}}});
    for (int i = 0; i < 100; ++i) apply({.claim = {{"a", "VCPU", fmt::format("c{}", i), 1}}});
    std::atomic<bool> ending = false;
    std::atomic<int> moved = 0;
    world::Thread writer("writer", [&] {
        for (int i = 0; !ending; ++i) {
            auto const consumer = fmt::format("c{}", i % 100);
            auto const there = i / 100 % 2 == 0;
            contract::Apply one;
            one.release = {{there ? "a" : "b", "VCPU", consumer}};
            one.claim = {{there ? "b" : "a", "VCPU", consumer, 1}};
            apply(one);
            ++moved;
        }
    });
    for (int i = 0; i < 5; ++i) {
        auto const before = moved.load();
        back_up([&] {
            while (moved == before) world::sleep_for(std::chrono::milliseconds(1)); // something changes meanwhile
            return true;
        });
        unpack();
        Options options;
        options.engine = GetParam();
        options.database.path = staged_path(path());
        Store copy(options);
        EXPECT_TRUE(copy.verify().empty());
        EXPECT_EQ(copy.accounts_of("a").at(0).used + copy.accounts_of("b").at(0).used, 100);
    }
    ending = true;
    writer.join();
}

TEST_P(StoreBackup, OneThatIsGivenUpThrowsAndTheStoreGoesOn) {
    EXPECT_EQ(refusal([&] { back_up([] { return false; }); }).code, Code::cancelled);
    put_server("after", "{}");
    expect_sound();
}

TEST_P(StoreBackup, AByteThatChangedIsFoundWhereverItIs) {
    put_server("one", "{}");
    auto const label = back_up();
    for (auto const at : {std::uint64_t(0), label.bytes / 2, label.bytes - 1}) {
        flip_byte(at);
        auto const refused = refusal([&] { unpack(); });
        EXPECT_EQ(refused.code, Code::invalid) << at;
        EXPECT_NE(refused.message.find("damaged"), std::string::npos);
        EXPECT_FALSE(world::file_exists(staged_path(path())));
        flip_byte(at);
    }
    EXPECT_EQ(unpack().sha256, label.sha256);
}

TEST_P(StoreBackup, WhatIsNoBackupOrIsCutShortIsRefused) {
    back_up();
    auto const size = std::filesystem::file_size(file_);
    for (auto const left : {size - 1, size / 2, std::uintmax_t(0)}) {
        std::filesystem::resize_file(file_, left);
        EXPECT_EQ(refusal([&] { unpack(); }).code, Code::invalid) << left;
    }
    std::ofstream(file_) << "\n{\"volutus_backup\": 1}\n";
    EXPECT_EQ(refusal([&] { unpack(); }).code, Code::invalid);
    std::ofstream(file_) << "\n{\"volutus_backup\": 2, \"program\": \"9.0.0\"}\n";
    auto const newer = refusal([&] { unpack(); });
    EXPECT_EQ(newer.code, Code::conflict);
    EXPECT_NE(newer.message.find("9.0.0"), std::string::npos);
}

TEST_P(StoreBackup, OfADamagedStoreThereIsNone) {
    for (int i = 0; i < 200; ++i) put_server(fmt::format("s{}", i), R"({"name": "some text that fills pages"})");
    back_up();
    // As a bad disk would: pages in the middle are not what they were.
    std::fstream bytes(file_, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(40960);
    bytes << std::string(8192, 'x');
    bytes.close();
    auto const refused = refusal([&] { seal_backup(GetParam(), file_); });
    EXPECT_EQ(refused.code, Code::internal);
    EXPECT_NE(refused.message.find("damaged"), std::string::npos);
}

TEST_P(StoreBackup, RevisionsGoOnBeyondAllThatWereAndFollowersListAgain) {
    put_server("one", "{}");
    back_up();
    for (int i = 0; i < 10; ++i) put_server(fmt::format("s{}", i), "{}");
    auto const highest = store_->revision();
    restore();
    EXPECT_GT(store_->revision(), highest);
    contract::Changes follower;
    follower.since = highest;
    EXPECT_TRUE(refusal([&] { store_->changes(follower); }).details.at("compacted").as_bool());
    EXPECT_GT(put_server("next", "{}"), highest);
    expect_sound();
}

TEST_P(StoreBackup, ARestoreThatWasInterruptedIsFinishedWhereverItWas) {
    put_server("old", "{}");
    back_up();
    remove("test.server", "old");
    put_server("new", "{}");
    auto const committed = [&] {
        unpack();
        commit_restore(path());
    };
    // Nothing was moved yet; the store was moved away and the new one has no name yet.
    for (bool const moved : {false, true}) {
        committed();
        store_.reset();
        if (moved) {
            auto const all = names();
            auto const begun = std::find_if(all.begin(), all.end(),
                                            [](auto const& name) { return name.starts_with("store.db.restored-"); });
            ASSERT_NE(begun, all.end());
            auto const time = begun->substr(std::string_view("store.db.restored-").size());
            world::rename_file(path(), path() + ".replaced-" + time);
        }
        auto const aside = finish_restore(path());
        ASSERT_TRUE(aside);
        EXPECT_TRUE(world::file_exists(*aside));
        EXPECT_FALSE(finish_restore(path()));
        reopen();
        EXPECT_TRUE(get("test.server", "old"));
        EXPECT_FALSE(get("test.server", "new"));
        expect_sound();
    }
}

TEST_P(StoreBackup, AStoreOfANewerProgramIsRefusedByNameOfBothVersions) {
    reopen([](Options& options) { options.program = "2.0.0"; });
    store_.reset();
    {
        auto const writer = open_engine(GetParam(), {.path = path()})->writer();
        writer->begin_write();
        writer->execute("UPDATE store_head SET format = ?1", newest_format + 1);
        writer->commit();
    }
    auto const refused = refusal([&] { reopen([](Options& options) { options.program = "1.0.0"; }); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_NE(refused.message.find("volutusd 2.0.0 in format 4"), std::string::npos) << refused.message;
    EXPECT_NE(refused.message.find("this is volutusd 1.0.0, which knows formats up to 3"), std::string::npos);
    EXPECT_NE(refused.message.find("db restore"), std::string::npos);
    auto const label = read_label(GetParam(), {.path = path()});
    ASSERT_TRUE(label);
    EXPECT_EQ(label->program, "2.0.0"); // the refused one has changed nothing
    EXPECT_EQ(label->format, newest_format + 1);
}

} // namespace volutus::kernel::store

// The disk of a simulated machine: what programs see, and what a power loss leaves of it.
//
// A write is seen at once and is durable after a sync. At a power loss each write that was not synced is applied, lost,
// or torn: of the 512-byte sectors that it touches, some. Bytes beside those written never change. Names are journalled
// as file systems do it: of the changes to a folder that were not synced, some number of the first survive.
#pragma once

#include <kernel/world/scheduler.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace volutus::world {

struct DiskFaults {
    Duration sync_least = std::chrono::microseconds(100), sync_most = std::chrono::milliseconds(5);
    std::uint32_t enospc_one_in = 0; // writes that fail, some after a part was written
    std::uint32_t eio_one_in = 0;    // reads, writes and syncs that fail
    bool drop_syncs = false;         // planted bug: a file's sync succeeds and does nothing. Names still sync
};

enum class Crash { kill, power_loss }; // kill -9: what was written stays

// A file, whether it still has a name or not.
struct Inode {
    struct Change {
        std::uint64_t number = 0;
        bool truncates = false;
        std::uint64_t offset = 0; // or the new size
        std::string bytes;
    };
    std::uint64_t id = 0;
    std::string path; // as it was opened first, for messages; empty: never had a name, so that nothing of it lasts
    bool folder = false;
    std::string seen, durable;
    std::vector<Change> unsynced;
    std::uint64_t last_change = 0;
    std::shared_ptr<void> held; // what running programs keep for this file, such as locks. Gone after a crash
};
using InodeRef = std::shared_ptr<Inode>;

// Paths are compared after lexical normalisation; there are no links. Errors are std::system_error with errno and path.
// Reads, writes and syncs are scheduling points, and a sync takes time.
class Disk {
public:
    Disk(Scheduler& scheduler, DiskFaults const& faults) : scheduler_(scheduler), faults_(faults) {}

    InodeRef open(std::string const& path, File::Mode mode);
    InodeRef open_unnamed();
    std::size_t read(Inode const& inode, std::uint64_t offset, void* into, std::size_t size);
    void write(Inode& inode, std::uint64_t offset, void const* from, std::size_t size);
    void truncate(Inode& inode, std::uint64_t size);
    void sync(Inode& inode);

    InodeRef find(std::string const& path) const; // nullptr when nothing has that name
    void rename(std::string const& from, std::string const& to);
    void remove(std::string const& path);
    void make_directory(std::string const& path);
    std::vector<std::string> list(std::string const& path) const;
    void sync_directory(std::string const& path);

    void crash(Crash kind);

private:
    using Names = std::map<std::string, InodeRef>;
    struct NameChange {
        std::string erased;   // empty: none
        std::string inserted; // empty: none
        InodeRef inode;
    };
    InodeRef make(std::string path);
    void change_name(std::string const& folder, NameChange change);
    static void apply(Names& names, NameChange const& change);
    static void apply(std::string& content, Inode::Change const& change);
    void apply_torn(std::string& content, Inode::Change const& change);
    void settle(Inode& inode);
    void fail_sometimes(char const* what, Inode const& inode);

    Scheduler& scheduler_;
    DiskFaults const& faults_;
    Names seen_, durable_;
    std::map<std::string, std::vector<NameChange>> unsynced_; // by folder
    std::uint64_t last_inode_ = 0;
};

std::string folder_of(std::string const& path);
std::string normalised(std::string const& path); // "" for the folder that programs start in

} // namespace volutus::world

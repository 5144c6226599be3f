#include <kernel/world/sqlite_vfs.hpp>

#include <kernel/world/simulation.hpp>
#include <kernel/world/sqlite_locks.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <system_error>

namespace volutus::world {

namespace {

// SQLite gives the memory for it and never knows its C++ parts; close_file() destroys them.
struct OpenFile {
    sqlite3_file base;
    Disk* disk;
    InodeRef inode;
    std::optional<std::string> new_in_folder; // the first sync of the content makes the name last too
    std::string delete_at_close;
    std::shared_ptr<SqliteLocks> locks;
    SqliteLocks::Holder holder;
};

OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

// No exception may pass through SQLite's C code.
template <class Action> int guarded(int otherwise, Action action) {
    try {
        return action();
    } catch (std::system_error const& error) {
        return error.code().value() == ENOSPC ? SQLITE_FULL : otherwise;
    } catch (std::bad_alloc const&) {
        return SQLITE_NOMEM;
    }
}

// ---- a file ----

int close_file(sqlite3_file* file) {
    OpenFile& open = of(file);
    open.locks->leave_memory(open.holder);
    open.locks->unlock(open.holder, SQLITE_LOCK_NONE);
    auto const outcome = guarded(SQLITE_IOERR_CLOSE, [&open] {
        if (!open.delete_at_close.empty()) open.disk->remove(open.delete_at_close);
        return SQLITE_OK;
    });
    open.~OpenFile();
    return outcome;
}

int read_file(sqlite3_file* file, void* into, int wanted, sqlite3_int64 offset) {
    return guarded(SQLITE_IOERR_READ, [&] {
        auto const size = static_cast<std::size_t>(wanted);
        auto const got = of(file).disk->read(*of(file).inode, static_cast<std::uint64_t>(offset), into, size);
        if (got == size) return SQLITE_OK;
        std::memset(static_cast<char*>(into) + got, 0, size - got); // SQLite relies on it
        return SQLITE_IOERR_SHORT_READ;
    });
}

int write_file(sqlite3_file* file, void const* from, int size, sqlite3_int64 offset) {
    return guarded(SQLITE_IOERR_WRITE, [&] {
        of(file).disk->write(*of(file).inode, static_cast<std::uint64_t>(offset), from, static_cast<std::size_t>(size));
        return SQLITE_OK;
    });
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    return guarded(SQLITE_IOERR_TRUNCATE, [&] {
        of(file).disk->truncate(*of(file).inode, static_cast<std::uint64_t>(size));
        return SQLITE_OK;
    });
}

int sync_file(sqlite3_file* file, int) {
    return guarded(SQLITE_IOERR_FSYNC, [file] {
        OpenFile& open = of(file);
        open.disk->sync(*open.inode);
        if (open.new_in_folder) open.disk->sync_directory(*open.new_in_folder);
        open.new_in_folder.reset();
        return SQLITE_OK;
    });
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(of(file).inode->seen.size());
    return SQLITE_OK;
}

int lock_file(sqlite3_file* file, int level) {
    scheduler().point();
    return of(file).locks->lock(of(file).holder, level) ? SQLITE_OK : SQLITE_BUSY;
}

int unlock_file(sqlite3_file* file, int level) {
    of(file).locks->unlock(of(file).holder, level);
    return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* reserved) {
    *reserved = of(file).locks->reserved();
    return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }

int sector_size(sqlite3_file*) { return 512; }

// The disk never changes bytes beside those written, which is what this one promise means and what SQLite takes for
// granted of real disks too; torn and reordered writes are its own to survive.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int map_memory(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
    return guarded(SQLITE_IOERR_SHMMAP, [&] {
        *memory = of(file).locks->memory(of(file).holder, static_cast<std::size_t>(region),
                                         static_cast<std::size_t>(size), extend != 0);
        return SQLITE_OK;
    });
}

int lock_memory(sqlite3_file* file, int first, int count, int flags) {
    scheduler().point();
    return of(file).locks->lock_memory(of(file).holder, first, count, flags) ? SQLITE_OK : SQLITE_BUSY;
}

void memory_barrier(sqlite3_file*) { scheduler().point(); }

int unmap_memory(sqlite3_file* file, int) {
    of(file).locks->leave_memory(of(file).holder);
    return SQLITE_OK;
}

constexpr sqlite3_io_methods file_methods{
    .iVersion = 2, // shared memory; no mapped files
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_memory,
    .xShmLock = lock_memory,
    .xShmBarrier = memory_barrier,
    .xShmUnmap = unmap_memory,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// ---- the file system ----

int open_file(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr; // SQLite closes what it failed to open, unless this is null
    return guarded(SQLITE_CANTOPEN, [&] {
        Disk& disk = Simulation::current().here().disk();
        bool const creates = (flags & SQLITE_OPEN_CREATE) != 0;
        bool const is_new = name != nullptr && disk.find(name) == nullptr;
        if (!is_new && name != nullptr && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) return SQLITE_CANTOPEN;
        auto inode =
            name == nullptr ? disk.open_unnamed() : disk.open(name, creates ? File::Mode::create : File::Mode::write);
        if (!inode->held) inode->held = std::make_shared<SqliteLocks>();
        auto locks = std::static_pointer_cast<SqliteLocks>(inode->held);
        auto* const open = new (file) OpenFile{{}, &disk, std::move(inode), {}, {}, std::move(locks), {}};
        // As SQLite does it on Unix: the names of journals are made to last, that of the database is the caller's care.
        constexpr int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
        std::string const path = name == nullptr ? "" : name;
        if (is_new && (flags & journals) != 0) open->new_in_folder = folder_of(path);
        if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) open->delete_at_close = path;
        open->base.pMethods = &file_methods;
        if (out_flags != nullptr) *out_flags = flags;
        return SQLITE_OK;
    });
}

int delete_file(sqlite3_vfs*, char const* name, int sync_folder) {
    return guarded(SQLITE_IOERR_DELETE, [&] {
        Disk& disk = Simulation::current().here().disk();
        if (!disk.find(name)) return SQLITE_IOERR_DELETE_NOENT;
        disk.remove(name);
        if (sync_folder != 0) disk.sync_directory(folder_of(name));
        return SQLITE_OK;
    });
}

int access_file(sqlite3_vfs*, char const* name, int, int* out) {
    auto const inode = Simulation::current().here().disk().find(name);
    *out = inode && (inode->folder || !inode->seen.empty()); // an empty journal is none, as on Unix
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, char const* name, int size, char* out) {
    auto const path = normalised(name);
    if (path.size() >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::memcpy(out, path.c_str(), path.size() + 1);
    return SQLITE_OK;
}

int give_randomness(sqlite3_vfs*, int size, char* out) {
    random_bytes(out, static_cast<std::size_t>(size));
    return size;
}

int sleep_microseconds(sqlite3_vfs*, int microseconds) {
    sleep_for(std::chrono::microseconds(microseconds));
    return microseconds;
}

int current_time(sqlite3_vfs*, sqlite3_int64* milliseconds) {
    constexpr sqlite3_int64 unix_epoch = 24405875 * sqlite3_int64{8640000}; // in milliseconds of the Julian day
    auto const now = std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch());
    *milliseconds = unix_epoch + now.count();
    return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) { return 0; }

sqlite3_vfs simulated_disks{
    .iVersion = 2,
    .szOsFile = sizeof(OpenFile),
    .mxPathname = 512,
    .zName = "volutus-sim",
    .xOpen = open_file,
    .xDelete = delete_file,
    .xAccess = access_file,
    .xFullPathname = full_path,
    .xRandomness = give_randomness,
    .xSleep = sleep_microseconds,
    .xGetLastError = last_error,
    .xCurrentTimeInt64 = current_time,
};

} // namespace

void use_simulated_disks_in_sqlite() {
    static bool ready = false;
    if (!ready) {
        // All fibers are one OS thread, to which SQLite's mutexes are recursive or hang: a fiber that waits inside the
        // VFS would let another into what its mutex protects. Without them, one connection a fiber is what keeps order.
        ready = sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
                sqlite3_vfs_register(&simulated_disks, 1) == SQLITE_OK;
        if (!ready) {
            std::fputs("SQLite was used before the first simulation and cannot be configured any more\n", stderr);
            std::abort();
        }
    }
    sqlite3_randomness(0, nullptr); // forgets the last simulation's; seeded by give_randomness at its next use
}

} // namespace volutus::world

#include <kernel/store/sqlite_handle.hpp>

#include <sqlite3.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace volutus::kernel::store {

namespace {

struct OpenFile {
    sqlite3_file base;
    int handle;
};
int handle_of(sqlite3_file* file) { return reinterpret_cast<OpenFile*>(file)->handle; }

int failed(int otherwise) { return errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : otherwise; }

int read_file(sqlite3_file* file, void* into, int wanted, sqlite3_int64 offset) {
    auto* const to = static_cast<char*>(into);
    int got = 0;
    while (got < wanted) {
        auto const more = ::pread(handle_of(file), to + got, static_cast<std::size_t>(wanted - got), offset + got);
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return SQLITE_IOERR_READ;
        if (more == 0) break;
        got += static_cast<int>(more);
    }
    std::memset(to + got, 0, static_cast<std::size_t>(wanted - got)); // SQLite relies on it
    return got == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, void const* from, int size, sqlite3_int64 offset) {
    auto const* const bytes = static_cast<char const*>(from);
    for (int done = 0; done < size;) {
        auto const more = ::pwrite(handle_of(file), bytes + done, static_cast<std::size_t>(size - done), offset + done);
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return failed(SQLITE_IOERR_WRITE);
        done += static_cast<int>(more);
    }
    return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    return ::ftruncate(handle_of(file), size) == 0 ? SQLITE_OK : failed(SQLITE_IOERR_TRUNCATE);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    struct stat status{};
    if (::fstat(handle_of(file), &status) != 0) return SQLITE_IOERR_FSTAT;
    *size = status.st_size;
    return SQLITE_OK;
}

int check_reserved(sqlite3_file*, int* reserved) {
    *reserved = 0;
    return SQLITE_OK;
}

constexpr sqlite3_io_methods file_methods{
    .iVersion = 1, // no shared memory
    .xClose = [](sqlite3_file*) { return SQLITE_OK; },
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = [](sqlite3_file*, int) { return SQLITE_OK; },
    .xFileSize = file_size,
    .xLock = [](sqlite3_file*, int) { return SQLITE_OK; },
    .xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; },
    .xCheckReservedLock = check_reserved,
    .xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    .xSectorSize = [](sqlite3_file*) { return 0; },
    .xDeviceCharacteristics = [](sqlite3_file*) { return 0; },
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr; // SQLite closes what it failed to open, unless this is null
    int handle = -1;
    if (!name || (flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
    auto const* const end = name + std::strlen(name);
    if (std::from_chars(name, end, handle).ptr != end || handle < 0) return SQLITE_CANTOPEN;
    reinterpret_cast<OpenFile*>(file)->handle = handle;
    file->pMethods = &file_methods;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, char const* name, int size, char* out) {
    return std::snprintf(out, static_cast<std::size_t>(size), "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

int access_file(sqlite3_vfs*, char const*, int, int* out) {
    *out = 0; // no journals
    return SQLITE_OK;
}

} // namespace

char const* handle_vfs() {
    static sqlite3_vfs vfs = [] {
        sqlite3_vfs made = *sqlite3_vfs_find(nullptr); // its clock and random numbers
        made.szOsFile = sizeof(OpenFile);
        made.zName = "volutus-handle";
        made.xOpen = open_file;
        made.xDelete = [](sqlite3_vfs*, char const*, int) { return SQLITE_OK; };
        made.xAccess = access_file;
        made.xFullPathname = full_path;
        return made;
    }();
    sqlite3_vfs_register(&vfs, 0);
    return vfs.zName;
}

} // namespace volutus::kernel::store

// What the connections of one machine share about a database file: SQLite's file locks and the shared memory of WAL.
// It is in their processes' memory or held by their open files, and so gone after a crash. Its rules are those of
// "File Locking And Concurrency" and of xShmLock in SQLite's documentation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sqlite3.h>
#include <vector>

namespace volutus::world {

class SqliteLocks {
public:
    // One connection's view of them.
    struct Holder {
        int level = SQLITE_LOCK_NONE;
        bool uses_memory = false;
        std::uint32_t shared = 0, exclusive = 0; // bits of the memory's locks that it holds
    };

    bool lock(Holder& holder, int level); // false: busy
    void unlock(Holder& holder, int level);
    bool reserved() const { return reserved_ != nullptr; }

    void* memory(Holder& holder, std::size_t region, std::size_t size, bool extend); // nullptr: not there
    void leave_memory(Holder& holder);
    bool lock_memory(Holder& holder, int first, int count, int flags);

private:
    int readers_ = 0;
    Holder const* reserved_ = nullptr;
    Holder const* pending_ = nullptr;
    int memory_users_ = 0;
    std::vector<std::unique_ptr<std::uint64_t[]>> regions_;
    std::array<int, SQLITE_SHM_NLOCK> memory_readers_{};
    std::array<Holder const*, SQLITE_SHM_NLOCK> memory_writer_{};
};

} // namespace volutus::world

#include <kernel/world/sqlite_locks.hpp>

namespace volutus::world {

bool SqliteLocks::lock(Holder& holder, int level) {
    if (holder.level >= level) return true;
    bool const pending_elsewhere = pending_ != nullptr && pending_ != &holder;
    bool const reserved_elsewhere = reserved_ != nullptr && reserved_ != &holder;
    if (level == SQLITE_LOCK_SHARED) {
        if (pending_elsewhere) return false;
        ++readers_;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (reserved_elsewhere || pending_elsewhere) return false;
        reserved_ = &holder;
    } else {
        if (reserved_elsewhere || pending_elsewhere) return false;
        reserved_ = pending_ = &holder; // new readers are kept out from here on, also when this is refused
        holder.level = SQLITE_LOCK_PENDING;
        if (readers_ > 1) return false;
    }
    holder.level = level;
    return true;
}

void SqliteLocks::unlock(Holder& holder, int level) {
    if (holder.level <= level) return;
    if (reserved_ == &holder) reserved_ = nullptr;
    if (pending_ == &holder) pending_ = nullptr;
    if (level == SQLITE_LOCK_NONE) --readers_;
    holder.level = level;
}

void* SqliteLocks::memory(Holder& holder, std::size_t region, std::size_t size, bool extend) {
    if (!holder.uses_memory) ++memory_users_;
    holder.uses_memory = true;
    if (region >= regions_.size() && !extend) return nullptr;
    while (region >= regions_.size())
        regions_.push_back(
            std::make_unique<std::uint64_t[]>((size + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)));
    return regions_[region].get();
}

void SqliteLocks::leave_memory(Holder& holder) {
    if (!holder.uses_memory) return;
    lock_memory(holder, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK);
    holder.uses_memory = false;
    if (--memory_users_ == 0) regions_.clear();
}

bool SqliteLocks::lock_memory(Holder& holder, int first, int count, int flags) {
    for (int at = first; at < first + count; ++at) {
        auto const index = static_cast<std::size_t>(at);
        auto const bit = std::uint32_t{1} << at;
        if ((flags & SQLITE_SHM_UNLOCK) != 0) {
            if ((holder.shared & bit) != 0) --memory_readers_[index];
            if ((holder.exclusive & bit) != 0) memory_writer_[index] = nullptr;
            holder.shared &= ~bit;
            holder.exclusive &= ~bit;
            continue;
        }
        bool const mine = (holder.exclusive & bit) != 0;
        bool const others_read = memory_readers_[index] > ((holder.shared & bit) != 0 ? 1 : 0);
        if (memory_writer_[index] != nullptr && !mine) return false;
        if ((flags & SQLITE_SHM_EXCLUSIVE) != 0 && others_read) return false;
    }
    if ((flags & SQLITE_SHM_UNLOCK) != 0) return true;
    for (int at = first; at < first + count; ++at) {
        auto const index = static_cast<std::size_t>(at);
        auto const bit = std::uint32_t{1} << at;
        if ((flags & SQLITE_SHM_EXCLUSIVE) != 0) {
            memory_writer_[index] = &holder;
            holder.exclusive |= bit;
        } else if ((holder.shared & bit) == 0) {
            ++memory_readers_[index];
            holder.shared |= bit;
        }
    }
    return true;
}

} // namespace volutus::world

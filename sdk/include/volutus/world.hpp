// The one seam for everything that is not deterministic: clocks, random numbers, threads, waiting and files.
//
// The kernel and the plugins use these names and nothing else of the kind. In the product they are the standard
// library at no cost. Built with VOLUTUS_SIMULATION the same sources run in one thread under a seed: each Thread is
// a fiber, time is virtual, and the simulated disk loses, tears and reorders what was not synced.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifndef VOLUTUS_SIMULATION
#include <thread>
#endif

namespace volutus::world {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

Instant now();       // monotonic; for deadlines and durations
WallTime wall_now(); // UTC; for what people read. May jump
void sleep_until(Instant when);
inline void sleep_for(Duration duration) { sleep_until(now() + duration); }

// Cryptographically strong in the product, from the seed in the simulation.
void random_bytes(void* into, std::size_t size);
std::uint64_t random_u64();

#ifndef VOLUTUS_SIMULATION

using Mutex = std::mutex;
using SharedMutex = std::shared_mutex;
using Condition = std::condition_variable;

// A named thread that is joined before it is destroyed.
class Thread {
public:
    Thread() = default;
    Thread(std::string_view name, std::function<void()> body);
    Thread(Thread&&) noexcept = default;
    Thread& operator=(Thread&& other) noexcept {
        join(); // std::thread would end the program here
        thread_ = std::move(other.thread_);
        return *this;
    }
    ~Thread() { join(); }
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    bool joinable() const { return thread_.joinable(); }

private:
    std::thread thread_;
};

#else

struct Fiber; // kernel/world/fiber.hpp
struct Inode; // kernel/world/disk.hpp

// Fibers that wait. Which of them a wake reaches is chosen by the seed.
class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(WaitQueue const&) = delete;
    WaitQueue& operator=(WaitQueue const&) = delete;
    ~WaitQueue(); // nobody may wait here any more
    // False when the time came first. `what` (a literal) names the wait where a deadlock is reported.
    bool wait(std::optional<Instant> until, char const* what);
    void wake_one();
    void wake_all();

private:
    friend class Scheduler;
    Fiber* first_ = nullptr;
    std::size_t size_ = 0;
};

// Locking it twice, unlocking what another holds and circles of waiting fibers fail the simulation at once.
class Mutex {
public:
    void lock();
    bool try_lock();
    void unlock();

private:
    friend class Condition;
    void acquire();
    void release();
    std::uint64_t owner_ = 0; // the fiber's id
    WaitQueue queue_;
};

class SharedMutex {
public:
    void lock();
    bool try_lock();
    void unlock();
    void lock_shared();
    bool try_lock_shared();
    void unlock_shared();

private:
    std::size_t readers_ = 0;
    bool writer_ = false;
    WaitQueue queue_;
};

// As std::condition_variable, also in that it now and then wakes for no reason.
class Condition {
public:
    void notify_one();
    void notify_all();
    void wait(std::unique_lock<Mutex>& lock) { wait_one(lock, std::nullopt); }
    std::cv_status wait_until(std::unique_lock<Mutex>& lock, Instant until) {
        return wait_one(lock, until) ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    template <class Predicate> void wait(std::unique_lock<Mutex>& lock, Predicate done) {
        while (!done()) wait(lock);
    }
    template <class Predicate> bool wait_until(std::unique_lock<Mutex>& lock, Instant until, Predicate done) {
        while (!done())
            if (!wait_one(lock, until)) return done();
        return true;
    }
    template <class Predicate> bool wait_for(std::unique_lock<Mutex>& lock, Duration duration, Predicate done) {
        return wait_until(lock, now() + duration, std::move(done));
    }

private:
    bool wait_one(std::unique_lock<Mutex>& lock, std::optional<Instant> until);
    WaitQueue queue_;
};

class Thread {
public:
    Thread() = default;
    Thread(std::string_view name, std::function<void()> body);
    Thread(Thread&& other) noexcept : id_(other.id_) { other.id_ = 0; }
    Thread& operator=(Thread&& other) noexcept {
        join();
        id_ = other.id_;
        other.id_ = 0;
        return *this;
    }
    ~Thread() { join(); }
    void join();
    bool joinable() const { return id_ != 0; }

private:
    std::uint64_t id_ = 0;
};

#endif

using Lock = std::unique_lock<Mutex>;

// A value that one thread gives and another waits for. Each side is used once.
template <class T> class Promised {
public:
    void give(T value) {
        Lock lock(mutex_);
        value_ = std::move(value);
        given_.notify_all(); // still locked: whoever takes may destroy this as soon as it can lock
    }
    T take() {
        Lock lock(mutex_);
        given_.wait(lock, [this] { return value_.has_value(); });
        return std::move(*value_);
    }
    // nullopt when the time came first; the value may then still be given later.
    std::optional<T> take_until(Instant until) {
        Lock lock(mutex_);
        given_.wait_until(lock, until, [this] { return value_.has_value(); });
        return std::exchange(value_, std::nullopt);
    }

private:
    Mutex mutex_;
    Condition given_;
    std::optional<T> value_;
};

// A file for durable state. Every failure throws std::system_error with errno and the path.
// Nothing is durable before sync(); a new or renamed name is durable after sync_directory() of its folder. After a
// sync() that failed nobody knows what is on the disk, and a later one that succeeds says nothing about it: start again
// from what can be read.
class File {
public:
    enum class Mode { read, write, create }; // write: must exist; create: made if absent, never truncated
    File() = default;
    File(std::string const& path, Mode mode);
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();
    std::size_t read_at(std::uint64_t offset, void* into, std::size_t size) const; // short at the end only
    void write_at(std::uint64_t offset, void const* from, std::size_t size);
    void truncate(std::uint64_t size);
    void sync();
    std::uint64_t size() const;

private:
#ifndef VOLUTUS_SIMULATION
    int handle_ = -1;
#else
    Inode& writable() const;
    std::shared_ptr<Inode> inode_;
    bool writable_ = false;
#endif
    std::string path_;
};

bool file_exists(std::string const& path);                        // throws when nobody can tell
void rename_file(std::string const& from, std::string const& to); // replaces `to` atomically
void remove_file(std::string const& path);                        // removing what is gone succeeds
void make_directory(std::string const& path); // with its parents, durable on return; existing ones are fine
std::vector<std::string> list_directory(std::string const& path); // names, sorted bytewise
void sync_directory(std::string const& path);

} // namespace volutus::world

// The simulator's side of the seam: clocks, chance, threads and waiting.
#include <kernel/world/scheduler.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace volutus::world {

namespace {
constexpr WallTime simulated_epoch{std::chrono::hours(24 * 365 * 56)}; // late in 2025
constexpr std::uint64_t outside_fibers = ~std::uint64_t{0};

std::uint64_t current_id() {
    Fiber const* const fiber = scheduler().current();
    return fiber == nullptr ? outside_fibers : fiber->id;
}

// Fails the simulation if the current fiber, were it to wait for `owner`, would wait for itself.
void refuse_circle(std::uint64_t owner) {
    auto const self = current_id();
    Fiber const* fiber = nullptr;
    do {
        if (owner == self) scheduler().fail("deadlock: a circle of fibers, each waiting for the next");
        fiber = scheduler().find(owner);
        if (fiber == nullptr || fiber->waits_for_owner == nullptr) return;
        owner = *fiber->waits_for_owner;
    } while (owner != 0);
}
} // namespace

Instant now() { return scheduler().now(); }

WallTime wall_now() {
    auto at = now().time_since_epoch();
    if (Fiber const* const fiber = scheduler().current()) {
        auto const& options = scheduler().options();
        auto& random = scheduler().random();
        if (random.one_in(options.clock_jump_one_in))
            fiber->process->clock_error = random.between(-options.clock_jump_at_most, options.clock_jump_at_most);
        at += fiber->process->clock_error;
    }
    return simulated_epoch + std::chrono::duration_cast<std::chrono::microseconds>(at);
}

void sleep_until(Instant when) { scheduler().sleep_until(when); }

std::uint64_t random_u64() { return scheduler().random().next(); }

void random_bytes(void* into, std::size_t size) {
    auto* at = static_cast<char*>(into);
    while (size > 0) {
        auto const word = random_u64();
        auto const part = size < sizeof word ? size : sizeof word;
        std::memcpy(at, &word, part);
        at += part;
        size -= part;
    }
}

// ---- WaitQueue ----

WaitQueue::~WaitQueue() {
    if (first_ == nullptr) return;
    std::fprintf(stderr, "a queue is destroyed in which fiber %s waits for %s\n", first_->name.c_str(),
                 first_->waits_for);
    std::abort();
}

bool WaitQueue::wait(std::optional<Instant> until, char const* what) { return scheduler().wait(this, until, what); }

void WaitQueue::wake_one() {
    if (first_ == nullptr) return;
    Fiber* chosen = first_;
    for (auto skip = size_ == 1 ? 0 : scheduler().random().below(size_); skip > 0; --skip) chosen = chosen->next;
    scheduler().wake(*chosen);
}

void WaitQueue::wake_all() {
    while (first_ != nullptr) scheduler().wake(*first_);
}

// ---- Mutex ----

void Mutex::lock() {
    scheduler().point();
    acquire();
}

void Mutex::acquire() {
    while (owner_ != 0) {
        refuse_circle(owner_);
        scheduler().wait(&queue_, std::nullopt, "a mutex", &owner_);
    }
    owner_ = current_id();
}

bool Mutex::try_lock() {
    scheduler().point();
    if (owner_ != 0) return false;
    owner_ = current_id();
    return true;
}

void Mutex::release() {
    if (owner_ != current_id())
        scheduler().fail(fmt::format("fiber {} unlocks a mutex that fiber {} holds", current_id(), owner_));
    owner_ = 0;
    queue_.wake_one();
}

void Mutex::unlock() {
    release();
    scheduler().point(); // last: who gets the mutex may destroy it
}

// ---- SharedMutex ----

void SharedMutex::lock() {
    scheduler().point();
    while (writer_ || readers_ > 0) queue_.wait(std::nullopt, "a shared mutex");
    writer_ = true;
}

bool SharedMutex::try_lock() {
    scheduler().point();
    if (writer_ || readers_ > 0) return false;
    return writer_ = true;
}

void SharedMutex::unlock() {
    writer_ = false;
    queue_.wake_all();
    scheduler().point();
}

void SharedMutex::lock_shared() {
    scheduler().point();
    while (writer_) queue_.wait(std::nullopt, "a shared mutex, to read");
    ++readers_;
}

bool SharedMutex::try_lock_shared() {
    scheduler().point();
    if (writer_) return false;
    ++readers_;
    return true;
}

void SharedMutex::unlock_shared() {
    if (--readers_ == 0) queue_.wake_all();
    scheduler().point();
}

// ---- Condition ----

void Condition::notify_one() {
    queue_.wake_one();
    scheduler().point();
}

void Condition::notify_all() {
    queue_.wake_all();
    scheduler().point();
}

bool Condition::wait_one(std::unique_lock<Mutex>& lock, std::optional<Instant> until) {
    Mutex& mutex = *lock.mutex();
    Scheduler& fibers = scheduler();
    fibers.point();
    mutex.release(); // nobody runs before this fiber is in the queue, so no notification is missed
    bool notified = true;
    if (fibers.random().one_in(fibers.options().spurious_one_in))
        fibers.yield();
    else
        notified = queue_.wait(until, "a condition");
    mutex.acquire();
    return notified;
}

// ---- Thread ----

Thread::Thread(std::string_view name, std::function<void()> body) {
    Fiber const* const fiber = scheduler().current();
    if (fiber == nullptr) {
        std::fputs("a thread is started outside the simulation's fibers, where no process owns it\n", stderr);
        std::abort();
    }
    id_ = scheduler().spawn(*fiber->process, name, std::move(body));
    scheduler().point();
}

void Thread::join() {
    auto const id = std::exchange(id_, 0);
    if (id == 0) return;
    Fiber* const fiber = scheduler().find(id);
    if (fiber == nullptr) return;
    refuse_circle(id);
    scheduler().wait(&fiber->ended, std::nullopt, "the end", &fiber->id);
}

} // namespace volutus::world

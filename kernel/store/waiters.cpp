#include <kernel/store/waiters.hpp>

#include <algorithm>

namespace volutus::kernel::store {

namespace {
constexpr auto asked_every = std::chrono::milliseconds(500);
}

std::uint64_t Head::revision() const {
    world::Lock lock(mutex_);
    return revision_;
}

void Head::publish(std::uint64_t revision, std::set<std::string, std::less<>> const& kinds) {
    world::Lock lock(mutex_);
    revision_ = std::max(revision_, revision);
    for (auto* waiter : waiters_) {
        bool const concerned = !waiter->kinds || std::ranges::any_of(*waiter->kinds, [&](auto const& kind) {
            return kinds.contains(kind);
        });
        if (waiter->woken || revision_ < waiter->revision || !concerned) continue;
        waiter->woken = true;
        waiter->wake.notify_one(); // under the lock: the waiter's condition goes away with it
    }
}

void Head::close() {
    world::Lock lock(mutex_);
    closed_ = true;
    for (auto* waiter : waiters_) waiter->wake.notify_one();
}

bool Head::wait_for(std::uint64_t revision, Patience const& patience) {
    world::Lock lock(mutex_);
    if (revision_ >= revision) return true;
    Waiter waiter{revision, nullptr};
    return wait(lock, waiter, patience);
}

bool Head::wait_beyond(std::uint64_t since, std::vector<std::string> const& kinds, Patience const& patience) {
    world::Lock lock(mutex_);
    // What came since the reader looked may or may not concern it: it looks again.
    if (revision_ > since) return true;
    Waiter waiter{since + 1, kinds.empty() ? nullptr : &kinds};
    return wait(lock, waiter, patience);
}

bool Head::wait(world::Lock& lock, Waiter& waiter, Patience const& patience) {
    auto const place = waiters_.insert(waiters_.end(), &waiter);
    auto const done = [&] { return waiter.woken || closed_; };
    if (!patience.until && !patience.given_up) {
        waiter.wake.wait(lock, done);
    } else {
        while (!done()) {
            auto next = patience.until.value_or(world::Instant::max());
            if (patience.given_up) next = std::min(next, world::now() + asked_every);
            if (waiter.wake.wait_until(lock, next, done)) break;
            if (patience.until && world::now() >= *patience.until) break;
            if (patience.given_up && patience.given_up()) break;
        }
    }
    waiters_.erase(place);
    return waiter.woken;
}

} // namespace volutus::kernel::store

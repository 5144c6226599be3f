#include <kernel/store/waiters.hpp>

#include <algorithm>

namespace volutus::kernel::store {

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

void Head::Waiter::cancelled() {
    world::Lock lock(head.mutex_);
    given_up = true;
    wake.notify_one();
}

bool Head::wait_for(std::uint64_t revision, Patience const& patience) {
    Waiter waiter(*this, revision, nullptr);
    return wait(waiter, patience);
}

bool Head::wait_beyond(std::uint64_t since, std::vector<std::string> const& kinds, Patience const& patience) {
    Waiter waiter(*this, since + 1, kinds.empty() ? nullptr : &kinds);
    return wait(waiter, patience);
}

bool Head::wait(Waiter& waiter, Patience const& patience) {
    // What came since the reader looked may or may not concern it: it looks again.
    if (revision() >= waiter.revision) return true;
    // Outside the lock, which whoever cancels takes within the cancellation's own.
    std::optional<plugin::Cancellation::Watch> watch;
    if (patience.cancelled) watch.emplace(*patience.cancelled, waiter);
    world::Lock lock(mutex_);
    if (revision_ >= waiter.revision) return true;
    auto const place = waiters_.insert(waiters_.end(), &waiter);
    auto const done = [&] { return waiter.woken || waiter.given_up || closed_; };
    if (patience.until)
        waiter.wake.wait_until(lock, *patience.until, done);
    else
        waiter.wake.wait(lock, done);
    waiters_.erase(place);
    return waiter.woken;
}

} // namespace volutus::kernel::store

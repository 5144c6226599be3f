// The head of the feed in memory, and who waits for it. A waiter is woken only by what it waits for, so that many of
// them cost a commit next to nothing.
#pragma once

#include <kernel/plugin/cancellation.hpp>

#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace volutus::kernel::store {

// How long a reader is ready to wait.
struct Patience {
    std::optional<world::Instant> until;
    plugin::Cancellation* cancelled = nullptr; // of the call that waits; null: nobody cancels it
};

class Head {
public:
    std::uint64_t revision() const;
    void publish(std::uint64_t revision, std::set<std::string, std::less<>> const& kinds);
    void close(); // wakes all; nobody waits any more

    // Until the head is at least `revision`, or has gone beyond `since` with a change of one of the kinds (empty: any).
    // False when patience, or the store, ended first.
    bool wait_for(std::uint64_t revision, Patience const& patience);
    bool wait_beyond(std::uint64_t since, std::vector<std::string> const& kinds, Patience const& patience);

private:
    struct Waiter final : plugin::Cancellation::Listener {
        Waiter(Head& of, std::uint64_t from, std::vector<std::string> const* which)
            : head(of), revision(from), kinds(which) {}
        void cancelled() override;
        Head& head;
        std::uint64_t revision;                // woken from here on
        std::vector<std::string> const* kinds; // null: any
        bool woken = false, given_up = false;
        world::Condition wake;
    };
    bool wait(Waiter& waiter, Patience const& patience);

    mutable world::Mutex mutex_;
    std::uint64_t revision_ = 0;
    bool closed_ = false;
    std::list<Waiter*> waiters_;
};

} // namespace volutus::kernel::store

// The fibers that wait for a time: a binary heap in which each fiber knows its place, so that leaving early is cheap
// and nothing is allocated for a wait.
#pragma once

#include <kernel/world/fiber.hpp>

#include <cstddef>
#include <vector>

namespace volutus::world {

class Timers {
public:
    void add(Fiber& fiber, Instant when);
    void remove(Fiber& fiber); // no effect when it is not here
    bool empty() const { return heap_.empty(); }
    Fiber& first() const { return *heap_.front(); } // the earliest; among equals the one that was started first

private:
    static bool before(Fiber const& a, Fiber const& b) { return a.timer != b.timer ? a.timer < b.timer : a.id < b.id; }
    void place(Fiber& fiber, std::size_t at) {
        heap_[at] = &fiber;
        fiber.in_timers = at;
    }
    void settle(Fiber& fiber, std::size_t at);

    std::vector<Fiber*> heap_;
};

} // namespace volutus::world

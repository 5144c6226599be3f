#include <kernel/world/timers.hpp>

namespace volutus::world {

void Timers::add(Fiber& fiber, Instant when) {
    fiber.timer = when;
    heap_.push_back(nullptr);
    settle(fiber, heap_.size() - 1);
}

void Timers::remove(Fiber& fiber) {
    if (fiber.in_timers == Fiber::nowhere) return;
    std::size_t const at = fiber.in_timers;
    fiber.in_timers = Fiber::nowhere;
    Fiber* const last = heap_.back();
    heap_.pop_back();
    if (last != &fiber) settle(*last, at);
}

// Puts the fiber into the hole at `at`, moving the hole up or down to where the fiber belongs.
void Timers::settle(Fiber& fiber, std::size_t at) {
    while (at > 0 && before(fiber, *heap_[(at - 1) / 2])) {
        place(*heap_[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    while (2 * at + 1 < heap_.size()) {
        std::size_t child = 2 * at + 1;
        if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
        if (!before(*heap_[child], fiber)) break;
        place(*heap_[child], at);
        at = child;
    }
    place(fiber, at);
}

} // namespace volutus::world

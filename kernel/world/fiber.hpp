// A fiber as the scheduler sees it, and the process that it belongs to.
#pragma once

#include <kernel/world/fiber_context.hpp>
#include <volutus/world.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace volutus::world {

class Node;

// What fibers belong to and end with.
struct Process {
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    std::uint64_t id = 0;
    std::string name;
    Node* node = nullptr;   // the machine it runs on
    Duration clock_error{}; // of that machine's wall clock
    // Scheduling points of its fibers until it is struck, and what is done then: by the scheduler, outside any fiber.
    std::uint64_t points_left = never;
    std::function<void()> strike;
};

struct Fiber {
    static constexpr std::size_t nowhere = ~std::size_t{0};

    std::uint64_t id = 0; // in order of their start, from 1
    std::string name;
    Process* process = nullptr;
    std::function<void()> body;
    FiberContext context;

    std::size_t in_runnable = nowhere;
    std::size_t in_timers = nowhere;
    Instant timer;

    WaitQueue* queue = nullptr; // where it waits, in a ring of those that wait there
    Fiber* next = nullptr;
    Fiber* previous = nullptr;
    char const* waits_for = nullptr;
    std::uint64_t const* waits_for_owner = nullptr; // the id of the fiber that holds it, now
    bool timed_out = false;
    int static_initialisers = 0; // under way on its stack

    WaitQueue ended; // those that join it
};

Fiber* current_fiber(); // nullptr outside any

} // namespace volutus::world

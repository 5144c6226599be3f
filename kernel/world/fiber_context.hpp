// The machine state of one fiber: its stack, its registers, and what the C++ runtime keeps for a thread.
//
// Boost.Context switches stack and registers. The exceptions that are being handled are kept by the runtime for the
// thread and must be switched too, else a fiber that waits inside a catch block rethrows another's exception.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/stack_context.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace volutus::world {

// Stacks with a guard page below, used again. Memory is taken as it is touched.
class StackPool {
public:
    StackPool() = default;
    StackPool(StackPool const&) = delete;
    StackPool& operator=(StackPool const&) = delete;
    ~StackPool();
    boost::context::stack_context take();
    void give(boost::context::stack_context const& stack);

private:
    std::vector<boost::context::stack_context> free_;
};

class FiberContext {
public:
    FiberContext() = default;
    FiberContext(FiberContext const&) = delete;
    FiberContext& operator=(FiberContext const&) = delete;
    ~FiberContext() { abandon(); }

    // The entry must not throw, and nothing may be left on its stack when it returns.
    void prepare(StackPool& stacks, void (*entry)(void*), void* argument);
    void enter(); // by the scheduler: runs the fiber until it leaves or ends
    void leave(); // by the fiber: returns when it is entered again
    bool ended() const { return ended_; }
    // Never to be entered again. Nothing on its stack is destroyed: that is how a process ends under kill -9.
    void abandon();

private:
    struct Exceptions { // as __cxa_get_globals() lays them out
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };
    void arrived(); // first thing on the fiber's side of a switch
    void leaving(); // last thing there

    boost::context::fiber fiber_, scheduler_;
    boost::context::stack_context stack_;
    StackPool* stacks_ = nullptr;
    bool ended_ = true;
    Exceptions exceptions_;
    // The address sanitizer is told of each switch; unused without it.
    [[maybe_unused]] void* fiber_frames_ = nullptr;
    [[maybe_unused]] void* scheduler_frames_ = nullptr;
    [[maybe_unused]] void const* scheduler_stack_ = nullptr;
    [[maybe_unused]] std::size_t scheduler_stack_size_ = 0;
};

} // namespace volutus::world

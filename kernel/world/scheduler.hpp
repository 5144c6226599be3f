// Runs fibers one at a time, picks the next one by the seed, and owns virtual time.
//
// Time moves a little with every step, and jumps to the next timer when nothing can run. So a fiber never sees real
// time, and a day in which little happens is over at once.
#pragma once

#include <kernel/world/fiber.hpp>
#include <kernel/world/random.hpp>
#include <kernel/world/timers.hpp>
#include <kernel/world/trace.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::world {

struct SchedulerOptions {
    std::uint64_t steps = 20'000'000;   // a simulation that takes more has failed
    std::uint32_t preempt_one_in = 8;   // scheduling points at which another fiber may go on; 0: only where one waits
    std::uint32_t spurious_one_in = 64; // waits for a condition that end for no reason
    Duration step_time = std::chrono::microseconds(1);
    std::uint32_t clock_jump_one_in = 0; // readings of a wall clock before which somebody sets it; 0: never
    Duration clock_jump_at_most = std::chrono::hours(24); // from the right time, either way
};

// Deadlock, livelock, an exception that left a fiber, or a wait where none is allowed. The message lists the fibers.
class SimulationFailed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Scheduler {
public:
    Scheduler(SchedulerOptions const& options, Random& random, Trace& trace);
    Scheduler(Scheduler const&) = delete;
    Scheduler& operator=(Scheduler const&) = delete;
    ~Scheduler();

    // For the simulation, outside any fiber.
    void run_until(bool const& done);
    void abandon_all();
    void abandon(Process const& process); // its fibers stop where they stand; no destructor runs, nobody is woken

    // From anywhere.
    std::uint64_t spawn(Process& process, std::string_view name, std::function<void()> body);
    void at(Instant when, std::function<void()> event); // outside any fiber; must not wait
    void wake(Fiber& fiber);
    Instant now() const { return now_; }
    Fiber* current() const { return current_; } // nullptr outside any fiber
    Fiber* find(std::uint64_t id) const;
    Random& random() const { return random_; }
    Trace& trace() const { return trace_; }
    SchedulerOptions const& options() const { return options_; }

    // From a fiber.
    void point(); // a scheduling point: another fiber may go on, the process may crash. No effect outside fibers
    void yield();
    void sleep_until(Instant when) { wait(nullptr, when, "a time"); }
    bool wait(WaitQueue* queue, std::optional<Instant> until, char const* what, std::uint64_t const* owner = nullptr);
    // Has the scheduler do something as soon as this fiber has left; returns if the fiber is still there after it.
    void outside(std::function<void()> action);
    [[noreturn]] void fail(std::string const& why);

    static void enqueue(WaitQueue& queue, Fiber& fiber);
    static void unlink(Fiber& fiber);

private:
    static void entry(void* fiber);
    void step();
    void enter(Fiber& fiber);
    void leave();
    void count_point();
    void wake_what_is_due();
    void make_runnable(Fiber& fiber);
    void forget_runnable(Fiber& fiber);
    std::string listing() const;

    SchedulerOptions const& options_;
    Random& random_;
    Trace& trace_;
    StackPool stacks_;
    std::map<std::uint64_t, std::unique_ptr<Fiber>> fibers_;
    std::vector<Fiber*> runnable_;
    Timers timers_;
    std::multimap<Instant, std::function<void()>> events_;
    Fiber* current_ = nullptr;
    std::function<void()> outside_;
    std::optional<std::string> failure_;
    std::uint64_t last_id_ = 0;
    std::uint64_t steps_ = 0;
    Instant now_{std::chrono::hours(1)}; // not zero, so that an hour before now is a time too
};

// The running simulation's. Ends the program when there is none: nothing of the seam works outside.
Scheduler& scheduler();

} // namespace volutus::world

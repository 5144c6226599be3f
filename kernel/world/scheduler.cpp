#include <kernel/world/scheduler.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <typeinfo>
#include <utility>

namespace volutus::world {

namespace {
Scheduler* running = nullptr;

// Where an abandoned fiber's things go: its process was killed, so their destructors must not run.
template <class T> void leak(T&& value) {
    [[maybe_unused]] auto const* const leaked = new std::decay_t<T>(std::forward<T>(value));
}
} // namespace

Scheduler& scheduler() {
    if (running == nullptr) {
        std::fputs("the world is used outside of a simulation: nothing may wait or use files before Simulation is "
                   "constructed, a static initialiser least of all\n",
                   stderr);
        std::abort();
    }
    return *running;
}

Fiber* current_fiber() { return running == nullptr ? nullptr : running->current(); }

Scheduler::Scheduler(SchedulerOptions const& options, Random& random, Trace& trace)
    : options_(options), random_(random), trace_(trace) {
    if (running != nullptr) throw std::logic_error("a simulation is running already in this program");
    running = this;
}

Scheduler::~Scheduler() {
    abandon_all();
    running = nullptr;
}

void Scheduler::abandon_all() {
    // All are unlinked before any stack is used again: queues may lie on those stacks.
    for (auto& [id, fiber] : fibers_) unlink(*fiber);
    for (auto& [id, fiber] : fibers_) leak(std::move(fiber->body));
    fibers_.clear();
    runnable_.clear();
    timers_ = {};
    events_.clear();
}

// ---- outside the fibers ----

void Scheduler::run_until(bool const& done) {
    if (current_ != nullptr) throw std::logic_error("a simulation is run from outside its fibers");
    if (failure_) throw SimulationFailed(*failure_);
    while (!done) step();
}

void Scheduler::step() {
    wake_what_is_due();
    if (runnable_.empty()) {
        if (timers_.empty() && events_.empty()) fail("deadlock: nothing can run and nothing is awaited from time");
        Instant next = Instant::max();
        if (!timers_.empty()) next = timers_.first().timer;
        if (!events_.empty()) next = std::min(next, events_.begin()->first);
        now_ = next;
        return;
    }
    Fiber& chosen = *runnable_[runnable_.size() == 1 ? 0 : random_.below(runnable_.size())];
    forget_runnable(chosen);
    now_ += options_.step_time;
    trace_.note("run", chosen.id, static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    if (++steps_ > options_.steps) fail(fmt::format("livelock: {} steps did not end it", options_.steps));
    enter(chosen);
}

void Scheduler::enter(Fiber& fiber) {
    current_ = &fiber;
    fiber.context.enter();
    current_ = nullptr;
    if (fiber.context.ended()) {
        trace_.note("end", fiber.id);
        while (fiber.ended.first_ != nullptr) wake(*fiber.ended.first_);
        fibers_.erase(fiber.id);
    }
    if (outside_) std::exchange(outside_, nullptr)();
    if (failure_) throw SimulationFailed(*failure_);
}

void Scheduler::wake_what_is_due() {
    while (!timers_.empty() && timers_.first().timer <= now_) {
        Fiber& fiber = timers_.first();
        fiber.timed_out = true;
        wake(fiber);
    }
    while (!events_.empty() && events_.begin()->first <= now_) {
        auto const event = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        event();
    }
}

void Scheduler::abandon(Process const& process) {
    std::vector<std::uint64_t> abandoned; // later, as in abandon_all()
    for (auto& [id, fiber] : fibers_) {
        if (fiber->process != &process) continue;
        unlink(*fiber);
        timers_.remove(*fiber);
        if (fiber->in_runnable != Fiber::nowhere) forget_runnable(*fiber);
        abandoned.push_back(id);
    }
    for (auto const id : abandoned) {
        Fiber& fiber = *fibers_.at(id);
        while (fiber.ended.first_ != nullptr) unlink(*fiber.ended.first_);
        leak(std::move(fiber.body));
        fiber.context.abandon();
        fibers_.erase(id);
    }
}

// ---- from anywhere ----

std::uint64_t Scheduler::spawn(Process& process, std::string_view name, std::function<void()> body) {
    auto fiber = std::make_unique<Fiber>();
    fiber->id = ++last_id_;
    fiber->name = name;
    fiber->process = &process;
    fiber->body = std::move(body);
    fiber->context.prepare(stacks_, &Scheduler::entry, fiber.get());
    trace_.note("start", fiber->id, process.id);
    make_runnable(*fiber);
    fibers_.emplace(fiber->id, std::move(fiber));
    return last_id_;
}

void Scheduler::entry(void* argument) {
    auto& fiber = *static_cast<Fiber*>(argument);
    try {
        auto const body = std::move(fiber.body); // on this stack, so that it is abandoned with it
        body();
        return;
    } catch (std::exception const& error) {
        fiber.name += fmt::format(" (it threw: {})", error.what());
    } catch (...) {
        fiber.name += " (it threw what is no std::exception)";
    }
    running->fail(fmt::format("an exception left {}/{}", fiber.process->name, fiber.name));
}

void Scheduler::at(Instant when, std::function<void()> event) { events_.emplace(when, std::move(event)); }

void Scheduler::wake(Fiber& fiber) {
    unlink(fiber);
    timers_.remove(fiber);
    trace_.note("wake", fiber.id, fiber.timed_out);
    make_runnable(fiber);
}

Fiber* Scheduler::find(std::uint64_t id) const {
    auto const found = fibers_.find(id);
    return found == fibers_.end() ? nullptr : found->second.get();
}

void Scheduler::make_runnable(Fiber& fiber) {
    fiber.waits_for = nullptr;
    fiber.waits_for_owner = nullptr;
    fiber.in_runnable = runnable_.size();
    runnable_.push_back(&fiber);
}

void Scheduler::forget_runnable(Fiber& fiber) {
    runnable_.back()->in_runnable = fiber.in_runnable;
    runnable_[fiber.in_runnable] = runnable_.back();
    runnable_.pop_back();
    fiber.in_runnable = Fiber::nowhere;
}

void Scheduler::enqueue(WaitQueue& queue, Fiber& fiber) {
    fiber.queue = &queue;
    if (queue.first_ == nullptr) {
        queue.first_ = fiber.next = fiber.previous = &fiber;
    } else {
        fiber.next = queue.first_;
        fiber.previous = queue.first_->previous;
        fiber.previous->next = fiber.next->previous = &fiber;
    }
    ++queue.size_;
}

void Scheduler::unlink(Fiber& fiber) {
    if (fiber.queue == nullptr) return;
    WaitQueue& queue = *std::exchange(fiber.queue, nullptr);
    fiber.previous->next = fiber.next;
    fiber.next->previous = fiber.previous;
    if (--queue.size_ == 0)
        queue.first_ = nullptr;
    else if (queue.first_ == &fiber)
        queue.first_ = fiber.next;
}

// ---- from a fiber ----

void Scheduler::point() {
    if (current_ == nullptr || current_->static_initialisers > 0) return;
    count_point();
    if (!random_.one_in(options_.preempt_one_in)) return;
    make_runnable(*current_);
    leave();
}

void Scheduler::yield() {
    if (current_ == nullptr || current_->static_initialisers > 0) return;
    count_point();
    make_runnable(*current_);
    leave();
}

void Scheduler::count_point() {
    if (++steps_ > options_.steps) fail(fmt::format("livelock: {} steps did not end it", options_.steps));
    Process& process = *current_->process;
    if (process.points_left == Process::never || --process.points_left > 0) return;
    process.points_left = Process::never;
    outside(process.strike);
}

bool Scheduler::wait(WaitQueue* queue, std::optional<Instant> until, char const* what, std::uint64_t const* owner) {
    if (current_ == nullptr) {
        std::fprintf(stderr, "a wait for %s outside the simulation's fibers would never end\n", what);
        std::abort();
    }
    if (current_->static_initialisers > 0) {
        std::fprintf(stderr, "a static initialiser waits for %s: a second fiber that needs it would wait for ever\n",
                     what);
        std::abort();
    }
    count_point();
    Fiber& fiber = *current_;
    fiber.timed_out = false;
    fiber.waits_for = what;
    fiber.waits_for_owner = owner;
    if (queue != nullptr) enqueue(*queue, fiber);
    if (until) timers_.add(fiber, *until);
    leave();
    return !fiber.timed_out;
}

void Scheduler::outside(std::function<void()> action) {
    if (current_ == nullptr) return action();
    outside_ = std::move(action);
    make_runnable(*current_);
    leave();
}

void Scheduler::leave() { current_->context.leave(); }

void Scheduler::fail(std::string const& why) {
    failure_ = why + "\n" + listing();
    if (current_ == nullptr) throw SimulationFailed(*failure_);
    for (;;) current_->context.leave(); // the simulation ends; this fiber never goes on
}

std::string Scheduler::listing() const {
    auto const milliseconds = [](Instant when) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
    };
    std::string out = fmt::format("at {} ms, after {} steps:", milliseconds(now_), steps_);
    for (auto const& [id, fiber] : fibers_) {
        out += fmt::format("\n  {}/{} (fiber {}) ", fiber->process->name, fiber->name, id);
        if (fiber.get() == current_)
            out += "runs";
        else if (fiber->waits_for == nullptr)
            out += "can run";
        else
            out += fmt::format("waits for {}", fiber->waits_for);
        if (fiber->waits_for_owner != nullptr) out += fmt::format(" of fiber {}", *fiber->waits_for_owner);
        if (fiber->in_timers != Fiber::nowhere) out += fmt::format(" until {} ms", milliseconds(fiber->timer));
    }
    return out;
}

} // namespace volutus::world

// Threads for work that may block, with a bounded queue before them.
#pragma once

#include <volutus/world.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <string>

namespace volutus::kernel::gateway {

class Pool {
public:
    Pool(std::string name, unsigned threads, std::size_t queue_limit);
    ~Pool() { stop(); }
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;

    using Job = std::function<void()>; // must not throw
    // False when the queue is full: the job was not taken.
    bool submit(Job job);
    // For the next piece of work already admitted, which must not be turned away half done.
    void go_on(Job job);
    std::size_t depth() const; // jobs waiting
    void stop();               // works the queue off and joins; no job may come after

    // A job does not come back: another thread takes the place of its own, and goes once the job calls came_back().
    void stand_in();
    void came_back();

private:
    using Threads = std::list<world::Thread>;
    void add();
    void run(Threads::iterator own);

    std::string const name_;
    mutable world::Mutex mutex_;
    world::Condition wake_;
    std::deque<Job> queue_;
    std::size_t limit_;
    std::size_t idle_ = 0;
    std::size_t too_many_ = 0; // threads, which end when they are done with their job
    bool stopping_ = false;
    Threads threads_, ended_;
};

} // namespace volutus::kernel::gateway

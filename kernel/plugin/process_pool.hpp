// Threads that serve calls. A bounded number runs at once; a thread that waits for the other end of a link does not
// count, so that two pools whose calls wait for each other cannot lock. Threads are made when they are needed.
#pragma once

#include <volutus/world.hpp>

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace volutus::kernel::plugin {

class Pool {
public:
    Pool(std::string name, std::size_t at_once, std::size_t longest_queue)
        : name_(std::move(name)), at_once_(at_once), longest_queue_(longest_queue) {}
    ~Pool(); // what is queued is dropped, what runs is waited for
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;

    // Any thread. False when too much is queued.
    bool add(std::function<void()> job);

    // For a thread of the pool: it waits, it runs again.
    void waits();
    void runs();

private:
    void work();
    void employ(); // with the mutex held: lets a thread take what is queued

    std::string const name_;
    std::size_t const at_once_, longest_queue_;
    world::Mutex mutex_;
    world::Condition changed_;
    std::deque<std::function<void()>> queue_;
    std::size_t running_ = 0, idle_ = 0;
    bool stopping_ = false;
    std::vector<world::Thread> threads_;
};

} // namespace volutus::kernel::plugin

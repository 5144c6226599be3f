// The thread on which libvirt tells of changes. libvirt has one event loop for a whole process: two plugins that use
// it at the same time, as during an upgrade, each bring a thread, and the loop gives way to whichever comes.
#pragma once

#include <volutus/world.hpp>

#include <atomic>

namespace volutus::compute::libvirt {

class EventLoop {
public:
    EventLoop() = default;
    EventLoop(EventLoop const&) = delete;
    EventLoop& operator=(EventLoop const&) = delete;
    ~EventLoop() { stop(); }

    void start(); // before the first connection is opened
    void stop();  // returns when the thread has ended; connections must be closed before

private:
    std::atomic<bool> stopping_{false};
    world::Thread thread_;
};

} // namespace volutus::compute::libvirt

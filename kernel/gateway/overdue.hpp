// Watches over calls that a plugin may not come back from.
//
// A call that is not back when it is due is cancelled, and given up a moment later if it is inside the code of a plugin
// that can be blamed: the plugin is quarantined (see plugin::Suspect), its client is told, and the call's thread is left to
// it. What waits for the kernel itself or for another process is not given up: those end by themselves.
#pragma once

#include "kernel/gateway/handler.hpp"
#include "kernel/plugin/call_frame.hpp"

#include <map>
#include <string>

namespace volutus::kernel::gateway {

class Overdue {
public:
    Overdue();
    ~Overdue(); // no call is watched any more
    Overdue(Overdue const&) = delete;
    Overdue& operator=(Overdue const&) = delete;

    // A call, or several of one context, for as long as this lives. Without an exchange there is nobody to be told, and it
    // cannot be given up; nor can it without `by`.
    class Watched {
    public:
        Watched(Overdue* by, plugin::CallContext& context, Exchange* exchange, std::string const& service,
                world::Duration patience);
        ~Watched() { pause(); }
        Watched(Watched const&) = delete;
        Watched& operator=(Watched const&) = delete;

        // Due that much later.
        void expect_within(world::Duration patience);
        // Not due until it is expected again: for as long as it waits for somebody else.
        void pause();

    private:
        friend class Overdue;
        void wait_until(world::Instant when); // with mutex_ held

        Overdue* const by_;
        plugin::CallContext& context_;
        Exchange* const exchange_;
        std::string const& service_;
        bool given_up_ = false;
        world::Instant due_{};
        std::multimap<world::Instant, Watched*>::iterator place_;
    };

private:
    void keep();
    void look();

    world::Mutex mutex_;
    world::Condition changed_;
    std::multimap<world::Instant, Watched*> watched_; // by when each is looked at
    world::Instant wakes_ = world::Instant::max();    // a call that is watched for less wakes the thread; most never do
    bool stopping_ = false;
    world::Thread thread_;
};

} // namespace volutus::kernel::gateway

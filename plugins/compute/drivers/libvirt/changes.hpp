// What libvirt tells of its guests: kept for who asks for news, and given to calls that wait for their own change.
#pragma once

#include <volutus/call.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <vector>

namespace volutus::compute::libvirt {

enum class Change { started, stopped, other };

class Changes {
public:
    Changes();

    // Told by the event loop.
    void happened(std::string const& id, Change change);
    void lost();  // the connection: from now on changes may go by unseen
    void close(); // all who wait return

    // What a call does to a server by itself is no news: while one of these lives, changes of its server are its own.
    class Watch {
    public:
        Watch(Changes& changes, std::string id);
        Watch(Watch const&) = delete;
        Watch& operator=(Watch const&) = delete;
        ~Watch();
        // Whether that change came, or anything may have happened because the connection was lost; false when the time
        // came first. Throws when the call is cancelled or beyond its deadline.
        bool wait_for(Change change, Call& call, world::Instant until);

    private:
        friend class Changes;
        Changes& changes_;
        std::string const id_;
        bool started_ = false, stopped_ = false, changed_ = false, lost_ = false;
        std::list<Watch*>::iterator place_;
    };

    struct News {
        std::vector<std::string> servers; // each once
        std::uint64_t next = 0;
        bool missed = false;
    };
    // Waits for news after that number (0: after now), until shortly before the call's deadline.
    News after(std::uint64_t number, Call& call);

private:
    world::Mutex mutex_;
    world::Condition told_;
    std::deque<std::string> news_; // numbered from first_ on
    std::uint64_t first_;
    std::list<Watch*> watches_;
    bool closed_ = false;
};

} // namespace volutus::compute::libvirt

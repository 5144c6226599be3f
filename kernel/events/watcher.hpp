// One client that watches: what it may hear and how far it has come.
#pragma once

#include <kernel/gateway/live_feed.hpp>
#include <volutus/contract/store.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace volutus::kernel::events {

struct Wanted {
    std::uint64_t since = 0;            // everything up to here is known
    std::vector<std::string> kinds;     // empty: all
    std::optional<std::string> project; // none: every project's, and what is nobody's
    bool as_operator = false;           // see print_event
    std::int64_t expires = 0;           // microseconds since 1970, UTC; 0: never
    // Does the token still stand for somebody who may watch this? Asked on the hub's thread when callers have changed.
    std::function<bool()> still_allowed;
};

// An event, printed once for all who watch.
struct Event {
    std::uint64_t revision = 0;
    std::string kind, project;
    std::shared_ptr<std::string const> to_operators, to_members; // the latter only where it is some project's
};
Event event_of(volutus::store::FeedEntry const& entry);

// All of it by the mutex of the hub, but for what is marked.
struct Watcher {
    explicit Watcher(Wanted what);
    bool wants(Event const& event) const;
    gateway::News news_of(Event const& event) const;

    Wanted const wanted;
    world::Instant const until; // its token's end
    std::uint64_t cursor;       // all up to here was told, or does not concern it
    bool waiting = false;       // to be woken
    std::string over;           // why no more is told; empty: it goes on
    std::function<void()> wake;

    // Of its own thread, whichever that is at the time; see LiveFeed.
    std::uint32_t skip = 0;           // entries of the apply after the cursor that were told
    std::vector<gateway::News> found; // by catch_up()
    std::uint64_t found_until = 0;
};

} // namespace volutus::kernel::events

// The feed, handed on to everybody who watches from outside.
//
// One thread follows the store's feed, prints each event once and wakes whom it concerns; it rests while nobody watches.
// The last events are kept, up to a bound, and watchers take from there with a cursor of their own, so that a thousand
// of them cost no read of the store. Whoever is further behind reads the store itself.
//
// Nobody hears of a change that came after a revocation of its token: when the feed says that callers have changed, each
// watcher is asked again before that change and what follows is handed on. A second thread ends those whose tokens expire,
// at their time; a token's life is counted from the beginning of its watch, whatever becomes of the wall clock.
#pragma once

#include <kernel/events/watcher.hpp>
#include <kernel/store/store.hpp>

#include <deque>
#include <vector>

namespace volutus::kernel::events {

class Hub {
public:
    static constexpr std::size_t most_kept = 16u << 20; // bytes of printed events

    explicit Hub(store::Store& store, std::size_t kept = most_kept);
    ~Hub(); // nobody watches any more
    Hub(Hub const&) = delete;
    Hub& operator=(Hub const&) = delete;

    // Throws conflict with "compacted", as Store::changes, for changes that are no longer kept, and unauthenticated when
    // the token was revoked meanwhile. Any thread.
    std::unique_ptr<gateway::LiveFeed> watch(Wanted wanted);
    std::size_t watchers() const;

private:
    friend class Watch;
    void run();
    void begin();
    void follow();
    void publish(std::vector<volutus::store::FeedEntry> const& entries, std::uint64_t revision);
    void ask_again();
    void end_expired();
    world::Instant next_end() const;
    void trim();
    void end(Watcher& watcher, std::string why);
    bool take_kept(Watcher& watcher, std::vector<gateway::News>& into, std::size_t most);

    store::Store& store_;
    std::size_t const kept_;
    plugin::Cancellation stopped_;

    mutable world::Mutex mutex_;
    world::Condition somebody_; // watches
    std::vector<std::shared_ptr<Watcher>> watchers_;
    std::deque<Event> events_;           // of whole applies, in order
    std::size_t bytes_ = 0;              // of them
    std::uint64_t floor_ = 0, head_ = 0; // they are all that came after floor_, up to head_
    bool following_ = false;

    std::vector<volutus::store::FeedEntry> part_; // of an apply that comes in parts; of the thread
    world::Condition ends_;                       // something ends earlier than was known
    world::Instant next_end_ = world::Instant::max();
    world::Thread thread_, expiry_;
};

} // namespace volutus::kernel::events

// Which hosts could take a demand, out of memory: an index that follows the feed. It may lag behind the store by moments
// and never refuses to answer for that; the ledger judges the claim.
#pragma once

#include <kernel/scheduler/index.hpp>
#include <kernel/store/store.hpp>
#include <volutus/world.hpp>

#include <string>
#include <vector>

namespace volutus::kernel::scheduler {

// Documents of this kind are hosts. The fields, with dots, hold arrays of strings; "" where there are none.
struct HostKind {
    std::string kind, traits, aggregates;
};

struct Options {
    Weights weights;
    world::Duration pause = std::chrono::seconds(1); // after the feed could not be read
};

class Scheduler {
public:
    Scheduler(store::Store& store, Options options) : store_(store), options_(std::move(options)) {}
    // What waits for the store is woken, as by Store::stop_waiting.
    ~Scheduler();
    Scheduler(Scheduler const&) = delete;
    Scheduler& operator=(Scheduler const&) = delete;

    void declare(HostKind kind) { kinds_.push_back(std::move(kind)); } // before start(); the store knows the kind
    void start();                                                      // lists all hosts, then follows
    void stop(); // asks the follower to end; it has when this object is gone. What is known can still be asked for

    // Any thread. Code::invalid for a demand beyond its bounds.
    contract::Candidates candidates(contract::Demand const& demand) const;
    // False when the time came before the index showed the store at this revision.
    bool wait_for(std::uint64_t revision, world::Instant until) const;

private:
    Index list() const;
    void follow(std::uint64_t since);
    void take(std::vector<volutus::store::FeedEntry> const& entries);
    void add(Index& index, HostKind const& kind, volutus::store::Document const& document) const;
    void add_stock(Index& index, std::string const& host, std::vector<volutus::store::Account> const& accounts) const;
    HostKind const* find(std::string_view kind) const;
    void publish(std::uint64_t revision);

    store::Store& store_;
    Options const options_;
    std::vector<HostKind> kinds_;

    mutable world::SharedMutex index_mutex_;
    Index index_; // written by the follower only, which therefore reads it without the lock

    mutable world::Mutex mutex_;
    mutable world::Condition changed_;
    std::uint64_t revision_ = 0; // that the index shows
    bool stopping_ = false;
    world::Thread follower_;
};

} // namespace volutus::kernel::scheduler

// One event loop with its connections, and what they all share.
#pragma once

#include "kernel/gateway/gateway.hpp"
#include "kernel/gateway/meters.hpp"
#include "kernel/gateway/pool.hpp"
#include "kernel/gateway/transport.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace volutus::kernel::gateway {

// How many connections are open, and the wait for there to be none. Any thread.
class OpenConnections {
public:
    // False where there are `most` already, or `most_of_one` of this client; then nothing was added.
    bool add(std::string const& client, std::size_t most, std::size_t most_of_one) {
        world::Lock const lock(mutex_);
        if (count_ >= most) return false;
        auto& of_one = of_clients_[client]; // there are no more entries than connections
        if (of_one >= most_of_one) return false;
        ++of_one;
        ++count_;
        return true;
    }
    void remove(std::string const& client) {
        world::Lock const lock(mutex_);
        if (auto const found = of_clients_.find(client); --found->second == 0) of_clients_.erase(found);
        if (--count_ == 0) none_.notify_all();
    }
    std::size_t count() const { return count_; }
    // False when the time came first.
    bool wait_for_none(world::Instant until) {
        world::Lock lock(mutex_);
        return none_.wait_until(lock, until, [this] { return count_ == 0; });
    }

private:
    std::atomic<std::size_t> count_{0}; // read without the lock
    world::Mutex mutex_;
    std::unordered_map<std::string, std::size_t> of_clients_;
    world::Condition none_;
};

// What all connections of a gateway use. Any thread.
struct Shared {
    Shared(Config config, metrics::Metrics& metrics);
    Config const config;
    Networks const trusted;
    Meters meters;
    std::shared_ptr<Handler> const pages; // /healthz, /readyz, /metrics
    Router const pages_router;
    std::atomic<bool> draining{false};
    OpenConnections connections;
    RateLimiter clients;
    std::atomic<std::size_t> held{0};   // bytes of requests and replies, all connections together
    Pool documents, uploads, downloads; // last: their threads end first

    void report(std::string_view what) const {
        if (config.report) config.report(what);
    }
};

class IoThread {
public:
    IoThread(Shared& shared, std::shared_ptr<RouteTable const> table);
    ~IoThread(); // stop() must have come before
    void start();
    void stop(); // cuts the connections and joins

    Shared& shared;
    // The hint is not 1, with which what a thread posts would wait for that same thread.
    asio::io_context context{2};

    // What the loop runs does not come back: another thread goes on with the loop. Once back it throws LeftBehind, and
    // touches nothing that is the loop's. Any thread.
    void stand_in();
    struct LeftBehind {};

    // The rest only on the thread that runs the loop.
    std::shared_ptr<RouteTable const> table;
    void add(Connection& connection) { connections_.insert(&connection); }
    void remove(Connection& connection) { connections_.erase(&connection); }
    // Calls its take_turn() when those before it have had their turn, one in each pass over the events of all others: who
    // has just sent something waits for one turn at most, however many wait here.
    void wait_for_turn(std::shared_ptr<Connection> connection);
    void drain();
    void abort_all();
    void replace_table(std::shared_ptr<RouteTable const> next);
    std::string_view date();                   // of the Date header
    void append_request_id(std::string& into); // "req-<uuid>"

private:
    void sweep();
    void call_next();
    std::vector<std::shared_ptr<Connection>> all() const; // held, because what is done to them may end them
    std::unordered_set<Connection*> connections_;
    std::deque<std::shared_ptr<Connection>> line_; // waits for its turn; while there is one, call_next() is posted
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        timer_;
    world::Duration tick_;
    std::int64_t date_second_ = -1;
    std::string date_;
    std::array<unsigned char, 4096> random_; // drawn at once: a system call for each id is a tenth of a small request
    std::size_t random_used_ = sizeof random_;
    bool stopping_ = false;

    using Threads = std::list<world::Thread>;
    void add();
    void run(Threads::iterator own);
    world::Mutex mutex_; // of what follows
    bool joining_ = false;
    Threads threads_, ended_; // the last of threads_ runs the loop
};

} // namespace volutus::kernel::gateway

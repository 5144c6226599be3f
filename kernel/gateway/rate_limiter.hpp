// So many requests a second for each client. Any thread.
#pragma once

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace volutus::kernel::gateway {

struct Rate {
    double per_second = 0; // 0: no limit
    double burst = 1;      // at once, after a quiet time; 1 or more
};

// A request that came too early. The gateway answers it 429.
class RateLimited : public Error {
public:
    RateLimited(std::string const& message, std::chrono::seconds wait)
        : Error(Code::rate_limited, message), retry_after(wait) {}
    std::chrono::seconds retry_after;
};

// The generic cell rate algorithm (ITU-T I.371): of each client it keeps one instant, at which its burst is whole again.
class RateLimiter {
public:
    // Of more clients than `most_clients` the one unseen for longest is forgotten, which has its burst whole then.
    explicit RateLimiter(Rate rate = {}, std::size_t most_clients = 100'000);

    void set(Rate rate);
    bool limits() const { return limits_; } // anybody
    // Counts a request of the client. None: it may go on; else after how long one would, at least a second, and this one
    // was not counted.
    std::chrono::seconds take(std::string_view client, world::Instant now);
    std::size_t clients() const;

private:
    struct Client {
        std::string name;
        world::Instant whole_at{};
    };
    Client& known(std::string_view name); // and the latest now

    std::size_t const most_clients_;
    std::atomic<bool> limits_{false};
    mutable world::Mutex mutex_;
    world::Duration interval_{}; // of requests at the rate
    world::Duration tolerance_{};
    std::list<Client> clients_;                                                 // the latest first
    std::unordered_map<std::string_view, std::list<Client>::iterator> by_name_; // views of their names
};

} // namespace volutus::kernel::gateway

// One address that events are pushed to.
//
// A webhook is a reader of the feed with a position of its own, kept in the store: whatever it is to hear is delivered at
// least once and in order, also over a crash. A request has the events of one look at the feed, {"webhook", "revision",
// "events"}, and proves by an HMAC that it comes from here. What is not taken with a 2xx is tried again, ever more slowly.
// What is not taken for so long as give_up says becomes dead letters, and while the receiver does not come back, so does
// what follows, after one try each: the feed forgets, and dead letters are kept until an operator delivers or drops them,
// or newer ones need the room.
#pragma once

#include <kernel/events/settings.hpp>
#include <kernel/metrics/metrics.hpp>
#include <kernel/plugin/cancellation.hpp>
#include <kernel/store/store.hpp>

#include <functional>

namespace volutus::kernel::events {

// Documents of the kernel: {"revision", "skip"} of a webhook by its name, and what it could not deliver: {"webhook",
// "revision", "events", "tries", "error", "at"}. No webhook hears of them.
inline constexpr std::string_view webhook_kind = "kernel.webhook", dead_letter_kind = "kernel.dead_letter";

// One request to the receiver: its answer's status, or unavailable where there is none. Of one thread. `cancelled`, which
// outlives it, cuts it short.
using Post = std::function<unsigned(std::vector<std::string> const& headers, std::string const& body)>;
using Connect = std::function<Post(WebhookOptions const& options, plugin::Cancellation& cancelled)>;
Post by_http(WebhookOptions const& options, plugin::Cancellation& cancelled);

// What a request says and how it is signed: X-Volutus-Signature is "sha256=" and the HMAC-SHA256, in hexadecimal, of
// X-Volutus-Timestamp (seconds since 1970, UTC), a dot and the body.
std::string body_of(std::string_view webhook, std::uint64_t revision, std::vector<std::string> const& events);
std::vector<std::string> headers_of(WebhookOptions const& options, std::string_view body, std::int64_t at);

class Webhook {
public:
    static constexpr std::uint32_t most_dead_letters = 1000; // then the oldest goes; each is at most some 128 KiB

    // Begins at once, with what comes next where it is new. The store and the metrics outlive it.
    Webhook(store::Store& store, metrics::Metrics& metrics, WebhookOptions options, Connect connect);
    ~Webhook(); // cuts a request under way short; its events come again
    Webhook(Webhook const&) = delete;
    Webhook& operator=(Webhook const&) = delete;

    struct Status {
        std::uint64_t revision = 0; // all up to here is settled
        std::uint64_t tries = 0;    // of what is being delivered
        std::string last_error;     // "" = the last request was taken
    };
    Status status() const;
    WebhookOptions const& options() const { return options_; }

private:
    struct Position {
        std::uint64_t revision = 0;
        std::uint32_t skip = 0;
    };
    struct Batch {
        Position until;
        std::vector<std::string> events;
    };
    void run();
    Position begin();
    Batch next(Position at);
    Batch gone_on();
    void deliver(Batch const& batch, Post const& post);
    void bury(Batch const& batch, std::uint64_t tries, std::string const& why);
    std::string attempt(std::string const& body, std::uint64_t tries, Post const& post);
    void settle(Position until, std::vector<volutus::store::Put> dead_letters);
    void make_room(std::size_t letters);
    bool concerns(volutus::store::FeedEntry const& entry) const;
    bool rest(std::uint64_t failures, world::Instant until); // false: not to go on

    store::Store& store_;
    WebhookOptions const options_;
    Connect const connect_;
    prometheus::Counter &taken_, &refused_, &buried_;
    plugin::Cancellation stopped_;

    mutable world::Mutex mutex_;
    world::Condition stopping_;
    Status status_;

    // Of its thread.
    world::Instant settled_{};   // when the position was kept last
    std::uint64_t failures_ = 0; // of the store, since it was
    bool away_ = false;          // what was delivered last became dead letters
    world::Thread thread_;
};

} // namespace volutus::kernel::events

// The webhooks of this daemon, and what they could not deliver. Any thread.
#pragma once

#include <kernel/events/webhook.hpp>

#include <memory>

namespace volutus::kernel::events {

void declare_webhooks(store::Store& store); // their kinds

struct DeadLetter {
    std::string id, webhook;
    std::uint64_t revision = 0;
    std::size_t events = 0;
    std::uint64_t tries = 0;
    std::string error;
    std::int64_t at = 0; // seconds since 1970, UTC
};

class Webhooks {
public:
    // Their kinds are declared. The store and the metrics outlive it.
    Webhooks(store::Store& store, metrics::Metrics& metrics, Connect connect = by_http);

    // These and no others from now on. One that did not change goes on undisturbed, one that did goes on from where it
    // was, and so does one that comes back.
    void set(std::vector<WebhookOptions> const& wanted);

    struct State {
        std::string name, url; // the URL as it may be shown
        Webhook::Status status;
        std::uint64_t dead_letters = 0;
    };
    std::vector<State> states() const;

    // The dead letters of a webhook ("" = of all), the oldest of each first; those after the one of this id.
    struct DeadLetters {
        std::vector<DeadLetter> letters;
        bool more = false;
    };
    DeadLetters dead_letters(std::string const& webhook, std::optional<std::string> const& after = {}) const;

    // Sends it to its webhook now, once, and forgets it when it was taken. Throws not_found, unavailable, conflict where
    // conf.d no longer has the webhook, and cancelled with `cancelled`.
    void deliver(std::string const& id, plugin::Cancellation& cancelled);
    void drop(std::string const& id); // throws not_found

private:
    std::optional<WebhookOptions> options_of(std::string const& name) const;
    volutus::store::Document letter(std::string const& id) const;
    void forget(std::string const& id);

    store::Store& store_;
    metrics::Metrics& metrics_;
    Connect const connect_;
    mutable world::Mutex mutex_;
    std::vector<std::unique_ptr<Webhook>> webhooks_;
};

} // namespace volutus::kernel::events

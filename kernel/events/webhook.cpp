#include <kernel/events/webhook.hpp>

#include <kernel/events/event.hpp>
#include <kernel/http/client.hpp>
#include <kernel/log/log.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

namespace volutus::kernel::events {

namespace contract = volutus::store;

namespace {
constexpr std::uint32_t most_events = 100;         // in a request
constexpr std::size_t longest_event = 64u << 10;   // without the names of its fields it is short
constexpr std::size_t letter_bytes = 64u << 10;    // of events, before a dead letter is closed
constexpr std::uint64_t most_passed = 10'000;      // revisions that do not concern it, before its position is kept
constexpr auto kept_every = std::chrono::hours(1); // or else: the feed forgets what is older than a minute at least
constexpr std::uint64_t most_doubled = 20;         // times; pauses are at most an hour before

std::int64_t wall_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(world::wall_now().time_since_epoch()).count();
}

std::string hex_hmac(std::string_view secret, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size))
        throw Error(Code::internal, "OpenSSL cannot sign");
    return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

std::string printed(contract::FeedEntry entry, bool for_operator) {
    auto text = print_event(entry, for_operator);
    if (text.size() <= longest_event) return text;
    entry.fields.clear();
    return print_event(entry, for_operator);
}

struct HttpReceiver final : plugin::Cancellation::Listener {
    HttpReceiver(world::Duration patience, plugin::Cancellation& cancellation)
        : client(patience), watch(cancellation, *this) {}
    void cancelled() override { client.end(); }
    http::Client client;
    plugin::Cancellation::Watch watch;
};
} // namespace

Post by_http(WebhookOptions const& options, plugin::Cancellation& cancelled) {
    auto const receiver = std::make_shared<HttpReceiver>(options.patience, cancelled);
    return [receiver, url = options.url](auto const& headers, auto const& body) {
        return receiver->client.post(url, headers, body);
    };
}

std::string body_of(std::string_view webhook, std::uint64_t revision, std::vector<std::string> const& events) {
    return fmt::format(R"({{"webhook":"{}","revision":{},"events":[{}]}})", webhook, revision, fmt::join(events, ","));
}

std::vector<std::string> headers_of(WebhookOptions const& options, std::string_view body, std::int64_t at) {
    return {"Content-Type: application/json", "User-Agent: volutus", "X-Volutus-Webhook: " + options.name,
            fmt::format("X-Volutus-Timestamp: {}", at),
            fmt::format("X-Volutus-Signature: sha256={}", hex_hmac(options.secret, fmt::format("{}.{}", at, body)))};
}

Webhook::Webhook(store::Store& store, metrics::Metrics& metrics, WebhookOptions options, Connect connect)
    : store_(store), options_(std::move(options)), connect_(std::move(connect)),
      taken_(metrics.counter("volutus_webhook_requests_taken_total", "Requests that a webhook's receiver took",
                             {{"webhook", options_.name}})),
      refused_(metrics.counter("volutus_webhook_requests_refused_total", "Those that it refused or did not answer",
                               {{"webhook", options_.name}})),
      buried_(metrics.counter("volutus_webhook_dead_letters_total", "Dead letters that became of them",
                              {{"webhook", options_.name}})) {
    thread_ = world::Thread("webhook", [this] { run(); });
}

Webhook::~Webhook() {
    stopped_.tell();
    {
        world::Lock lock(mutex_);
        stopping_.notify_all();
    }
    thread_.join();
}

Webhook::Status Webhook::status() const {
    world::Lock lock(mutex_);
    return status_;
}

void Webhook::run() {
    while (!stopped_) {
        try {
            auto const post = connect_(options_, stopped_);
            for (auto at = begin(); !stopped_;) {
                auto const batch = next(at);
                if (!batch.events.empty())
                    deliver(batch, post);
                else if (batch.until.revision > at.revision + most_passed || world::now() > settled_ + kept_every)
                    settle(batch.until, {});
                at = batch.until;
            }
        } catch (std::exception const& error) {
            if (stopped_) return;
            log::write(Level::warning, "events", "a webhook could not go on; it begins again where it was",
                       {{"webhook", options_.name}, {"error", error.what()}});
            rest(++failures_, world::Instant::max());
        }
    }
}

Webhook::Position Webhook::begin() {
    Position at;
    if (auto const kept = store_.get({std::string(webhook_kind), options_.name, 0})) {
        at.revision = kept->body.at("revision").to_number<std::uint64_t>();
        at.skip = kept->body.at("skip").to_number<std::uint32_t>();
        settled_ = world::now();
    } else {
        at.revision = store_.revision();
        settle(at, {});
    }
    world::Lock lock(mutex_);
    status_.revision = at.revision;
    return at;
}

Webhook::Batch Webhook::next(Position at) {
    contract::Changes wanted{.since = at.revision, .skip = at.skip, .kinds = options_.kinds, .limit = most_events};
    try {
        auto const feed = store_.changes(wanted, {world::now() + kept_every, &stopped_});
        Batch batch{{feed.revision, feed.skip}, {}};
        for (auto const& entry : feed.entries)
            if (concerns(entry)) batch.events.push_back(printed(entry, !options_.project));
        return batch;
    } catch (Error const& error) {
        if (error.code() != Code::conflict) throw;
        return gone_on();
    }
}

// It was away for longer than changes are kept: the receiver has to look for itself.
Webhook::Batch Webhook::gone_on() {
    auto const now = store_.revision();
    return {{now, 0}, {json::print(json::object{{"compacted", true}, {"revision", now}})}};
}

bool Webhook::concerns(contract::FeedEntry const& entry) const {
    if (entry.kind == webhook_kind || entry.kind == dead_letter_kind) return false; // each request would cause the next
    return !options_.project || entry.project_id == *options_.project;
}

void Webhook::deliver(Batch const& batch, Post const& post) {
    auto const body = body_of(options_.name, batch.until.revision, batch.events);
    auto const give_up = away_ ? world::now() : world::now() + options_.give_up;
    for (std::uint64_t tries = 1;; ++tries) {
        auto const why = attempt(body, tries, post);
        if (why.empty()) {
            if (std::exchange(away_, false))
                log::write(Level::notice, "events", "a webhook's events are taken again", {{"webhook", options_.name}});
            return settle(batch.until, {});
        }
        if (stopped_) return;
        if (!rest(tries, give_up)) return stopped_ ? void() : bury(batch, tries, why);
    }
}

// Why it was not taken; "" where it was.
std::string Webhook::attempt(std::string const& body, std::uint64_t tries, Post const& post) {
    std::string why;
    try {
        auto const status = post(headers_of(options_, body, wall_seconds()), body);
        if (status < 200 || status > 299) why = fmt::format("it answered {}", status);
    } catch (Error const& error) {
        why = error.what();
    }
    (why.empty() ? taken_ : refused_).Increment();
    world::Lock lock(mutex_);
    status_.tries = why.empty() ? 0 : tries;
    status_.last_error = why;
    return why;
}

void Webhook::bury(Batch const& batch, std::uint64_t tries, std::string const& why) {
    if (!std::exchange(away_, true))
        log::write(Level::warning, "events",
                   "a webhook's events were not taken and become dead letters until they are again",
                   {{"webhook", options_.name}, {"revision", batch.until.revision}, {"tries", tries}, {"error", why}});
    std::vector<contract::Put> letters;
    for (auto event = batch.events.begin(); event != batch.events.end();) {
        json::array some;
        for (std::size_t bytes = 0; event != batch.events.end() && bytes < letter_bytes; ++event) {
            bytes += event->size();
            some.push_back(json::parse_object(*event));
        }
        // A later letter has the greater id.
        auto const id = fmt::format("{}-{:020}-{:010}-{:04}", options_.name, batch.until.revision, batch.until.skip,
                                    letters.size());
        letters.push_back({std::string(dead_letter_kind),
                           id,
                           {{"webhook", options_.name},
                            {"revision", batch.until.revision},
                            {"events", std::move(some)},
                            {"tries", tries},
                            {"error", why},
                            {"at", wall_seconds()}}});
    }
    make_room(letters.size());
    buried_.Increment(static_cast<double>(letters.size()));
    settle(batch.until, std::move(letters));
}

void Webhook::make_room(std::size_t letters) {
    contract::Where const own{"webhook", contract::Operator::eq, json::value(options_.name)};
    contract::Query const oldest{.kind = std::string(dead_letter_kind), .where = {own}, .limit = 1};
    while (store_.count({.kind = oldest.kind, .where = {own}}).count + letters > most_dead_letters) {
        auto const found = store_.query(oldest).documents;
        if (!found.empty()) store_.apply("", {.remove = {{oldest.kind, found.front().id}}});
    }
}

void Webhook::settle(Position until, std::vector<contract::Put> dead_letters) {
    contract::Apply apply;
    apply.put = std::move(dead_letters);
    apply.put.push_back(
        {std::string(webhook_kind), options_.name, {{"revision", until.revision}, {"skip", until.skip}}});
    store_.apply("", apply);
    settled_ = world::now();
    failures_ = 0;
    world::Lock lock(mutex_);
    status_.revision = until.revision;
    status_.tries = 0;
}

bool Webhook::rest(std::uint64_t failures, world::Instant until) {
    auto const doubled = std::min(failures - 1, most_doubled);
    auto const pause = std::min<world::Duration>(options_.first_pause * (1LL << doubled), options_.longest_pause);
    auto const end = world::now() + pause;
    if (end > until) return false;
    world::Lock lock(mutex_);
    return !stopping_.wait_until(lock, end, [this] { return static_cast<bool>(stopped_); });
}

} // namespace volutus::kernel::events

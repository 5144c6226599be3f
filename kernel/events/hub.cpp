#include <kernel/events/hub.hpp>

#include <kernel/log/log.hpp>
#include <volutus/contract/auth.hpp>

#include <algorithm>
#include <iterator>

namespace volutus::kernel::events {

namespace contract = volutus::store;

namespace {
constexpr auto pause = std::chrono::milliseconds(100);
constexpr std::size_t overhead = 200; // of an event beside its texts

std::size_t size_of(Event const& event) {
    return overhead + event.to_operators->size() + (event.to_members ? event.to_members->size() : 0);
}

gateway::News farewell(std::string_view name, json::object const& why) {
    return {std::make_shared<std::string const>(json::print(why)), 0, name};
}

// Gives the last event of each apply the place from which a client goes on: one that breaks off in the middle of an
// apply hears all of it again.
class Told {
public:
    Told(Watcher const& watcher, std::vector<gateway::News>& into) : watcher_(watcher), into_(into) {}
    void add(Event const& event) {
        if (event.revision != revision_) end_of_apply();
        revision_ = event.revision;
        if (!watcher_.wants(event)) return;
        into_.push_back(watcher_.news_of(event));
        any_ = true;
        bytes_ += into_.back().text->size();
    }
    void end_of_apply() {
        if (std::exchange(any_, false)) into_.back().cursor = revision_;
    }
    std::size_t bytes() const { return bytes_; }

private:
    Watcher const& watcher_;
    std::vector<gateway::News>& into_;
    std::uint64_t revision_ = 0;
    std::size_t bytes_ = 0;
    bool any_ = false;
};
} // namespace

// What a connection holds.
class Watch final : public gateway::LiveFeed {
public:
    Watch(Hub& hub, std::shared_ptr<Watcher> watcher) : hub_(hub), watcher_(std::move(watcher)) {}
    ~Watch() override {
        world::Lock lock(hub_.mutex_);
        std::erase(hub_.watchers_, watcher_);
        watcher_->wake = nullptr;
    }

    void on_news(std::function<void()> wake) override {
        world::Lock lock(hub_.mutex_);
        watcher_->wake = std::move(wake);
    }

    State take(std::vector<gateway::News>& into, std::size_t most) override {
        world::Lock lock(hub_.mutex_);
        auto& watcher = *watcher_;
        if (!watcher.over.empty()) {
            into.push_back(farewell("end", {{"end", watcher.over}}));
            return State::ended;
        }
        if (watcher.found_until > 0) {
            into = std::exchange(watcher.found, {});
            watcher.cursor = std::exchange(watcher.found_until, 0);
            if (ended_) return State::ended;
            if (!into.empty()) return State::more;
        }
        if (watcher.cursor < hub_.floor_ || watcher.skip > 0) return State::behind;
        if (hub_.take_kept(watcher, into, most)) return State::more;
        watcher.waiting = true;
        return State::waiting;
    }

    void catch_up() override {
        auto& watcher = *watcher_;
        std::uint64_t head = 0;
        {
            world::Lock lock(hub_.mutex_);
            head = hub_.head_;
        }
        try {
            contract::Changes wanted{.since = watcher.cursor, .skip = watcher.skip, .kinds = watcher.wanted.kinds};
            wanted.wait = false;
            auto const feed = hub_.store_.changes(wanted);
            Told told(watcher, watcher.found);
            for (auto const& entry : feed.entries)
                if (entry.revision <= head) told.add(event_of(entry)); // the rest the hub has yet to judge
            if (feed.skip == 0) told.end_of_apply();
            watcher.skip = feed.revision < head ? feed.skip : 0;
            watcher.found_until = std::max<std::uint64_t>(std::min(feed.revision, head), 1);
        } catch (Error const& error) {
            ended_ = true;
            if (error.code() == Code::conflict)
                watcher.found.push_back(
                    farewell("compacted",
                             {{"compacted", true}, {"message", error.what()}, {"revision", hub_.store_.revision()}}));
            else
                watcher.found.push_back(farewell("end", {{"end", "the changes cannot be read; come again"}}));
            watcher.found_until = std::max<std::uint64_t>(watcher.cursor, 1);
        }
    }

    gateway::News pulse() override {
        world::Lock lock(hub_.mutex_);
        return {nullptr, watcher_->cursor};
    }

private:
    Hub& hub_;
    std::shared_ptr<Watcher> watcher_;
    bool ended_ = false;
};

Hub::Hub(store::Store& store, std::size_t kept) : store_(store), kept_(kept) {
    thread_ = world::Thread("events", [this] { run(); });
    expiry_ = world::Thread("events-expiry", [this] { end_expired(); });
}

Hub::~Hub() {
    {
        world::Lock lock(mutex_);
        stopped_.tell();
        somebody_.notify_all();
        ends_.notify_all();
    }
    thread_.join();
    expiry_.join();
}

std::unique_ptr<gateway::LiveFeed> Hub::watch(Wanted wanted) {
    contract::Changes first{.since = wanted.since, .limit = 1};
    first.wait = false;
    store_.changes(first); // refuses what is no longer kept
    auto watcher = std::make_shared<Watcher>(std::move(wanted));
    auto watch = std::make_unique<Watch>(*this, watcher);
    {
        world::Lock lock(mutex_);
        watchers_.push_back(watcher);
        if (watcher->until < next_end_) {
            next_end_ = watcher->until;
            ends_.notify_all();
        }
        begin();
    }
    // Whatever came before it was among the watchers, nobody asked on its behalf.
    if (watcher->wanted.still_allowed && !watcher->wanted.still_allowed())
        throw Error(Code::unauthenticated, "the token is no longer valid");
    return watch;
}

// With mutex_ held.
void Hub::begin() {
    if (following_) return;
    following_ = true;
    floor_ = head_ = store_.revision();
    somebody_.notify_all();
}

std::size_t Hub::watchers() const {
    world::Lock lock(mutex_);
    return watchers_.size();
}

void Hub::run() {
    while (!stopped_) {
        {
            world::Lock lock(mutex_);
            if (watchers_.empty()) {
                following_ = false;
                events_.clear();
                bytes_ = 0;
            }
            somebody_.wait(lock, [this] { return stopped_ || following_; });
        }
        part_.clear();
        try {
            follow();
        } catch (std::exception const& error) {
            if (stopped_) return;
            log::write(Level::warning, "events", "the feed could not be read; who watches catches up from the store",
                       {{"error", error.what()}});
            world::sleep_for(pause);
            world::Lock lock(mutex_);
            floor_ = head_ = store_.revision();
            events_.clear();
            bytes_ = 0;
            for (auto const& watcher : watchers_)
                if (std::exchange(watcher->waiting, false) && watcher->wake) watcher->wake();
        }
    }
}

// As long as somebody watches.
void Hub::follow() {
    contract::Changes next;
    {
        world::Lock lock(mutex_);
        next.since = head_;
    }
    store::Patience patience;
    patience.cancelled = &stopped_;
    while (!stopped_) {
        auto feed = store_.changes(next, patience);
        next.since = feed.revision;
        next.skip = feed.skip;
        part_.insert(part_.end(), std::move_iterator(feed.entries.begin()), std::move_iterator(feed.entries.end()));
        if (feed.skip == 0) {
            auto const changed = [](auto const& entry) { return entry.kind == volutus::auth::changed_topic; };
            if (std::ranges::any_of(part_, changed)) ask_again();
            publish(part_, feed.revision);
            part_.clear();
        }
        world::Lock lock(mutex_);
        if (watchers_.empty()) return;
    }
}

void Hub::publish(std::vector<contract::FeedEntry> const& entries, std::uint64_t revision) {
    std::vector<Event> fresh;
    fresh.reserve(entries.size());
    for (auto const& entry : entries) fresh.push_back(event_of(entry));
    world::Lock lock(mutex_);
    for (auto const& watcher : watchers_) {
        if (!watcher->waiting) continue;
        auto const concerns = [&](Event const& event) { return watcher->wants(event); };
        if (std::ranges::none_of(fresh, concerns)) {
            watcher->cursor = std::max(watcher->cursor, revision);
            continue;
        }
        watcher->waiting = false;
        if (watcher->wake) watcher->wake();
    }
    for (auto& event : fresh) bytes_ += size_of(events_.emplace_back(std::move(event)));
    head_ = revision;
    trim();
}

void Hub::trim() {
    while (bytes_ > kept_ && !events_.empty()) {
        floor_ = events_.front().revision;
        for (; !events_.empty() && events_.front().revision == floor_; events_.pop_front())
            bytes_ -= size_of(events_.front());
    }
}

// True when there is more.
bool Hub::take_kept(Watcher& watcher, std::vector<gateway::News>& into, std::size_t most) {
    auto at = std::ranges::upper_bound(events_, watcher.cursor, {}, &Event::revision);
    Told told(watcher, into);
    while (at != events_.end()) {
        auto const revision = at->revision;
        for (; at != events_.end() && at->revision == revision; ++at) told.add(*at);
        told.end_of_apply();
        watcher.cursor = revision;
        if (told.bytes() >= most) return at != events_.end();
    }
    watcher.cursor = std::max(watcher.cursor, head_);
    return false;
}

// Without the lock: to resolve a token may take a call to the identity service.
void Hub::ask_again() {
    std::vector<std::shared_ptr<Watcher>> all;
    {
        world::Lock lock(mutex_);
        all.assign(watchers_.begin(), watchers_.end());
    }
    for (auto const& watcher : all) {
        if (!watcher->wanted.still_allowed || watcher->wanted.still_allowed()) continue;
        world::Lock lock(mutex_);
        end(*watcher, "the token is no longer valid here");
    }
}

// A thread's whole life.
void Hub::end_expired() {
    world::Lock lock(mutex_);
    while (!stopped_) {
        auto const now = world::now();
        for (auto const& watcher : watchers_)
            if (watcher->until <= now && watcher->over.empty()) end(*watcher, "the token has expired");
        auto const known = next_end_ = next_end();
        auto const earlier = [&] { return stopped_ || next_end_ < known; };
        if (known == world::Instant::max())
            ends_.wait(lock, earlier);
        else
            ends_.wait_until(lock, known, earlier);
    }
}

// With mutex_ held.
world::Instant Hub::next_end() const {
    auto next = world::Instant::max();
    for (auto const& watcher : watchers_)
        if (watcher->over.empty()) next = std::min(next, watcher->until);
    return next;
}

// With mutex_ held.
void Hub::end(Watcher& watcher, std::string why) {
    watcher.over = std::move(why);
    watcher.waiting = false;
    if (watcher.wake) watcher.wake();
}

} // namespace volutus::kernel::events

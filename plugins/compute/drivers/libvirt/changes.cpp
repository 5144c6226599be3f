#include "changes.hpp"

#include <algorithm>

namespace volutus::compute::libvirt {

namespace {
constexpr std::size_t most_kept = 10'000;
constexpr auto look_up = std::chrono::seconds(1);         // how soon a cancelled call is noticed
constexpr auto way_back = std::chrono::milliseconds(200); // an empty answer must arrive before the deadline
} // namespace

// Numbers go on rising over restarts of the daemon, so that a number of an earlier life is known to be old.
Changes::Changes()
    : first_(static_cast<std::uint64_t>(world::wall_now().time_since_epoch() / std::chrono::microseconds(1))) {}

void Changes::happened(std::string const& id, Change change) {
    world::Lock lock(mutex_);
    bool own = false;
    for (auto* watch : watches_) {
        if (watch->id_ != id) continue;
        own = watch->changed_ = true;
        watch->started_ |= change == Change::started;
        watch->stopped_ |= change == Change::stopped;
    }
    // Only calls start and resume servers: an event that comes after its call has ended tells nothing new.
    if (!own && change != Change::started) {
        news_.push_back(id);
        if (news_.size() > most_kept) {
            news_.pop_front();
            ++first_;
        }
    }
    told_.notify_all();
}

void Changes::lost() {
    world::Lock lock(mutex_);
    first_ += news_.size() + 1; // a gap, which everyone who asks will see
    news_.clear();
    for (auto* watch : watches_) watch->lost_ = true;
    told_.notify_all();
}

void Changes::close() {
    world::Lock lock(mutex_);
    closed_ = true;
    told_.notify_all();
}

Changes::Watch::Watch(Changes& changes, std::string id) : changes_(changes), id_(std::move(id)) {
    world::Lock lock(changes_.mutex_);
    place_ = changes_.watches_.insert(changes_.watches_.end(), this);
}

Changes::Watch::~Watch() {
    world::Lock lock(changes_.mutex_);
    changes_.watches_.erase(place_);
}

bool Changes::Watch::wait_for(Change change, Call& call, world::Instant until) {
    world::Lock lock(changes_.mutex_);
    auto const came = [&] {
        bool const seen = change == Change::started ? started_ : change == Change::stopped ? stopped_ : changed_;
        return seen || lost_ || changes_.closed_;
    };
    while (!came()) {
        call.check();
        auto const now = world::now();
        if (now >= until) return false;
        changes_.told_.wait_until(lock, std::min({until, call.deadline(), now + look_up}));
    }
    if (changes_.closed_) throw Error(Code::unavailable, "the driver is being stopped");
    lost_ = false;
    return true;
}

Changes::News Changes::after(std::uint64_t number, Call& call) {
    world::Lock lock(mutex_);
    auto const next = [&] { return first_ + news_.size(); };
    auto const from = number == 0 ? next() : number;
    bool const bounded = call.deadline() != world::Instant::max();
    auto const until = bounded ? call.deadline() - way_back : world::Instant::max();
    while (!closed_ && from == next() && world::now() < until) {
        if (call.cancelled()) call.check();
        told_.wait_until(lock, std::min(until, world::now() + look_up));
    }
    News news{{}, next(), from < first_ || from > next()};
    if (news.missed) return news;
    for (auto at = news_.begin() + static_cast<std::ptrdiff_t>(from - first_); at != news_.end(); ++at)
        if (std::find(news.servers.begin(), news.servers.end(), *at) == news.servers.end()) news.servers.push_back(*at);
    return news;
}

} // namespace volutus::compute::libvirt

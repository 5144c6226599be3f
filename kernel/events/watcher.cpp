#include <kernel/events/watcher.hpp>

#include <kernel/events/event.hpp>

#include <algorithm>

namespace volutus::kernel::events {

Event event_of(volutus::store::FeedEntry const& entry) {
    Event event{entry.revision, entry.kind, entry.project_id, {}, {}};
    event.to_operators = std::make_shared<std::string const>(print_event(entry, true));
    if (!event.project.empty()) event.to_members = std::make_shared<std::string const>(print_event(entry, false));
    return event;
}

namespace {
world::Instant end_of(Wanted const& wanted) {
    if (wanted.expires <= 0) return world::Instant::max();
    std::chrono::microseconds const left(wanted.expires - world::wall_now().time_since_epoch().count());
    constexpr std::chrono::microseconds most = std::chrono::hours(24 * 365 * 100); // what an Instant holds with ease
    return world::now() + std::clamp(left, std::chrono::microseconds(0), most);
}
} // namespace

Watcher::Watcher(Wanted what) : wanted(std::move(what)), until(end_of(wanted)), cursor(wanted.since) {}

bool Watcher::wants(Event const& event) const {
    if (wanted.project && (event.project.empty() || event.project != *wanted.project)) return false;
    return wanted.kinds.empty() || std::ranges::find(wanted.kinds, event.kind) != wanted.kinds.end();
}

gateway::News Watcher::news_of(Event const& event) const {
    return {wanted.as_operator ? event.to_operators : event.to_members, 0};
}

} // namespace volutus::kernel::events

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

bool Watcher::wants(Event const& event) const {
    if (wanted.project && (event.project.empty() || event.project != *wanted.project)) return false;
    return wanted.kinds.empty() || std::ranges::find(wanted.kinds, event.kind) != wanted.kinds.end();
}

gateway::News Watcher::news_of(Event const& event) const {
    return {wanted.as_operator ? event.to_operators : event.to_members, 0};
}

} // namespace volutus::kernel::events

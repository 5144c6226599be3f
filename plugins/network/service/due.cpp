#include "due.hpp"

#include "realiser.hpp"

#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

#include <fmt/format.h>

namespace volutus::network_service {

namespace {

std::string_view name_of(Thing thing) {
    switch (thing) {
    case Thing::network: return "network";
    case Thing::group: return "group";
    case Thing::port: return "port";
    case Thing::router: return "router";
    }
    return "";
}

// Without an expectation: whoever is last has only said once more what all said.
template <class S> Writes put_over(S const& object) {
    auto writes = put(object);
    writes.apply.expect.clear();
    return writes;
}

} // namespace

std::string due_id(Thing thing, std::string_view id) { return fmt::format("{}/{}", name_of(thing), id); }

void Changed::keep(Kept kept) {
    kept.id = new_uuid();
    kept_.push_back(std::move(kept));
}

Writes mark(Due due) {
    due.asked = new_uuid();
    return put_over(due) + wake(due.lane);
}

Writes wake(std::string_view lane) {
    Lane touched;
    touched.id = lane;
    touched.asked = new_uuid();
    auto writes = put_over(touched) + start(realise_task, touched, {{"lane", touched.id}});
    // The same id each time: while the task lives, this start is no second one.
    writes.apply.tasks.back().id =
        lane == prompt_lane ? "6e657477-6f72-4b20-8d61-6b6520697400" : "6e657477-6f72-4b20-8d61-6b6520697401";
    return writes;
}

Writes Changed::writes() const {
    if (nothing()) return {};
    Writes writes;
    for (auto const& id : marks_) {
        Due due;
        due.id = id;
        due.lane = prompt_lane;
        due.asked = new_uuid();
        writes += put_over(due);
    }
    for (auto const& kept : kept_) writes += put(kept);
    return std::move(writes) + wake(prompt_lane);
}

} // namespace volutus::network_service

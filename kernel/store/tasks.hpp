// The kind in which tasks are stored; the task engine runs them. A task's body:
//   name, version, owner (plugin), kind, resource, input, state {}, phase "forward", step 0, attempt 0, epoch 0,
//   lease "", lease_until 0, not_before 0, started (microseconds since 1970), deadline (or absent), cancel false,
//   error (or absent), status, live
// status is "ready", or "waiting" while the live task that this one replaces is still being undone. `live` is
// "<kind>/<resource>" while the task is the live one of its resource, and absent before and after: a unique key, so
// that there is one at most. Whoever ends a task takes its `live` away and, in the same apply, makes the oldest waiting
// task of the resource ready and live.
#pragma once

#include <volutus/contract/store.hpp>

namespace volutus::kernel::store {

inline constexpr std::string_view live_space = "kernel.task.live";

volutus::store::Kind task_kind_declaration();
json::object task_body(volutus::store::StartTask const& task, std::string_view owner, bool waits);
// Is this stored task what that start would have made?
bool same_task(json::object const& body, volutus::store::StartTask const& task, std::string_view owner);
std::string live_value(std::string_view kind, std::string_view resource); // as the unique key holds it

} // namespace volutus::kernel::store

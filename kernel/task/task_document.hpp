// A task as it stands in the store, kind "kernel.task".
#pragma once

#include <volutus/codec.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace volutus::kernel::task {

enum class Status {
    waiting, // until the live task of the same resource has ended
    ready,   // somebody may lease it, from not_before on
    leased,  // the holder of the lease runs it
};
BOOST_DESCRIBE_ENUM(Status, waiting, ready, leased)

enum class Phase { forward, undo };
BOOST_DESCRIBE_ENUM(Phase, forward, undo)

struct TaskDocument {
    std::string name;
    std::uint32_t version = 1;
    std::string owner;          // the plugin whose steps it has
    std::string kind, resource; // what it works on
    json::object input, state;
    Phase phase = Phase::forward;
    std::int32_t step = 0;        // the one to run next; undos go down to 0
    std::uint64_t attempt = 0;    // tries of that step so far
    std::string lease;            // "<node>/<incarnation>"
    std::int64_t lease_until = 0; // microseconds since 1970, UTC, as all times here
    std::int64_t not_before = 0;
    std::optional<std::int64_t> started; // when it was asked for
    std::optional<std::int64_t> deadline;
    std::optional<std::string> traceparent;
    std::optional<json::object> by; // who began it; empty: the cloud itself
    bool cancel = false;
    std::optional<std::string> error;      // why it is undone
    std::optional<std::string> last_error; // of the last try that failed
    Status status = Status::ready;
    std::optional<std::string> live; // unique key: the one live task of its resource
};
BOOST_DESCRIBE_STRUCT(TaskDocument, (),
                      (name, version, owner, kind, resource, input, state, phase, step, attempt, lease, lease_until,
                       not_before, started, deadline, traceparent, by, cancel, error, last_error, status, live))

} // namespace volutus::kernel::task

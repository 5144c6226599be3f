// Bugs that are put into a simulated cloud on purpose, to show that its prover finds their like. Each stands between two
// parts, or in what a part declares or its disk does, so that no part has a switch for it.
#pragma once

#include "kernel/plugin/endpoint.hpp"

#include <volutus/contract/store.hpp>

#include <boost/describe/enum.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::sim {

enum class Plant {
    none,
    dropped_sync,       // disks answer a sync before anything is durable
    late_call,          // drivers obey calls whatever their epoch
    silent_removal,     // drivers now and then say that something is removed and leave it
    skipped_undo,       // a failed task is not undone
    lost_release,       // an undo gives no claims back
    split_apply,        // claims are applied, and what they are for in an apply after it
    lost_expectation,   // writers do not look whether another wrote meanwhile
    forgotten_task,     // now and then a resource is written without the task that is to work on it
    swallowed_error,    // now and then a refused write is taken for a done one
    unchecked_reference // what others refer to can be removed
};

BOOST_DESCRIBE_ENUM(Plant, none, dropped_sync, late_call, silent_removal, skipped_undo, lost_release, split_apply,
                    lost_expectation, forgotten_task, swallowed_error, unchecked_reference)

// The endpoint with the bug before it; the endpoint itself where the bug is of another place.
std::shared_ptr<kernel::plugin::Endpoint> planted(Plant plant, std::shared_ptr<kernel::plugin::Endpoint> endpoint);
// What a plugin declares, with the bug in it.
std::vector<store::Kind> planted(Plant plant, std::vector<store::Kind> kinds);

} // namespace volutus::sim

// What all resources of the network API have in common.
#pragma once

#include <volutus/formats.hpp>
#include <volutus/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::network_service {

struct Standard : Stored {
    std::string id, project_id, name, description, created_at, updated_at;
    std::vector<std::string> tags;
    std::int64_t revision_number = 0;
};

// What the driver brings to the host. OpenStack's API has a status for it and no place for a reason.
struct Realised : Standard {
    std::optional<std::string> status_reason; // why it is not there as it is to be
};

// A new one's id, project and times.
template <class S> void begin(Request& request, S& made) {
    made.id = new_uuid();
    if (made.project_id.empty() && request.caller().project) made.project_id = request.caller().project->id;
    made.created_at = made.updated_at = timestamp_now();
    made.revision_number = 1;
}

// Every change that a user makes raises the revision number. What the cloud writes about its own work does not.
template <class S> void touch(S& changed) {
    ++changed.revision_number;
    changed.updated_at = timestamp_now();
}

inline constexpr char everybody[] = "*"; // as an audience: see list's word reach()

} // namespace volutus::network_service

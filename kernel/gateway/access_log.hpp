// One line for each request.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace volutus::kernel::gateway {

struct AccessEntry {
    std::string_view id, global_id, trace;
    std::string_view client, method, path, query; // path and query as sent
    std::string_view service, route;              // empty when none matched
    std::string_view user, project;
    unsigned status = 0;
    std::uint64_t received = 0, sent = 0; // bytes of the bodies
    std::int64_t microseconds = 0;        // from the whole head read to the last byte handed to the socket
    bool complete = true;                 // false: the connection broke before that
};

// Called on the connections' threads, concurrently; must not block. The entry's views end with the call.
using AccessSink = std::function<void(AccessEntry const&)>;

// The entry as a line of JSON without the line's end. The values of query keys that name a secret (token, password,
// signature, key, ...) are not shown.
std::string to_json(AccessEntry const& entry);

} // namespace volutus::kernel::gateway

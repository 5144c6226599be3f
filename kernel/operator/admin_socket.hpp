// The operator's way into a running daemon: a socket of this host that root and the daemon's own user may use.
//
// A request is a line of JSON: {"command": "tasks", ...}. The reply is lines of JSON: {"columns": [...]}, then {"row":
// [...]} as often as there are rows, or {"document": {...}}; and at the end {"end": {"failed": false}}, or {"error":
// {"code", "message"}}. Then the next request may come. With a request may come the descriptor of a file, for what the
// command writes: so the client's rights decide where, and the file is the client's.
#pragma once

#include "kernel/operator/answer.hpp"

#include <volutus/world.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace volutus::kernel::operators {

class AdminSocket {
public:
    // Runs one command. Throws Error. Any thread, concurrently.
    using Run = std::function<void(json::object const& request, Answer& answer)>;

    // Replaces a socket that a daemon before left. Throws unavailable when the path cannot be used.
    AdminSocket(std::string path, Run run);
    ~AdminSocket() { close(); }
    AdminSocket(AdminSocket const&) = delete;
    AdminSocket& operator=(AdminSocket const&) = delete;

    void close(); // ends all connections, and waits for commands under way

    static constexpr std::size_t most_connections = 32;
    static constexpr std::size_t longest_request = 64 * 1024;

private:
    struct Connection {
        int handle = -1;
        bool ended = false; // its thread is about to return
        world::Thread thread;
    };
    void accept_all();
    void take(int handle);
    void serve(Connection& connection);
    void answer(int handle, int file, std::string_view line);

    std::string path_;
    Run run_;
    int listening_ = -1;
    world::Mutex mutex_;
    bool closing_ = false;
    std::list<Connection> connections_;
    world::Thread thread_;
};

} // namespace volutus::kernel::operators

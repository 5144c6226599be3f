// The operating system's side of a plugin's process: started with one end of a socket pair as descriptor 3, in a
// process group of its own; killed and reaped with what it started in that group.
#pragma once

#include "kernel/plugin/descriptor.hpp"

#include <volutus/world.hpp>

#include <string>
#include <sys/types.h>
#include <vector>

namespace volutus::kernel::plugin {

// The descriptor at which a plugin's process finds its socket.
inline constexpr int plugin_socket = 3;

class Child {
public:
    // It is killed when the thread that started it ends, so a thread that outlives it must. Throws Error: not_found or
    // internal.
    Child(std::string const& program, std::vector<std::string> const& arguments);
    ~Child();
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;

    Descriptor take_socket() { return std::move(socket_); }
    int handle() const { return handle_.get(); } // readable when it has ended
    pid_t pid() const { return pid_; }

    // Kills it unless it ends by itself in time, and says how it ended: "was killed by signal 6 (Aborted)".
    std::string bury(world::Duration patience);

private:
    pid_t pid_ = -1;
    Descriptor socket_, handle_;
    bool buried_ = false;
};

} // namespace volutus::kernel::plugin

// What the system tells the daemon, and what the daemon tells the service manager.
#pragma once

#include <volutus/world.hpp>

#include <functional>
#include <string>

namespace volutus::kernel::daemon {

// The signals of a daemon are waited for and interrupt nothing. In main(), before any other thread starts.
void block_signals();

// SIGTERM or SIGINT, whichever comes first. SIGHUP is told to `hang_up`, and the wait goes on.
int wait_for_stop(std::function<void()> const& hang_up);

// Ends the process at once, with what the log says of it, when nobody took it back in time: a plugin that hangs on the
// way down must not keep the daemon. A later start finds all as after a crash.
class StopLimit {
public:
    explicit StopLimit(world::Duration limit);
    ~StopLimit();
    StopLimit(StopLimit const&) = delete;
    StopLimit& operator=(StopLimit const&) = delete;

private:
    world::Promised<bool> done_;
    world::Thread thread_;
};

// An exception that nothing catches ends the process; the log keeps what it was.
void log_what_is_fatal();

// To the service manager, by its NOTIFY_SOCKET; nothing where there is none.
void notify(std::string const& state);

} // namespace volutus::kernel::daemon

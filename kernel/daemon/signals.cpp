#include "kernel/daemon/signals.hpp"

#include "kernel/log/log.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace volutus::kernel::daemon {

namespace {

sigset_t daemon_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (int const signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
    return signals;
}

[[noreturn]] void end_with(std::string const& why) {
    log::write(Level::error, "daemon", why);
    // The way of std::abort, so that the service manager and a core file see it.
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

[[noreturn]] void terminated() {
    std::string what;
    if (auto const thrown = std::current_exception()) {
        try {
            std::rethrow_exception(thrown);
        } catch (std::exception const& error) {
            what = error.what();
        } catch (...) {
            what = "something that is not an exception";
        }
    }
    if (what.empty()) what = "no exception under way";
    end_with("a thread ended with " + what + "; this is a fault of the kernel or of a plugin in it");
}

} // namespace

void block_signals() {
    auto const signals = daemon_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_stop(std::function<void()> const& hang_up) {
    auto const signals = daemon_signals();
    while (true) {
        int signal = 0;
        if (::sigwait(&signals, &signal) != 0) continue;
        if (signal != SIGHUP) return signal;
        hang_up();
    }
}

StopLimit::StopLimit(world::Duration limit)
    : thread_("stop.limit", [this, until = world::now() + limit, limit] {
          if (done_.take_until(until)) return;
          log::write(
              Level::error, "daemon",
              fmt::format("not at rest after {} ms; ending all the same. What was under way goes on at the next start",
                          std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()));
          ::_exit(1);
      }) {}

StopLimit::~StopLimit() { done_.give(true); }

void log_what_is_fatal() { std::set_terminate(terminated); }

void notify(std::string const& state) { ::sd_notify(0, state.c_str()); }

} // namespace volutus::kernel::daemon

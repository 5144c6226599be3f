#include "daemon.hpp"

#include <volutus/error.hpp>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <poll.h>
// The header of glibc 2.36 forgets that it may be read as C++.
extern "C" {
#include <sys/pidfd.h>
}

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

namespace volutus::network::on_linux {

namespace {

// The first bytes of it; none where it is not there.
std::string start_of(std::string const& path) {
    std::string text(8192, '\0');
    Descriptor const file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto const count = file ? read(file.get(), text.data(), text.size()) : 0;
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

bool ends_within(world::Duration patience, Descriptor const& process) {
    auto const until = world::now() + patience;
    pollfd watched{process.get(), POLLIN, 0}; // readable once it has ended
    while (true) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - world::now());
        int const count = poll(&watched, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
        if (count >= 0 || errno != EINTR) return count > 0;
    }
}

} // namespace

Descriptor Daemon::find() const {
    auto const text = start_of(pid_file_);
    pid_t pid = 0;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    if (pid <= 1) return Descriptor();
    Descriptor process(pidfd_open(pid, 0));
    if (!process && errno != ESRCH)
        throw Error(Code::unavailable,
                    fmt::format("process {} of {} cannot be held: {}", pid, pid_file_, std::strerror(errno)));
    // Looked at after it is held: what has the number now keeps it.
    if (start_of(fmt::format("/proc/{}/cmdline", pid)).find(sign_) == std::string::npos) return Descriptor();
    return process;
}

bool Daemon::signal(int number) const {
    auto const process = find();
    return process && pidfd_send_signal(process.get(), number, nullptr, 0) == 0;
}

void Daemon::stop(world::Duration patience) const {
    auto const process = find();
    auto const ends_by = [&](int number) {
        if (pidfd_send_signal(process.get(), number, nullptr, 0) != 0 && errno != ESRCH)
            throw Error(Code::unavailable, fmt::format("the process whose number is in {} cannot be told to end: {}",
                                                       pid_file_, std::strerror(errno)));
        return ends_within(patience, process);
    };
    if (process && !ends_by(SIGTERM) && !ends_by(SIGKILL))
        throw Error(Code::unavailable,
                    fmt::format("the process whose number is in {} has not ended {} after SIGKILL; the host's kernel "
                                "holds it, and /proc/<number>/stack says where",
                                pid_file_, std::chrono::duration_cast<std::chrono::seconds>(patience)));
    world::remove_file(pid_file_);
}

} // namespace volutus::network::on_linux

#include "kernel/plugin/process_child.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
// The header of glibc 2.36 forgets that it may be read as C++.
extern "C" {
#include <sys/pidfd.h>
}
#include <sys/socket.h>
#include <sys/wait.h>

namespace volutus::kernel::plugin {

namespace {
Error failed(std::string const& program, char const* what, int error) {
    auto const code = error == ENOENT ? Code::not_found : Code::internal;
    return Error(code, fmt::format("cannot start {}: {}: {}", program, what, std::strerror(error)));
}

// What posix_spawn is told: no terminal, the socket at its place, no signal blocked or ignored.
class Preparation {
public:
    explicit Preparation(int socket) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, socket, plugin_socket);
        ::posix_spawnattr_init(&attributes);
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~Preparation() {
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    Preparation(Preparation const&) = delete;
    Preparation& operator=(Preparation const&) = delete;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};
} // namespace

Child::Child(std::string const& program, std::vector<std::string> const& arguments) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw failed(program, "socketpair", errno);
    socket_.reset(ends[0]);
    Descriptor const theirs(ends[1]);

    // Nothing of the daemon's environment, which may hold secrets.
    std::string environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"};
    char* const variables[] = {environment[0].data(), environment[1].data(), nullptr};
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    Preparation const preparation(theirs.get());
    if (int const error = ::posix_spawn(&pid_, program.c_str(), &preparation.actions, &preparation.attributes,
                                        pointers.data(), variables))
        throw failed(program, "posix_spawn", error);
    // It cannot be another process: until it is reaped its number is taken.
    handle_.reset(::pidfd_open(pid_, 0));
    if (!handle_) {
        int const error = errno;
        bury({});
        throw failed(program, "pidfd_open", error);
    }
}

Child::~Child() { bury({}); }

std::string Child::bury(world::Duration patience) {
    if (buried_) return "has ended";
    buried_ = true;
    if (handle_ && patience > world::Duration::zero()) {
        pollfd watched{handle_.get(), POLLIN, 0};
        ::poll(&watched, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count()));
    }
    // Before it is reaped, so that its number still is this group's. What it started as a daemon left the group.
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    siginfo_t end{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED) != 0 && errno == EINTR) {
    }
    if (end.si_code == CLD_EXITED) return fmt::format("exited with status {}", end.si_status);
    auto const* name = ::sigdescr_np(end.si_status);
    return fmt::format("was killed by signal {} ({})", end.si_status, name ? name : "unknown");
}

} // namespace volutus::kernel::plugin

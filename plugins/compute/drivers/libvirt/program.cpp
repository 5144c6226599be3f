#include "program.hpp"

#include "descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace volutus::compute::libvirt {

namespace {

constexpr std::size_t most_output = 1 << 20;
constexpr std::array folders{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"};
constexpr auto look_up = std::chrono::milliseconds(500); // how soon a cancelled call is noticed

std::string path_of(std::string const& program) {
    for (auto const* folder : folders)
        if (auto path = folder + program; ::access(path.c_str(), X_OK) == 0) return path;
    throw Error(Code::unavailable, fmt::format("the program {} is not installed", program));
}

struct Pipe {
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("make", "a pipe");
        read = Descriptor(ends[0]);
        write = Descriptor(ends[1]);
    }
    Descriptor read, write;
};

class Child {
public:
    Child(std::string const& path, std::vector<std::string> const& arguments, int output, int errors) {
        std::vector<char*> argv;
        for (auto const& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        char environment_path[] = "PATH=/usr/bin:/usr/sbin:/bin:/sbin", language[] = "LC_ALL=C";
        char* environment[] = {environment_path, language, nullptr};

        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files, output, 1);
        posix_spawn_file_actions_adddup2(&files, errors, 2);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        errno = ::posix_spawn(&pid_, path.c_str(), &files, &attributes, argv.data(), environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        if (errno != 0) throw_errno("start", path);
    }
    Child(Child const&) = delete;
    Child& operator=(Child const&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = 0;
        return status;
    }

private:
    pid_t pid_ = 0;
};

// Returns whether the end was reached.
bool take(int fd, std::string& text) {
    char buffer[4096];
    auto const count = ::read(fd, buffer, sizeof buffer);
    if (count < 0) return errno != EINTR;
    text.append(buffer, std::min(static_cast<std::size_t>(count), most_output - text.size()));
    return count == 0;
}

} // namespace

std::string run_program(Call& call, std::vector<std::string> const& arguments) {
    call.check();
    auto const path = path_of(arguments.front());
    Pipe output, errors;
    Child child(path, arguments, output.write.get(), errors.write.get());
    output.write = Descriptor();
    errors.write = Descriptor();

    std::string said, complaints;
    std::array<pollfd, 2> ends{pollfd{output.read.get(), POLLIN, 0}, pollfd{errors.read.get(), POLLIN, 0}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (::poll(ends.data(), ends.size(), static_cast<int>(look_up.count())) < 0 && errno != EINTR)
            throw_errno("wait for", path);
        if (ends[0].revents && take(ends[0].fd, said)) ends[0].fd = -1;
        if (ends[1].revents && take(ends[1].fd, complaints)) ends[1].fd = -1;
        call.check();
    }
    auto const status = child.wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
    while (!complaints.empty() && complaints.back() == '\n') complaints.pop_back();
    throw Error(Code::internal, WIFEXITED(status)
                                    ? fmt::format("{} ended with {}: {}", path, WEXITSTATUS(status), complaints)
                                    : fmt::format("{} was ended by signal {}", path, WTERMSIG(status)));
}

} // namespace volutus::compute::libvirt

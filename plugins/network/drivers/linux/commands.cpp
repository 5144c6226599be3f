#include "commands.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <boost/json/parse.hpp>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace volutus::network::on_linux {

namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr std::size_t most_output = 8 << 20;

class Pipe {
public:
    Pipe() {
        if (pipe2(ends_.data(), O_CLOEXEC) != 0)
            throw Error(Code::unavailable, fmt::format("no pipe for a program: {}", std::strerror(errno)));
    }
    Pipe(Pipe const&) = delete;
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }
    void close_end(std::size_t end) {
        if (ends_[end] >= 0) close(std::exchange(ends_[end], -1));
    }
    // The plugin's own end must never block: the program may write while it does not read.
    void own(std::size_t end) {
        close_end(1 - end);
        fcntl(ends_[end], F_SETFL, O_NONBLOCK);
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

// False when the other side has closed it.
bool take(int fd, std::string& into) {
    std::array<char, 16384> block;
    auto const count = read(fd, block.data(), block.size());
    if (count > 0 && into.size() < most_output) into.append(block.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

pid_t start(std::vector<std::string> const& arguments, Pipe const& input, Pipe const& output, Pipe const& errors) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.reader(), 0);
    posix_spawn_file_actions_adddup2(&actions, output.writer(), 1);
    posix_spawn_file_actions_adddup2(&actions, errors.writer(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, standard;
    sigemptyset(&none);
    sigemptyset(&standard);
    sigaddset(&standard, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &standard);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (auto const& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
    char* environment[] = {path, language, nullptr};
    pid_t child = -1;
    auto const failed = posix_spawn(&child, words.front(), &actions, &attributes, words.data(), environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        throw Error(Code::unavailable, fmt::format("{} cannot be started: {}; is its Debian package installed?",
                                                   arguments.front(), std::strerror(failed)));
    return child;
}

} // namespace

Finished run(std::vector<std::string> const& arguments, std::string const& input) {
    Pipe to_it, from_it, errors;
    auto const child = start(arguments, to_it, from_it, errors);
    to_it.own(1);
    from_it.own(0);
    errors.own(0);
    Finished finished;
    std::size_t written = 0;
    auto const until = world::now() + patience;
    std::array<pollfd, 3> watched{
        {{from_it.reader(), POLLIN, 0}, {errors.reader(), POLLIN, 0}, {to_it.writer(), POLLOUT, 0}}};
    while (watched[0].fd >= 0 || watched[1].fd >= 0) {
        if (written == input.size() && watched[2].fd >= 0) {
            to_it.close_end(1);
            watched[2].fd = -1;
        }
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - world::now()).count();
        if (left <= 0) {
            kill(child, SIGKILL);
            break;
        }
        poll(watched.data(), watched.size(), static_cast<int>(left));
        if (watched[0].revents && !take(watched[0].fd, finished.output)) watched[0].fd = -1;
        if (watched[1].revents && !take(watched[1].fd, finished.errors)) watched[1].fd = -1;
        if (watched[2].fd >= 0 && watched[2].revents) {
            auto const count = write(watched[2].fd, input.data() + written, input.size() - written);
            if (count >= 0)
                written += static_cast<std::size_t>(count);
            else if (errno != EAGAIN && errno != EINTR)
                written = input.size(); // it does not want the rest; its status tells why
        }
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return finished;
}

std::string run_well(std::vector<std::string> const& arguments, std::string const& input) {
    auto finished = run(arguments, input);
    if (finished.status != 0)
        throw Error(Code::internal, fmt::format("\"{}\" ended with status {}: {}{}", fmt::join(arguments, " "),
                                                finished.status, finished.errors, input.substr(0, 2000)));
    return std::move(finished.output);
}

namespace {

std::vector<std::string> ip_in(std::string const& name_space) {
    std::vector<std::string> words{"/sbin/ip"};
    if (!name_space.empty()) words.insert(words.end(), {"-n", name_space});
    return words;
}

} // namespace

void ip_batch(std::string const& name_space, std::vector<std::string> const& lines) {
    if (lines.empty()) return;
    auto words = ip_in(name_space);
    words.insert(words.end(), {"-batch", "-"});
    run_well(words, fmt::format("{}\n", fmt::join(lines, "\n")));
}

json::array ip_show(std::string const& name_space, std::vector<std::string> const& arguments) {
    auto words = ip_in(name_space);
    words.push_back("-j");
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto const shown = run_well(words);
    if (shown.find_first_not_of(" \n") == std::string::npos) return {};
    return boost::json::parse(shown).as_array(); // may be longer than a document of the border
}

} // namespace volutus::network::on_linux

#include "tests/sim/apart.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace volutus::sim {

namespace {

[[noreturn]] void be_child(int out, std::function<std::string()> const& run) {
    auto const text = run();
    std::size_t done = 0;
    while (done < text.size()) {
        auto const n = ::write(out, text.data() + done, text.size() - done);
        if (n < 0 && errno != EINTR) ::_exit(1);
        if (n > 0) done += static_cast<std::size_t>(n);
    }
    std::fflush(nullptr);
    ::_exit(0);
}

std::string read_all(int from) {
    std::string text;
    std::array<char, 65536> part{};
    while (true) {
        auto const n = ::read(from, part.data(), part.size());
        if (n == 0) return text;
        if (n > 0) text.append(part.data(), static_cast<std::size_t>(n));
        if (n < 0 && errno != EINTR) throw std::runtime_error("the outcome of a seed cannot be read");
    }
}

} // namespace

std::string text_from_child(std::function<std::string()> const& run, std::string& how) {
    std::array<int, 2> ends{};
    std::fflush(nullptr);
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe for the outcome of a seed");
    auto const child = ::fork();
    if (child < 0) throw std::runtime_error("no process for a seed");
    if (child == 0) {
        ::close(ends[0]);
        be_child(ends[1], run);
    }
    ::close(ends[1]);
    auto text = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) how = fmt::format("its process was ended by signal {}", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        how = fmt::format("its process ended with {}", WEXITSTATUS(status));
    return text;
}

} // namespace volutus::sim

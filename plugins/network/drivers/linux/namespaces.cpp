#include "namespaces.hpp"

#include "commands.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>

namespace volutus::network::on_linux {

namespace {

constexpr auto folder = "/run/netns";
std::string path_of(std::string const& name) { return fmt::format("{}/{}", folder, name); }

[[noreturn]] void refuse(std::string const& what, int reason) {
    throw Error(Code::forbidden,
                fmt::format("cannot {}: {}; the driver needs the capability sys_admin", what, std::strerror(reason)));
}

void elsewhere(std::function<void()> const& work, std::function<void()> const& go) {
    std::exception_ptr failure;
    world::Thread thread("netns", [&] {
        try {
            go();
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    });
    thread.join();
    if (failure) std::rethrow_exception(failure);
}

} // namespace

bool has_namespace(std::string const& name) {
    // A name without a namespace behind it is what a crash between the two steps of `ip netns add` leaves.
    struct statfs what{};
    return statfs(path_of(name).c_str(), &what) == 0 && what.f_type == NSFS_MAGIC;
}

std::uint64_t number_of_namespace(std::string const& name) {
    struct stat what{};
    return has_namespace(name) && stat(path_of(name).c_str(), &what) == 0 ? what.st_ino : 0;
}

void ensure_namespace(std::string const& name) {
    if (!has_namespace(name)) {
        if (world::file_exists(path_of(name))) run_well({"/sbin/ip", "netns", "delete", name});
        run_well({"/sbin/ip", "netns", "add", name});
    }
    ip_batch(name, {"link set lo up"});
}

void remove_namespace(std::string const& name) {
    if (world::file_exists(path_of(name))) run_well({"/sbin/ip", "netns", "delete", name});
}

std::vector<std::string> namespaces() {
    if (!world::file_exists(folder)) return {};
    return world::list_directory(folder);
}

void in_namespace(std::string const& name, std::function<void()> const& work) {
    elsewhere(work, [&] {
        int const fd = open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            throw Error(Code::not_found, fmt::format("no network namespace {}: {}", name, std::strerror(errno)));
        bool const entered = setns(fd, CLONE_NEWNET) == 0;
        auto const reason = errno;
        close(fd);
        if (!entered) refuse(fmt::format("enter network namespace {}", name), reason);
    });
}

void in_new_namespace(std::function<void()> const& work) {
    elsewhere(work, [] {
        if (unshare(CLONE_NEWNET) != 0) refuse("make a network namespace", errno);
    });
}

void set_kernel_parameter(std::string const& name, std::string const& value) {
    auto const path = "/proc/sys/net/" + name;
    int const fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    bool const written = fd >= 0 && write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
    auto const reason = errno;
    if (fd >= 0) close(fd);
    if (!written)
        throw Error(Code::internal, fmt::format("{} cannot be set to {}: {}", path, value, std::strerror(reason)));
}

} // namespace volutus::network::on_linux

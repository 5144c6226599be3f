#include "kernel/daemon/state_lock.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace volutus::kernel::daemon {

namespace {

Error cannot_use(std::string const& directory, std::string const& why) {
    return Error(Code::unavailable,
                 fmt::format("the state directory {} cannot be used: {}; give it to the user that runs "
                             "volutusd, or set kernel.state_directory",
                             directory, why));
}

std::string holder(int handle) {
    std::array<char, 24> text{};
    auto const got = ::pread(handle, text.data(), text.size() - 1, 0);
    return got > 0 ? fmt::format(" (process {})", std::string(text.data(), std::strcspn(text.data(), "\n")))
                   : std::string();
}

} // namespace

StateLock::StateLock(std::string const& directory) {
    try {
        bool const is_new = !world::file_exists(directory);
        world::make_directory(directory);
        if (is_new) ::chmod(directory.c_str(), 0700);
    } catch (std::system_error const& error) {
        throw cannot_use(directory, error.code().message());
    }
    auto const path = directory + "/lock";
    handle_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (handle_ < 0) throw cannot_use(directory, std::strerror(errno));
    if (::flock(handle_, LOCK_EX | LOCK_NB) != 0) {
        auto const who = holder(handle_);
        ::close(handle_);
        throw Error(Code::conflict,
                    fmt::format("another volutusd{} uses the state directory {}; stop it, or give this one another "
                                "kernel.state_directory",
                                who, directory));
    }
    auto const text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(handle_, 0) != 0 || ::pwrite(handle_, text.data(), text.size(), 0) < 0) {
        auto const why = std::string(std::strerror(errno));
        ::close(handle_);
        throw cannot_use(directory, why);
    }
}

StateLock::~StateLock() { ::close(handle_); }

} // namespace volutus::kernel::daemon

#include <kernel/config/secret_file.hpp>

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace volutus::kernel::config {

namespace {
constexpr std::size_t largest = 64 * 1024;
} // namespace

std::string why_not_secret(std::string const& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return fmt::format("{} cannot be examined: {}", path, std::generic_category().message(errno));
    }
    if (!S_ISREG(status.st_mode)) return fmt::format("{} holds a secret and must be a regular file", path);
    if ((status.st_mode & 077) != 0)
        return fmt::format("{} holds a secret, but others than its owner may use it (mode {:04o}); chmod 0600 {}", path,
                           status.st_mode & 07777, path);
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return fmt::format("{} holds a secret, but belongs to user {}; chown it to user {}", path, status.st_uid,
                           ::geteuid());
    return {};
}

std::string read_secret(std::string const& path) {
    if (auto const why = why_not_secret(path); !why.empty()) throw Error(Code::invalid, why);
    try {
        world::File const file(path, world::File::Mode::read);
        if (file.size() > largest)
            throw Error(Code::invalid,
                        fmt::format("{} has {} bytes; a secret has at most {}", path, file.size(), largest));
        std::string text(file.size(), '\0');
        text.resize(file.read_at(0, text.data(), text.size()));
        return text;
    } catch (std::system_error const& error) {
        throw Error(Code::invalid, fmt::format("{} cannot be read: {}", path, error.code().message()));
    }
}

} // namespace volutus::kernel::config

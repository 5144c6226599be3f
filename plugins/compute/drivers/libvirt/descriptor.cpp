#include "descriptor.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace volutus::compute::libvirt {

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

void throw_errno(std::string_view doing, std::string const& path) {
    auto const code = errno == ENOSPC || errno == EDQUOT ? Code::exhausted : Code::internal;
    throw Error(code, fmt::format("cannot {} {}: {}", doing, path, std::strerror(errno)));
}

Descriptor open_file(std::string const& path, int flags, unsigned mode) {
    Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (!file) throw_errno("open", path);
    return file;
}

void write_all(int fd, std::string_view bytes, std::string const& path) {
    while (!bytes.empty()) {
        auto const count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("write", path);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void sync_file(std::string const& path) {
    auto const file = open_file(path, O_RDONLY);
    if (::fsync(file.get()) != 0) throw_errno("sync", path);
}

namespace {

// False when the file systems cannot; then nothing was copied.
bool copied_by_the_system(int from, std::uint64_t& offset, std::uint64_t& left, int to) {
    auto at = static_cast<off64_t>(offset);
    bool any = false;
    while (left > 0) {
        auto const count = ::copy_file_range(from, &at, to, nullptr, left, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return any && errno == ENOSPC; // the loop below meets a full disk again, and says so
        if (count == 0) break;
        any = true;
        left -= static_cast<std::uint64_t>(count);
        offset += static_cast<std::uint64_t>(count);
    }
    return left == 0;
}

} // namespace

void copy_bytes(int from, std::uint64_t offset, std::uint64_t length, int to, std::string const& path) {
    struct stat status{};
    if (::fstat(from, &status) != 0) throw_errno("look at the source of", path);
    bool const regular = S_ISREG(status.st_mode);
    auto left = length == 0 ? UINT64_MAX : length;
    if (regular) {
        auto const size = static_cast<std::uint64_t>(status.st_size);
        left = std::min(left, size > offset ? size - offset : 0);
        if (offset == 0 && left == size && ::ioctl(to, FICLONE, from) == 0) return;
        if (copied_by_the_system(from, offset, left, to)) return;
    }
    std::vector<char> buffer(1 << 20);
    while (left > 0) {
        auto const wanted = std::min<std::uint64_t>(left, buffer.size());
        auto const count = regular ? ::pread(from, buffer.data(), wanted, static_cast<off_t>(offset))
                                   : ::read(from, buffer.data(), wanted);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_errno("read the source of", path);
        if (count == 0) break;
        write_all(to, {buffer.data(), static_cast<std::size_t>(count)}, path);
        offset += static_cast<std::uint64_t>(count);
        left -= static_cast<std::uint64_t>(count);
    }
}

} // namespace volutus::compute::libvirt

// An open file, closed at the end of its life; and what is done with whole files beyond world::File: cloning, handing
// over, syncing what another program wrote.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace volutus::compute::libvirt {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

// All of these throw: Code::exhausted for a full disk, else Code::internal, with path and reason.
Descriptor open_file(std::string const& path, int flags, unsigned mode = 0);
void write_all(int fd, std::string_view bytes, std::string const& path);
void sync_file(std::string const& path);
[[noreturn]] void throw_errno(std::string_view doing, std::string const& path);

// Copies `length` bytes of `from` (0: to its end) from an offset on to the end of `to`; shares the blocks where the file
// system can. `from` may be a pipe or a socket, whose offset does not count.
void copy_bytes(int from, std::uint64_t offset, std::uint64_t length, int to, std::string const& path);

} // namespace volutus::compute::libvirt

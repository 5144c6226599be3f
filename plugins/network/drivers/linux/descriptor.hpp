// An open file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>
#include <utility>

namespace volutus::network::on_linux {

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }
    int give() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

} // namespace volutus::network::on_linux

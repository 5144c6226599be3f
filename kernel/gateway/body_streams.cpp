#include "kernel/gateway/body_streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace volutus::kernel::gateway {

namespace {
constexpr vlt_head stream_head{sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR};
}

InputBody::InputBody(Request& request, Overdue::Watched& watched, world::Duration patience)
    : vlt_stream{}, request_(request), watched_(watched), patience_(patience) {
    head = stream_head;
    read = [](vlt_stream* stream, vlt_span into, std::uint64_t* count) -> vlt_status {
        auto& self = *static_cast<InputBody*>(stream);
        try {
            if (self.request_.stream) {
                *count = self.read_stream(into.data, into.size);
                return VLT_OK;
            }
            auto const rest = self.request_.body.substr(self.position_);
            *count = std::min<std::uint64_t>(rest.size(), into.size);
            std::memcpy(into.data, rest.data(), *count);
            self.position_ += *count;
            return VLT_OK;
        } catch (Error const& error) {
            return static_cast<vlt_status>(error.code());
        } catch (std::exception const&) {
            return VLT_INTERNAL;
        }
    };
    close = [](vlt_stream*) -> vlt_status { return VLT_OK; };
}

std::size_t InputBody::read_stream(void* into, std::size_t size) {
    watched_.pause();
    auto const count = request_.stream->read(into, size);
    watched_.expect_within(patience_);
    return count;
}

OutputBody::OutputBody(std::size_t most) : vlt_stream{}, most_(most) {
    head = stream_head;
    write = [](vlt_stream* stream, vlt_str bytes, std::uint64_t* count) -> vlt_status {
        auto& self = of(stream);
        *count = 0;
        if (self.given_) return VLT_CONFLICT;
        if (bytes.size > self.most_ - self.bytes_.size()) return VLT_TOO_LARGE;
        try {
            self.bytes_.append(bytes.data, bytes.size);
        } catch (std::bad_alloc const&) {
            return VLT_UNAVAILABLE;
        }
        *count = bytes.size;
        return VLT_OK;
    };
    close = [](vlt_stream*) -> vlt_status { return VLT_OK; };
    give_fd = [](vlt_stream* stream, std::int32_t fd, std::uint64_t offset, std::uint64_t length,
                 std::int32_t owned) -> vlt_status {
        auto& self = of(stream);
        if (self.given_ || !self.bytes_.empty()) {
            if (owned) ::close(fd);
            return VLT_CONFLICT;
        }
        int const mine = owned ? fd : ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (mine < 0) return VLT_UNAVAILABLE;
        self.given_ = Given{mine, offset, length};
        return VLT_OK;
    };
}

OutputBody::~OutputBody() {
    if (given_) ::close(given_->descriptor);
}

Body OutputBody::take() {
    if (!given_) return std::move(bytes_);
    auto const given = *given_;
    struct stat status{};
    if (::fstat(given.descriptor, &status) != 0 || (!S_ISREG(status.st_mode) && given.offset != 0))
        throw Error(Code::invalid, "the service gave a descriptor that its reply cannot be read from");
    given_.reset();
    if (!S_ISREG(status.st_mode))
        return descriptor_source(given.descriptor, given.length ? std::optional(given.length) : std::nullopt);
    FileBody file(given.descriptor, given.offset, given.length);
    auto const size = static_cast<std::uint64_t>(status.st_size);
    if (given.offset > size || given.length > size - given.offset)
        throw Error(Code::invalid, fmt::format("the service gave bytes {} to {} of a file of {}", given.offset,
                                               given.offset + given.length, size));
    if (given.length == 0) file.length = size - given.offset;
    return file;
}

plugin::Descriptor OutputBody::take_socket() {
    plugin::Descriptor socket(given_ ? given_->descriptor : -1);
    given_.reset();
    int type = 0;
    socklen_t size = sizeof type;
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    if (!socket || ::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
        ::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0)
        throw Error(Code::invalid, "a tunnel needs a connected stream socket, and the service gave none");
    return socket;
}

} // namespace volutus::kernel::gateway

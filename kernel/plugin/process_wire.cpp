#include "kernel/plugin/process_wire.hpp"

#include <array>
#include <cerrno>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>

namespace volutus::kernel::plugin {

namespace {
constexpr std::size_t read_at_once = 64u << 10;
// Descriptors that came before the head of their frame was whole; an honest process has one at most.
constexpr std::size_t most_unclaimed = 4;

// Room for one descriptor beside the bytes of a message.
union Control {
    cmsghdr head;
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};
} // namespace

Wire::Wire(Descriptor socket) : socket_(std::move(socket)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
    buffer_.resize(read_at_once);
}

bool Wire::write_some(Outgoing& outgoing) {
    while (outgoing.done < outgoing.bytes.size()) {
        iovec part{outgoing.bytes.data() + outgoing.done, outgoing.bytes.size() - outgoing.done};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        Control control{};
        if (outgoing.descriptor) {
            message.msg_control = control.bytes.data();
            message.msg_controllen = control.bytes.size();
            auto* head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(sizeof(int));
            int const fd = outgoing.descriptor.get();
            std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
        }
        auto const put = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        // Other errors mean that the other end is gone, which the reading thread finds out too.
        if (put < 0) return false;
        outgoing.descriptor.reset();
        outgoing.done += static_cast<std::size_t>(put);
        written_ += static_cast<std::uint64_t>(put);
    }
    return true;
}

std::optional<std::uint64_t> Wire::send(FrameHead head, std::string_view body, Descriptor descriptor) {
    head.size = static_cast<std::uint32_t>(body.size());
    Outgoing outgoing;
    outgoing.descriptor = std::move(descriptor);
    outgoing.bytes.reserve(sizeof head + body.size());
    outgoing.bytes.append(reinterpret_cast<char const*>(&head), sizeof head).append(body);

    world::Lock lock(mutex_);
    if (shut_ || queued_ + outgoing.bytes.size() > largest_backlog) return std::nullopt;
    sent_ += outgoing.bytes.size();
    auto const place = sent_;
    if (queue_.empty() && write_some(outgoing)) return place;
    bool const first = queue_.empty();
    queued_ += outgoing.bytes.size();
    queue_.push_back(std::move(outgoing));
    if (first) ::eventfd_write(wake_.get(), 1);
    return place;
}

void Wire::shut() {
    world::Lock lock(mutex_);
    shut_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);
}

bool Wire::backlog() const {
    world::Lock lock(mutex_);
    return !queue_.empty() && !shut_;
}

void Wire::write_backlog() {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    world::Lock lock(mutex_);
    while (!queue_.empty() && write_some(queue_.front())) {
        queued_ -= queue_.front().bytes.size();
        queue_.pop_front();
    }
}

bool Wire::receive(std::function<void(Frame&&)> const& take) {
    while (true) {
        if (begin_ == end_) begin_ = end_ = 0;
        if (end_ == buffer_.size()) {
            // A frame that is not whole yet is at the front, with room for the rest of it.
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= std::exchange(begin_, 0);
            if (end_ + read_at_once > buffer_.size()) buffer_.resize(end_ + read_at_once);
        }
        iovec part{buffer_.data() + end_, buffer_.size() - end_};
        Control control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_LEN(sizeof(int)); // CMSG_SPACE would hold two
        auto const got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN;
        for (auto* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
            if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
            received_.emplace_back(fd);
        }
        if (message.msg_flags & MSG_CTRUNC) throw Malformed("more than one descriptor with a frame");
        if (received_.size() > most_unclaimed) throw Malformed("descriptors that no frame announces");
        if (got == 0) return false;
        // A read also ends short behind a descriptor.
        bool const drained = static_cast<std::size_t>(got) < part.iov_len && message.msg_controllen == 0;
        end_ += static_cast<std::size_t>(got);
        // What came may answer what another thread sent: from here on, all that thread did before is seen, too. Through
        // the other process it is so anyway, but neither the language nor a race detector knows.
        {
            world::Lock const sent(mutex_);
        }
        parse(take);
        if (drained) return true;
    }
}

void Wire::parse(std::function<void(Frame&&)> const& take) {
    while (end_ - begin_ >= sizeof(FrameHead)) {
        Frame frame;
        std::memcpy(&frame.head, buffer_.data() + begin_, sizeof(FrameHead));
        check_head(frame.head);
        if (end_ - begin_ - sizeof(FrameHead) < frame.head.size) return;
        frame.body.assign(buffer_.data() + begin_ + sizeof(FrameHead), frame.head.size);
        begin_ += sizeof(FrameHead) + frame.head.size;
        if (frame.head.flags & frame_flag::descriptor) frame.descriptor = take_descriptor();
        take(std::move(frame));
    }
}

Descriptor Wire::take_descriptor() {
    if (received_.empty()) throw Malformed("a frame announces a descriptor and carries none");
    auto taken = std::move(received_.front());
    received_.pop_front();
    return taken;
}

} // namespace volutus::kernel::plugin

#include "kernel/plugin/process_stream.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

namespace volutus::kernel::plugin {

namespace {
// The border allows these; anything else, such as a device or a directory, could do harm in the receiver's hands.
bool may_cross(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 &&
           (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
}

void give(Peer& peer, Frame& request, vlt_stream& stream) {
    BodyReader body(request.body);
    auto const offset = body.number();
    auto const length = body.number();
    body.end();
    if (!request.descriptor) throw Malformed("a gift without a descriptor");
    auto status = VLT_INVALID;
    if (!VLT_HAS(&stream, give_fd))
        status = VLT_UNSUPPORTED;
    else if (may_cross(request.descriptor.get()))
        status = stream.give_fd(&stream, request.descriptor.release(), offset, length, 1);
    peer.reply(request.head, status);
}

void take(Peer& peer, Frame& request, vlt_stream& stream) {
    std::int32_t fd = -1;
    std::uint64_t offset = 0, length = 0;
    auto const status = VLT_HAS(&stream, take_fd) ? stream.take_fd(&stream, &fd, &offset, &length) : VLT_UNSUPPORTED;
    Descriptor taken(status == VLT_OK ? fd : -1);
    if (status == VLT_OK && !may_cross(taken.get())) return peer.reply(request.head, VLT_INVALID);
    peer.reply(request.head, status, 0, BodyWriter().number(offset).number(length).take(), std::move(taken));
}
} // namespace

void reply_of_stream(Peer& peer, Frame& request, vlt_stream& stream) {
    std::uint64_t count = 0;
    auto const& head = request.head;
    switch (head.type) {
    case FrameType::read: {
        if (head.count > stream_chunk) throw Malformed("a read of more than a chunk");
        if (!VLT_HAS(&stream, read)) return peer.reply(head, VLT_UNSUPPORTED);
        std::string bytes(head.count, '\0');
        auto const status = stream.read(&stream, {bytes.data(), bytes.size()}, &count);
        bytes.resize(status == VLT_OK ? std::min<std::uint64_t>(count, bytes.size()) : 0);
        return peer.reply(head, status, static_cast<std::uint32_t>(bytes.size()), bytes);
    }
    case FrameType::write: {
        if (request.body.size() > stream_chunk) throw Malformed("a write of more than a chunk");
        if (!VLT_HAS(&stream, write)) return peer.reply(head, VLT_UNSUPPORTED);
        auto const status = stream.write(&stream, {request.body.data(), request.body.size()}, &count);
        return peer.reply(head, status, static_cast<std::uint32_t>(count));
    }
    case FrameType::close: return peer.reply(head, VLT_HAS(&stream, close) ? stream.close(&stream) : VLT_OK);
    case FrameType::give: return give(peer, request, stream);
    default: return take(peer, request, stream);
    }
}

RemoteStream::RemoteStream(Peer& peer, std::shared_ptr<Chain> chain, std::uint64_t call, bool output,
                           Patience const& patience)
    : vlt_stream{}, peer_(peer), chain_(std::move(chain)), call_(call), output_(output), patience_(patience) {
    head = {sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR};
    read = [](vlt_stream* self, vlt_span into, std::uint64_t* count) -> vlt_status {
        auto const wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(into.size, stream_chunk));
        Frame reply;
        auto const status = of(self).ask(FrameType::read, wanted, {}, Descriptor(), reply);
        if (status != VLT_OK) return status;
        if (reply.body.size() > wanted) return VLT_INTERNAL;
        std::memcpy(into.data, reply.body.data(), reply.body.size());
        *count = reply.body.size();
        return VLT_OK;
    };
    write = [](vlt_stream* self, vlt_str bytes, std::uint64_t* count) -> vlt_status {
        auto const size = std::min<std::uint64_t>(bytes.size, stream_chunk);
        Frame reply;
        auto const status = of(self).ask(FrameType::write, 0, std::string(bytes.data, size), Descriptor(), reply);
        if (status != VLT_OK) return status;
        if (reply.head.count > size) return VLT_INTERNAL;
        *count = reply.head.count;
        return VLT_OK;
    };
    close = [](vlt_stream* self) -> vlt_status {
        Frame reply;
        return of(self).ask(FrameType::close, 0, {}, Descriptor(), reply);
    };
    give_fd = [](vlt_stream* self, std::int32_t fd, std::uint64_t offset, std::uint64_t length,
                 std::int32_t owned) -> vlt_status {
        Descriptor given(owned ? fd : ::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        if (!given || !may_cross(given.get())) return VLT_INVALID;
        Frame reply;
        return of(self).ask(FrameType::give, 0, BodyWriter().number(offset).number(length).take(), std::move(given),
                            reply);
    };
    take_fd = [](vlt_stream* self, std::int32_t* fd, std::uint64_t* offset, std::uint64_t* length) -> vlt_status {
        Frame reply;
        auto const status = of(self).ask(FrameType::take, 0, {}, Descriptor(), reply);
        if (status != VLT_OK) return status;
        if (!reply.descriptor || reply.body.size() != 16) return VLT_INTERNAL;
        BodyReader body(reply.body);
        *offset = body.number();
        *length = body.number();
        *fd = reply.descriptor.release();
        return VLT_OK;
    };
}

vlt_status RemoteStream::ask(FrameType type, std::uint32_t count, std::string body, Descriptor descriptor,
                             Frame& reply) {
    Peer::Question question;
    question.head = {.type = type, .within = call_, .count = count};
    if (output_) question.head.flags = frame_flag::output;
    if (descriptor) question.head.flags |= frame_flag::descriptor;
    question.body = std::move(body);
    question.descriptor = std::move(descriptor);
    auto answer = peer_.ask(chain_, std::move(question), patience_);
    switch (answer.outcome) {
    case Answer::Outcome::replied: break;
    case Answer::Outcome::late: return VLT_DEADLINE;
    case Answer::Outcome::lost: return VLT_UNKNOWN_OUTCOME;
    default: return VLT_NOT_EXECUTED;
    }
    reply = std::move(answer.reply);
    return reply.head.status == VLT_OK ? VLT_OK : static_cast<vlt_status>(code_from(reply.head.status));
}

} // namespace volutus::kernel::plugin

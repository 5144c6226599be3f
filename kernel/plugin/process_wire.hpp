// Frames over a stream socket. Nobody ever waits in send(): what the socket does not take at once is queued and
// written by the reading thread, so that a process that does not read cannot hold a caller beyond its deadline.
#pragma once

#include "kernel/plugin/process_frames.hpp"

#include <volutus/world.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace volutus::kernel::plugin {

class Wire {
public:
    // More than this waits for no process: it has stopped reading.
    static constexpr std::size_t largest_backlog = 32u << 20;

    explicit Wire(Descriptor socket);

    // Any thread. The place of the frame's last byte in all that is sent; nullopt when it was not taken, because the
    // wire is shut or the backlog full.
    std::optional<std::uint64_t> send(FrameHead head, std::string_view body, Descriptor descriptor = Descriptor());
    // How much of it the socket has taken.
    std::uint64_t written() const { return written_; }

    // No byte goes in or out any more; a poll() on the socket returns. Any thread.
    void shut();

    // For the one thread that reads:
    int socket() const { return socket_.get(); }
    int wake() const { return wake_.get(); } // readable when there is a backlog to write
    bool backlog() const;
    void write_backlog();
    // Takes what has come without waiting; false when the other end is gone. Throws Malformed.
    bool receive(std::function<void(Frame&&)> const& take);

private:
    struct Outgoing {
        std::string bytes;
        std::size_t done = 0;
        Descriptor descriptor;
    };
    bool write_some(Outgoing& outgoing); // true when all of it is written
    void parse(std::function<void(Frame&&)> const& take);
    Descriptor take_descriptor();

    Descriptor socket_, wake_;
    mutable world::Mutex mutex_;
    std::deque<Outgoing> queue_;
    std::size_t queued_ = 0;
    std::uint64_t sent_ = 0;
    std::atomic<std::uint64_t> written_ = 0;
    bool shut_ = false;

    // Of the reading thread.
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;
    std::deque<Descriptor> received_;
};

} // namespace volutus::kernel::plugin

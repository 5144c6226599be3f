#include "kernel/operator/admin_socket.hpp"

#include "kernel/log/log.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace volutus::kernel::operators {

namespace {

// Writes the lines of a reply. A client that takes nothing for a while is given up.
class Lines final : public Answer {
public:
    Lines(int handle, int file) : handle_(handle), file_(file) {}

    void document(json::object const& whole) override { put({{"document", whole}}); }
    void columns(std::vector<std::string> const& names) override {
        put({{"columns", json::array(names.begin(), names.end())}});
    }
    void row(json::array const& cells) override { put({{"row", cells}}); }
    void fail() override { failed_ = true; }
    bool gone() override {
        char byte = 0;
        auto const got = ::recv(handle_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    }
    int file() override { return file_; }
    void end() { put({{"end", {{"failed", failed_}}}}); }
    void error(Error const& error) { put({{"error", {{"code", to_string(error.code())}, {"message", error.what()}}}}); }

private:
    void put(json::object const& line) {
        auto const text = json::print(line) + '\n';
        for (std::size_t done = 0; done < text.size();) {
            auto const sent = ::send(handle_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0) throw Error(Code::cancelled, "the operator's client went away");
            done += static_cast<std::size_t>(sent);
        }
    }

    int handle_, file_;
    bool failed_ = false;
};

// What a client sends: bytes, and now and then a descriptor, of which the last is kept.
class Incoming {
public:
    explicit Incoming(int handle) : handle_(handle) {}
    Incoming(Incoming const&) = delete;
    Incoming& operator=(Incoming const&) = delete;
    ~Incoming() { close_file(); }

    int file() const { return file_; }
    void close_file() {
        if (file_ >= 0) ::close(std::exchange(file_, -1));
    }
    ssize_t receive(char* into, std::size_t size) {
        iovec bytes{into, size};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size(); // the system closes what does not fit
        auto const got = ::recvmsg(handle_, &message, MSG_CMSG_CLOEXEC);
        auto const* const head = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
        if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
            head->cmsg_len == CMSG_LEN(sizeof(int))) {
            close_file();
            std::memcpy(&file_, CMSG_DATA(head), sizeof file_);
        }
        return got;
    }

private:
    int handle_, file_ = -1;
};

bool may_ask(int handle) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(handle, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == 0 || peer.uid == ::geteuid();
}

Error cannot_listen(std::string const& path) {
    return Error(Code::unavailable,
                 fmt::format("the admin socket {} cannot be made: {}; set kernel.admin_socket to a path "
                             "that volutusd may write",
                             path, std::strerror(errno)));
}

int listen_at(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Code::invalid, fmt::format("{} is too long for a socket's path", path));
    path.copy(address.sun_path, path.size());
    int const handle = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0) throw cannot_listen(path);
    ::unlink(path.c_str());
    // Nobody can connect before listen(), so there is no moment at which the mode is another.
    if (::bind(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), 0600) != 0 || ::listen(handle, 16) != 0) {
        auto const error = cannot_listen(path);
        ::close(handle);
        throw error;
    }
    return handle;
}

} // namespace

AdminSocket::AdminSocket(std::string path, Run run)
    : path_(std::move(path)), run_(std::move(run)), listening_(listen_at(path_)) {
    thread_ = world::Thread("admin.accept", [this] { accept_all(); });
}

void AdminSocket::close() {
    std::list<Connection> last;
    {
        world::Lock lock(mutex_);
        if (std::exchange(closing_, true)) return;
        ::shutdown(listening_, SHUT_RDWR);
        for (auto& connection : connections_) ::shutdown(connection.handle, SHUT_RDWR);
    }
    thread_.join();
    last.splice(last.end(), connections_); // no thread but this one looks at the list now
    for (auto& connection : last) {
        connection.thread.join();
        ::close(connection.handle);
    }
    ::close(listening_);
    ::unlink(path_.c_str());
}

void AdminSocket::accept_all() {
    while (true) {
        int const handle = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        {
            world::Lock lock(mutex_);
            if (closing_) {
                if (handle >= 0) ::close(handle);
                return;
            }
        }
        if (handle >= 0)
            take(handle);
        else if (errno != EINTR && errno != ECONNABORTED)
            world::sleep_for(std::chrono::milliseconds(100)); // no descriptors left: somebody else must end first
    }
}

void AdminSocket::take(int handle) {
    std::list<Connection> ended;
    {
        world::Lock lock(mutex_);
        for (auto at = connections_.begin(); at != connections_.end();) {
            auto const next = std::next(at);
            if (at->ended) ended.splice(ended.end(), connections_, at);
            at = next;
        }
        if (!closing_ && may_ask(handle) && connections_.size() < most_connections) {
            timeval const patience{10, 0};
            ::setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
            auto& connection = connections_.emplace_back();
            connection.handle = handle;
            connection.thread = world::Thread("admin", [this, &connection] { serve(connection); });
            handle = -1;
        }
    }
    if (handle >= 0) ::close(handle);
    for (auto& connection : ended) {
        connection.thread.join();
        ::close(connection.handle);
    }
}

void AdminSocket::serve(Connection& connection) {
    try {
        std::string received;
        std::array<char, 4096> piece;
        Incoming incoming(connection.handle);
        while (true) {
            auto const end = received.find('\n');
            if (end != std::string::npos) {
                answer(connection.handle, incoming.file(), std::string_view(received).substr(0, end));
                incoming.close_file();
                received.erase(0, end + 1);
                continue;
            }
            if (received.size() > longest_request) break;
            auto const got = incoming.receive(piece.data(), piece.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            received.append(piece.data(), static_cast<std::size_t>(got));
        }
    } catch (std::exception const& error) {
        log::write(Level::info, "operator", "a connection ended early", {{"error", error.what()}});
    }
    // The client sees its end now; the descriptor is closed when the thread was joined.
    ::shutdown(connection.handle, SHUT_RDWR);
    world::Lock lock(mutex_);
    connection.ended = true;
}

void AdminSocket::answer(int handle, int file, std::string_view line) {
    Lines lines(handle, file);
    try {
        run_(json::parse_object(line), lines);
        lines.end();
    } catch (Error const& error) {
        if (error.code() == Code::cancelled) throw;
        lines.error(error);
    } catch (std::exception const& error) {
        lines.error(Error(Code::internal, error.what()));
    }
}

} // namespace volutus::kernel::operators

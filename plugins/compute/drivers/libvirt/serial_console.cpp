#include "serial_console.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace volutus::compute::libvirt {

namespace {
constexpr std::size_t most_open = 100;
constexpr std::size_t most_waiting = 64 * 1024; // a side that does not read stops the other one there
} // namespace

// Kept alive by the callbacks that the event loop holds; those go when end() has been called.
class SerialConsole : public std::enable_shared_from_this<SerialConsole> {
public:
    SerialConsole(virStreamPtr stream, Descriptor socket) : stream_(stream), socket_(std::move(socket)) {}
    ~SerialConsole() { virStreamFree(stream_); }

    void begin() {
        world::Lock lock(mutex_);
        auto of_stream = std::make_unique<Holder>(shared_from_this()), of_socket = std::make_unique<Holder>(*of_stream);
        if (virStreamEventAddCallback(stream_, VIR_STREAM_EVENT_READABLE, &on_stream, of_stream.get(), &let_go) != 0)
            throw last_error("listening to a serial console");
        of_stream.release(); // the event loop's, until it calls let_go
        handle_ = virEventAddHandle(socket_.get(), VIR_EVENT_HANDLE_READABLE, &on_socket, of_socket.get(), &let_go);
        if (handle_ < 0) throw last_error("listening to the client of a serial console");
        of_socket.release();
    }

    void end() {
        world::Lock lock(mutex_);
        close();
    }

private:
    using Holder = std::shared_ptr<SerialConsole>;
    static void let_go(void* opaque) { delete static_cast<Holder*>(opaque); }

    static void on_stream(virStreamPtr, int events, void* opaque) {
        auto const self = *static_cast<Holder*>(opaque);
        world::Lock lock(self->mutex_);
        self->move(events & VIR_STREAM_EVENT_READABLE, false,
                   events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP));
    }
    static void on_socket(int, int, int events, void* opaque) {
        auto const self = *static_cast<Holder*>(opaque);
        world::Lock lock(self->mutex_);
        self->move(false, events & VIR_EVENT_HANDLE_READABLE,
                   events & (VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP));
    }

    void move(bool from_guest, bool from_client, bool over) {
        if (closed_) return;
        if (from_guest) over |= !receive_from_guest();
        if (from_client) over |= !receive_from_client();
        over |= !send();
        if (over) return close();
        int stream_events = to_client_.size() < most_waiting ? VIR_STREAM_EVENT_READABLE : 0;
        if (!to_guest_.empty()) stream_events |= VIR_STREAM_EVENT_WRITABLE;
        virStreamEventUpdateCallback(stream_, stream_events);
        int socket_events = to_guest_.size() < most_waiting ? VIR_EVENT_HANDLE_READABLE : 0;
        if (!to_client_.empty()) socket_events |= VIR_EVENT_HANDLE_WRITABLE;
        virEventUpdateHandle(handle_, socket_events);
    }

    bool receive_from_guest() {
        char buffer[4096];
        int const count = virStreamRecv(stream_, buffer, sizeof buffer);
        if (count > 0) to_client_.append(buffer, static_cast<std::size_t>(count));
        return count > 0 || count == -2; // -2: nothing there after all
    }
    bool receive_from_client() {
        char buffer[4096];
        auto const count = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (count > 0) to_guest_.append(buffer, static_cast<std::size_t>(count));
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
    }
    bool send() {
        if (!to_guest_.empty()) {
            int const count = virStreamSend(stream_, to_guest_.data(), to_guest_.size());
            if (count == -1) return false;
            if (count > 0) to_guest_.erase(0, static_cast<std::size_t>(count));
        }
        if (!to_client_.empty()) {
            auto const count = ::send(socket_.get(), to_client_.data(), to_client_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
            if (count > 0) to_client_.erase(0, static_cast<std::size_t>(count));
        }
        return true;
    }

    void close() {
        if (closed_) return;
        closed_ = true;
        virStreamEventRemoveCallback(stream_);
        if (handle_ >= 0) virEventRemoveHandle(handle_);
        virStreamAbort(stream_);
        ::shutdown(socket_.get(), SHUT_RDWR);
    }

    world::Mutex mutex_;
    virStreamPtr stream_;
    Descriptor socket_;
    int handle_ = -1;
    std::string to_guest_, to_client_;
    bool closed_ = false;
};

SerialConsoles::SerialConsoles() = default;
SerialConsoles::~SerialConsoles() { end(); }

Descriptor SerialConsoles::open(virConnectPtr connect, virDomainPtr domain) {
    world::Lock lock(mutex_);
    open_.erase(std::remove_if(open_.begin(), open_.end(), [](auto const& one) { return one.expired(); }), open_.end());
    if (open_.size() >= most_open)
        throw Error(Code::exhausted, "100 serial consoles of this host are open already; close one");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("make", "a socket");
    Descriptor ours(ends[0]), theirs(ends[1]);
    auto* stream = virStreamNew(connect, VIR_STREAM_NONBLOCK);
    if (!stream) throw last_error("opening a stream");
    auto const console = std::make_shared<SerialConsole>(stream, std::move(ours));
    if (virDomainOpenConsole(domain, nullptr, stream, VIR_DOMAIN_CONSOLE_FORCE) != 0)
        throw last_error("opening the serial console of " + id_of(domain));
    try {
        console->begin();
    } catch (Error const&) {
        console->end();
        throw;
    }
    open_.push_back(console);
    return theirs;
}

void SerialConsoles::end() {
    world::Lock lock(mutex_);
    for (auto const& one : open_)
        if (auto const console = one.lock()) console->end();
    open_.clear();
}

} // namespace volutus::compute::libvirt

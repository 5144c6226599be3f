// How late the last of many watchers hears of a change: from the moment that a request is sent until its event has come on
// every connection. Beside it the bare limit: a thread that writes the same bytes to as many sockets, one after another.
//
//     watchers_bench PORT TOKEN WATCHERS ROUNDS QUERY METHOD PATH BODY
//
// Each request, in whose body %d is another number each time, must cause one event that QUERY lets the watchers hear.
#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

using namespace volutus;

constexpr std::string_view mark = "data: "; // of an event; a pulse has none

int checked(int result, char const* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

class Socket {
public:
    explicit Socket(int handle) : handle_(handle) {}
    Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
    ~Socket() {
        if (handle_ >= 0) ::close(handle_);
    }
    int get() const { return handle_; }
    void send(std::string_view bytes) const {
        while (!bytes.empty())
            bytes.remove_prefix(static_cast<std::size_t>(
                checked(static_cast<int>(::send(handle_, bytes.data(), bytes.size(), MSG_NOSIGNAL)), "send")));
    }
    // What is there, at least a byte.
    std::string receive() const {
        std::string bytes(16384, '\0');
        auto const got = checked(static_cast<int>(::recv(handle_, bytes.data(), bytes.size(), 0)), "recv");
        if (got == 0) throw Error(Code::unavailable, "a connection was closed");
        bytes.resize(static_cast<std::size_t>(got));
        return bytes;
    }

private:
    int handle_;
};

Socket connect_to(std::uint16_t port) {
    Socket out(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
    int const on = 1;
    ::setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return out;
}

// Many connections, and the wait for something on each.
class Readers {
public:
    Readers() : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}
    void add(Socket socket) {
        epoll_event event{EPOLLIN, {.u64 = sockets_.size()}};
        checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event), "epoll_ctl");
        sockets_.push_back(std::move(socket));
        tails_.emplace_back();
    }
    std::size_t size() const { return sockets_.size(); }

    // Milliseconds from `begun` until the mark has come on all; keeps the longest of what one of them got as its bytes.
    double wait_for_all(world::Instant begun) {
        std::vector<bool> told(size());
        std::vector<epoll_event> ready(256);
        for (std::size_t left = size(); left > 0;) {
            auto const count =
                checked(::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), 30'000), "epoll_wait");
            if (count == 0) throw Error(Code::deadline, fmt::format("{} of {} heard nothing", left, size()));
            for (int i = 0; i < count; ++i) {
                auto const which = ready[static_cast<std::size_t>(i)].data.u64;
                auto& tail = tails_[which];
                tail += sockets_[which].receive();
                if (tail.find(mark) == std::string::npos || !tail.ends_with('\n')) continue;
                if (!told[which]) --left;
                told[which] = true;
                bytes_ = std::exchange(tail, {});
            }
        }
        return std::chrono::duration<double, std::milli>(world::now() - begun).count();
    }
    std::string const& bytes() const { return bytes_; }

private:
    Socket epoll_;
    std::vector<Socket> sockets_;
    std::vector<std::string> tails_; // of each, what came since its last event
    std::string bytes_;
};

struct Request {
    std::uint16_t port;
    std::string token, method, path, body;
};

void watch(Readers& readers, Request const& request, std::string const& query) {
    auto socket = connect_to(request.port);
    socket.send(fmt::format("GET /events{} HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: {}\r\n\r\n", query, request.token));
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) head += socket.receive();
    if (!head.starts_with("HTTP/1.1 200 ")) throw Error(Code::invalid, head);
    readers.add(std::move(socket));
}

// Milliseconds of each round.
std::vector<double> watched(Request const& request, Readers& readers, int rounds) {
    auto const asking = connect_to(request.port);
    std::vector<double> took;
    for (int round = 0; round < rounds; ++round) {
        auto body = request.body;
        if (auto const at = body.find("%d"); at != std::string::npos) body.replace(at, 2, std::to_string(round));
        auto const begun = world::now();
        asking.send(
            fmt::format("{} {} HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: {}\r\nContent-Type: application/json\r\n"
                        "Content-Length: {}\r\n\r\n{}",
                        request.method, request.path, request.token, body.size(), body));
        took.push_back(readers.wait_for_all(begun));
        if (auto const reply = asking.receive(); !reply.starts_with("HTTP/1.1 2")) throw Error(Code::invalid, reply);
    }
    return took;
}

// The same bytes, written by a thread that does nothing else.
std::vector<double> bare(std::string const& bytes, std::size_t count, int rounds) {
    Socket const listener(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    checked(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), "bind");
    checked(::listen(listener.get(), 128), "listen");
    checked(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    Readers readers;
    std::vector<Socket> ends;
    for (std::size_t i = 0; i < count; ++i) {
        readers.add(connect_to(ntohs(address.sin_port)));
        ends.emplace_back(checked(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
        int const on = 1;
        ::setsockopt(ends.back().get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    int asking[2];
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, asking), "socketpair");
    Socket const ask(asking[0]), asked(asking[1]);
    world::Thread writer("writer", [&] {
        for (int round = 0; round < rounds; ++round) {
            asked.receive();
            for (auto const& end : ends) end.send(bytes);
        }
    });
    std::vector<double> took;
    for (int round = 0; round < rounds; ++round) {
        auto const begun = world::now();
        ask.send("x");
        took.push_back(readers.wait_for_all(begun));
    }
    return took;
}

double middle(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}
} // namespace

int main(int argc, char** argv) try {
    if (argc != 9) {
        fmt::print(stderr, "watchers_bench PORT TOKEN WATCHERS ROUNDS QUERY METHOD PATH BODY\n");
        return 2;
    }
    rlimit most{};
    ::getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &most);
    Request const request{static_cast<std::uint16_t>(std::stoi(argv[1])), argv[2], argv[6], argv[7], argv[8]};
    auto const count = std::stoul(argv[3]);
    auto const rounds = std::stoi(argv[4]);
    Readers readers;
    for (std::size_t i = 0; i < count; ++i) watch(readers, request, argv[5]);
    watched(request, readers, 2); // what is looked up once
    auto const here = watched(request, readers, rounds);
    auto const there = bare(readers.bytes(), count, rounds);
    fmt::print("{{\"watched\": {}, \"longest\": {}, \"bare\": {}, \"bytes\": {}}}\n", middle(here),
               *std::ranges::max_element(here), middle(there), readers.bytes().size());
    return 0;
} catch (std::exception const& error) {
    fmt::print(stderr, "watchers_bench: {}\n", error.what());
    return 1;
}

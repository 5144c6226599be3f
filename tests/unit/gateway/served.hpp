// A gateway with a toy service on free ports, and a client of bare sockets, so that a test decides on every byte.
#pragma once

#include "kernel/gateway/gateway.hpp"
#include "kernel/gateway/range.hpp"

#include <volutus/error.hpp>

#include <arpa/inet.h>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace volutus::kernel::gateway {

using namespace std::chrono_literals;

// A condition that another thread brings about.
template <class Condition> bool eventually(Condition const& holds) {
    auto const until = world::now() + 10s;
    while (!holds()) {
        if (world::now() > until) return false;
        std::this_thread::yield();
    }
    return true;
}

struct Reply {
    unsigned status = 0;
    std::map<std::string, std::string> headers; // names in lower case
    std::string body;
    bool broken = false; // the connection ended before the reply did
};

class Client {
public:
    explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    // Over TLS; `connected` tells whether the handshake succeeded.
    Client(std::uint16_t port, SSL_CTX* tls) : Client(port) {
        ssl = ::SSL_new(tls);
        ::SSL_set_fd(ssl, socket_);
        connected = connected && ::SSL_connect(ssl) == 1;
    }
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;
    ~Client() { close(); }
    void close() {
        if (ssl) ::SSL_free(std::exchange(ssl, nullptr));
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    // Nothing more is sent, which another thread's send is told. The socket stays.
    void stop() const { ::shutdown(socket_, SHUT_RDWR); }
    // Ends with a reset instead of an orderly close.
    void reset() {
        linger const hard{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close();
    }
    // False when the other side is gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto const count = ssl ? ::SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    // One reply; interim ones (1xx) are replies of their own. `head` when it answers a HEAD.
    Reply receive(bool head = false) {
        Reply reply;
        std::size_t end = 0;
        while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
            if (!more()) return broken(reply);
        parse_head(buffer.substr(0, end + 2), reply);
        buffer.erase(0, end + 4);
        if (head || reply.status < 200 || reply.status == 204 || reply.status == 304) return reply;
        if (auto const length = reply.headers.find("content-length"); length != reply.headers.end()) {
            if (!take(std::stoull(length->second), reply.body)) return broken(reply);
        } else if (reply.headers.count("transfer-encoding") != 0) {
            return receive_chunks(reply);
        } else {
            while (more()) {
            }
            reply.body = std::exchange(buffer, {});
        }
        return reply;
    }
    Reply ask(std::string_view request) {
        send(request);
        return receive();
    }
    Reply get(std::string_view path, std::string_view headers = "") {
        return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(headers) + "\r\n");
    }
    // True when the server closed without sending more.
    bool closed() { return buffer.empty() && !more() && buffer.empty(); }
    bool more() {
        pollfd waits{socket_, POLLIN, 0};
        bool const buffered = ssl && ::SSL_pending(ssl) > 0;
        if (!buffered && ::poll(&waits, 1, 10'000) != 1) {
            ADD_FAILURE() << "the server neither answered nor closed within 10 s";
            return false;
        }
        char piece[65536];
        auto const count = ssl ? ::SSL_read(ssl, piece, sizeof piece) : ::recv(socket_, piece, sizeof piece, 0);
        if (count <= 0) return false;
        buffer.append(piece, static_cast<std::size_t>(count));
        return true;
    }
    bool take(std::uint64_t size, std::string& into) {
        while (buffer.size() < size)
            if (!more()) return false;
        into += buffer.substr(0, size);
        buffer.erase(0, size);
        return true;
    }

    bool connected = false;
    SSL* ssl = nullptr;
    std::string buffer; // received and not yet taken

private:
    static Reply broken(Reply& reply) {
        reply.broken = true;
        return reply;
    }
    static void parse_head(std::string const& head, Reply& reply) {
        reply.status = static_cast<unsigned>(std::stoul(head.substr(9, 3)));
        for (auto at = head.find("\r\n") + 2; at < head.size();) {
            auto const end = head.find("\r\n", at);
            auto const colon = head.find(": ", at);
            std::string name = head.substr(at, colon - at);
            for (char& c : name) c = static_cast<char>(std::tolower(c));
            EXPECT_EQ(reply.headers.count(name), 0U) << name << " stands twice";
            reply.headers[name] = head.substr(colon + 2, end - colon - 2);
            at = end + 2;
        }
    }
    Reply receive_chunks(Reply& reply) {
        for (;;) {
            std::size_t end = 0;
            while ((end = buffer.find("\r\n")) == std::string::npos)
                if (!more()) return broken(reply);
            auto const size = std::stoull(buffer.substr(0, end), nullptr, 16);
            buffer.erase(0, end + 2);
            std::string line;
            if (!take(size, reply.body) || !take(2, line)) return broken(reply);
            if (size == 0) return reply;
        }
    }

    int socket_;
};

// Each route is a pattern and what it answers.
class Toy final : public Handler {
public:
    using Answer = std::function<Response(Request&)>;
    std::map<std::string, Answer> answers; // by route id
    Response handle(Request& request) override { return answers.at(request.route->id)(request); }
    std::function<void(Request const&)> before_refusing = [](Request const&) {};
    Response refuse(Request const& request, Refusal const& refusal) override {
        before_refusing(request);
        Response response;
        response.status = refusal.status;
        response.body = "toy: " + refusal.message;
        return response;
    }
};

inline Response text(std::string body, unsigned status = 200) {
    Response response;
    response.status = status;
    response.set("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
}

inline std::string read_all(BodyReader& from, std::size_t piece = 10'000) {
    std::string out;
    std::string buffer(piece, 0);
    while (auto const count = from.read(buffer.data(), buffer.size())) out.append(buffer, 0, count);
    return out;
}

// The toy service stands at /toy on the listener "main", and at the root of "own".
class Served : public testing::Test {
protected:
    Served() {
        config.listeners.resize(2);
        config.listeners[0].name = "main";
        config.listeners[1].name = "own";
        config.io_threads = 2;
        config.pool_threads = 4;
        config.upload_threads = 4;
        config.download_threads = 2;
        config.report = [this](std::string_view what) {
            world::Lock lock(mutex_);
            reports_.emplace_back(what);
        };
        config.access = [this](AccessEntry const& entry) {
            world::Lock lock(mutex_);
            log_.push_back(to_json(entry));
        };
    }

    // What handlers and sinks use goes after the threads that call them.
    void TearDown() override { gateway.reset(); }

    Route& route(std::string method, std::string pattern, Toy::Answer answer) {
        Route made;
        made.id = method + " " + pattern;
        toy->answers[made.id] = std::move(answer);
        made.method = std::move(method);
        made.pattern = std::move(pattern);
        return routes.emplace_back(std::move(made));
    }
    Route& inline_route(std::string method, std::string pattern, Toy::Answer answer) {
        auto& made = route(std::move(method), std::move(pattern), std::move(answer));
        made.reads_only = true;
        return made;
    }
    Route& upload_route(std::string method, std::string pattern, Toy::Answer answer) {
        auto& made = route(std::move(method), std::move(pattern), std::move(answer));
        made.streams_body = true;
        return made;
    }
    std::shared_ptr<Router const> router() {
        Mount mount{"toy", toy, {{"main", "/toy"}, {"own", ""}}, routes};
        return std::make_shared<Router>(std::vector<Mount>{mount});
    }
    void serve() { gateway = std::make_unique<Gateway>(config, router(), metrics); }
    std::uint16_t port(std::string_view listener = "main") { return gateway->port(listener); }
    std::vector<std::string> log() {
        world::Lock lock(mutex_);
        return log_;
    }
    std::vector<std::string> reports() {
        world::Lock lock(mutex_);
        return reports_;
    }

    metrics::Metrics metrics;
    Config config;
    std::shared_ptr<Toy> toy = std::make_shared<Toy>();
    std::vector<Route> routes;
    std::unique_ptr<Gateway> gateway;

private:
    world::Mutex mutex_;
    std::vector<std::string> log_, reports_;
};

} // namespace volutus::kernel::gateway

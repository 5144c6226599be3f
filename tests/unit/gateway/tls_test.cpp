// TLS, and websocket tunnels with and without it.
#include "certificate.hpp"
#include "served.hpp"

#include <fcntl.h>
#include <fstream>
#include <sys/un.h>
#include <thread>

namespace volutus::kernel::gateway {
namespace {

// Sends back what comes, until the other side closes; a connection at a time.
class EchoServer {
public:
    EchoServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at);
        socklen_t size = sizeof at;
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
        port = ntohs(at.sin_port);
        start();
    }
    explicit EchoServer(std::string const& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        ::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at);
        start();
    }
    ~EchoServer() {
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
    }
    std::uint16_t port = 0;
    std::atomic<int> served{0}; // connections that have ended

private:
    void start() {
        ::listen(socket_, 8);
        thread_ = std::thread([this] {
            for (;;) {
                int const client = ::accept(socket_, nullptr, nullptr);
                if (client < 0) return;
                char piece[65536];
                for (;;) {
                    auto const count = ::recv(client, piece, sizeof piece, 0);
                    if (count <= 0 || std::string_view(piece, static_cast<std::size_t>(count)) == "bye") break;
                    ::send(client, piece, static_cast<std::size_t>(count), MSG_NOSIGNAL);
                }
                ::close(client);
                ++served;
            }
        });
    }
    int socket_;
    std::thread thread_;
};

class Secure : public Served {
protected:
    Secure() {
        inline_route("GET", "/hello", [](Request& request) { return text(request.base_url()); });
        route("POST", "/echo", [](Request& request) { return text(std::string(request.body)); });
        upload_route("PUT", "/upload", [](Request& request) { return text(read_all(*request.stream)); });
        route("GET", "/file", [this](Request&) {
            Response response;
            response.body = FileBody(::open(certificate.files.certificate.c_str(), O_RDONLY | O_CLOEXEC), 5, 100);
            return response;
        });
        route("GET", "/console", [this](Request&) {
            Response response;
            response.tunnel = target;
            return response;
        }).websocket = true;
        route("GET", "/connected", [this](Request&) {
            Response response;
            response.tunnel_socket = std::move(connected);
            return response;
        }).websocket = true;
        Listener tls;
        tls.name = "tls";
        tls.tls = certificate.files;
        config.listeners.push_back(tls);
        client_tls = ::SSL_CTX_new(::TLS_client_method());
    }
    ~Secure() override {
        gateway.reset();
        ::SSL_CTX_free(client_tls);
    }
    std::shared_ptr<Router const> routes_everywhere() {
        return std::make_shared<Router>(std::vector<Mount>{{"toy", toy, {{"main", "/toy"}, {"tls", "/toy"}}, routes}});
    }
    void serve_tls() { gateway = std::make_unique<Gateway>(config, routes_everywhere(), metrics); }

    Certificate certificate;
    Tunnel target;
    plugin::Descriptor connected;
    SSL_CTX* client_tls = nullptr;
};

TEST_F(Secure, Tls12And13AreSpokenAndOlderOnesRefused) {
    serve_tls();
    for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        ::SSL_CTX_set_min_proto_version(client_tls, version);
        ::SSL_CTX_set_max_proto_version(client_tls, version);
        Client client(port("tls"), client_tls);
        ASSERT_TRUE(client.connected);
        EXPECT_EQ(::SSL_version(client.ssl), version);
        EXPECT_EQ(client.get("/toy/hello").body, "https://test/toy");
        EXPECT_EQ(client.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc").body, "abc");
    }
    ::SSL_CTX_set_security_level(client_tls, 0);
    ::SSL_CTX_set_min_proto_version(client_tls, TLS1_1_VERSION);
    ::SSL_CTX_set_max_proto_version(client_tls, TLS1_1_VERSION);
    EXPECT_FALSE(Client(port("tls"), client_tls).connected);
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0; }));
}

TEST_F(Secure, AClientThatOffersHttp2GetsHttp11) {
    serve_tls();
    unsigned char const offered[] = "\x02h2\x08http/1.1";
    ::SSL_CTX_set_alpn_protos(client_tls, offered, sizeof offered - 1);
    Client client(port("tls"), client_tls);
    unsigned char const* chosen = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(client.ssl, &chosen, &size);
    EXPECT_EQ(std::string(reinterpret_cast<char const*>(chosen), size), "http/1.1");
}

TEST_F(Secure, StreamsAndFilesGoThroughTls) {
    serve_tls();
    Client client(port("tls"), client_tls);
    std::string const body(1'000'000, 'x');
    EXPECT_TRUE(client.ask("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n" + body).body ==
                body);
    std::ifstream file(certificate.files.certificate);
    std::string const content((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(client.get("/toy/file").body, content.substr(5, 100));
    EXPECT_EQ(client.get("/toy/hello", "Connection: close\r\n").status, 200U);
    EXPECT_TRUE(client.closed());
    client.close();
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0; }));
}

std::string fingerprint(SSL* ssl) {
    auto* const certificate = ::SSL_get1_peer_certificate(ssl);
    std::string out(EVP_MAX_MD_SIZE, 0);
    unsigned size = 0;
    ::X509_digest(certificate, ::EVP_sha256(), reinterpret_cast<unsigned char*>(out.data()), &size);
    ::X509_free(certificate);
    return out.substr(0, size);
}

TEST_F(Secure, ACertificateThatIsReadAgainHoldsForHandshakesToCome) {
    serve_tls();
    Client before(port("tls"), client_tls);
    Certificate const renewed;
    auto next = config;
    next.listeners.back().tls = renewed.files;
    gateway->reload(next);
    EXPECT_EQ(before.get("/toy/hello").status, 200U) << "the connection stands";
    Client after(port("tls"), client_tls);
    EXPECT_EQ(after.get("/toy/hello").status, 200U);
    EXPECT_NE(fingerprint(before.ssl), fingerprint(after.ssl));

    next.listeners.back().tls = Tls{renewed.files.certificate, certificate.files.key};
    EXPECT_THROW(gateway->reload(next), Error) << "the key is of another certificate";
    next.listeners.back().tls = Tls{"/nowhere.pem", renewed.files.key};
    EXPECT_THROW(gateway->reload(next), Error);
    Client still(port("tls"), client_tls);
    EXPECT_EQ(fingerprint(still.ssl), fingerprint(after.ssl));
}

TEST_F(Secure, AClientThatRenegotiatesIsRefused) {
    serve_tls();
    ::SSL_CTX_set_max_proto_version(client_tls, TLS1_2_VERSION);
    Client client(port("tls"), client_tls);
    EXPECT_EQ(client.get("/toy/hello").status, 200U);
    ASSERT_EQ(::SSL_renegotiate(client.ssl), 1);
    EXPECT_NE(::SSL_do_handshake(client.ssl), 1);
    EXPECT_EQ(Client(port("tls"), client_tls).get("/toy/hello").status, 200U);
}

TEST_F(Secure, AHandshakeThatStallsIsCut) {
    config.limits.header = 50ms;
    serve_tls();
    Client client(port("tls"));
    client.send("\x16\x03\x01");
    EXPECT_TRUE(client.closed());
    Client plain(port("tls"));
    plain.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    plain.more();
    EXPECT_EQ(plain.buffer.find("HTTP"), std::string::npos);
}

// ---- tunnels ----

constexpr char upgrade[] =
    "GET /toy/console?token=secret HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// A client's frame, masked as RFC 6455 wants; up to 65535 bytes.
std::string frame(std::string_view payload, unsigned char opcode = 2) {
    std::string out{static_cast<char>(0x80 | opcode)};
    if (payload.size() < 126) {
        out += static_cast<char>(0x80 | payload.size());
    } else {
        out += static_cast<char>(0x80 | 126);
        out += static_cast<char>(payload.size() >> 8U);
        out += static_cast<char>(payload.size());
    }
    std::string const mask = "\x01\x02\x03\x04";
    out += mask;
    for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
    return out;
}

// The payloads of the server's binary frames until there are so many bytes; stops at any other frame.
std::string payload(Client& client, std::size_t size) {
    std::string out;
    while (out.size() < size) {
        std::string head;
        if (!client.take(2, head)) break;
        if (head[0] != static_cast<char>(0x82)) return out + "[frame " + std::to_string(head[0] & 15) + "]";
        std::uint64_t length = static_cast<unsigned char>(head[1]);
        if (length >= 126) {
            std::string more;
            client.take(length == 126 ? 2 : 8, more);
            length = 0;
            for (char const c : more) length = length << 8U | static_cast<unsigned char>(c);
        }
        if (!client.take(length, out)) break;
    }
    return out;
}

TEST_F(Secure, AWebsocketLeadsToAByteStream) {
    EchoServer echo;
    target = {"127.0.0.1", echo.port, ""};
    serve_tls();
    for (bool const tls : {false, true}) {
        auto client = tls ? std::make_unique<Client>(port("tls"), client_tls) : std::make_unique<Client>(port());
        auto const reply = client->ask(upgrade + std::string("Sec-WebSocket-Protocol: base64, binary\r\n\r\n"));
        ASSERT_EQ(reply.status, 101U);
        EXPECT_EQ(reply.headers.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        EXPECT_EQ(reply.headers.at("sec-websocket-protocol"), "binary");
        EXPECT_EQ(reply.headers.at("server"), "Volutus");
        EXPECT_EQ(reply.headers.count("x-openstack-request-id"), 1U);
        std::string sent;
        std::thread sender([&] {
            for (int i = 0; i < 40; ++i) client->send(frame(std::string(50'000, static_cast<char>('a' + i % 26))));
        });
        for (int i = 0; i < 40; ++i) sent += std::string(50'000, static_cast<char>('a' + i % 26));
        if (tls) sender.join(); // one thread at a time may use the client's SSL
        EXPECT_TRUE(payload(*client, sent.size()) == sent);
        if (!tls) sender.join();
        client->send(frame("\x03\xe8", 8)); // close
        EXPECT_EQ(payload(*client, 1), "[frame 8]");
        EXPECT_TRUE(eventually([&] { return echo.served == (tls ? 2 : 1); }));
    }
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0 && log().size() == 2; }));
    EXPECT_NE(log()[0].find("\"status\":101,\"received\":2000000,\"sent\":2000000"), std::string::npos) << log()[0];
    EXPECT_EQ(log()[0].find("secret"), std::string::npos);
}

TEST_F(Secure, ATunnelEndsWithEitherSideAndWithADrain) {
    EchoServer echo;
    target = {"localhost", echo.port, ""};
    serve_tls();
    Client told(port());
    ASSERT_EQ(told.ask(upgrade + std::string("\r\n")).status, 101U);
    told.send(frame("bye"));
    EXPECT_EQ(payload(told, 1), "[frame 8]");
    told.close();
    Client gone(port());
    ASSERT_EQ(gone.ask(upgrade + std::string("\r\n")).status, 101U);
    gone.reset();
    EXPECT_TRUE(eventually([&] { return echo.served == 2; }));
    Client drained(port());
    ASSERT_EQ(drained.ask(upgrade + std::string("\r\n")).status, 101U);
    std::thread drainer([&] { gateway->drain(5s); });
    EXPECT_EQ(payload(drained, 1), "[frame 8]");
    drained.close();
    drainer.join();
    EXPECT_TRUE(eventually([&] { return echo.served == 3; }));
}

TEST_F(Secure, ATunnelMayLeadToAUnixSocket) {
    std::string const path = certificate.files.key + ".socket";
    {
        EchoServer echo(path);
        target.unix_path = path;
        serve_tls();
        Client client(port());
        ASSERT_EQ(client.ask(upgrade + std::string("\r\n")).status, 101U);
        client.send(frame("hello"));
        EXPECT_EQ(payload(client, 5), "hello");
        client.close();
        gateway.reset();
    }
    ::unlink(path.c_str());
}

TEST_F(Secure, AConnectedSocketBecomesTheTunnelsOtherEnd) {
    serve_tls();
    for (bool const tls : {false, true}) {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        connected.reset(ends[0]);
        plugin::Descriptor const far(ends[1]);
        auto client = tls ? std::make_unique<Client>(port("tls"), client_tls) : std::make_unique<Client>(port());
        std::string request = upgrade;
        request.replace(request.find("console"), 7, "connected");
        ASSERT_EQ(client->ask(request + "\r\n").status, 101U);
        ASSERT_EQ(::write(far.get(), "RFB 003.008\n", 12), 12) << "whoever is there may speak first";
        EXPECT_EQ(payload(*client, 12), "RFB 003.008\n");
        client->send(frame("hello"));
        char got[8] = {};
        EXPECT_EQ(::recv(far.get(), got, 5, MSG_WAITALL), 5);
        EXPECT_STREQ(got, "hello");
        ::shutdown(far.get(), SHUT_RDWR);
        EXPECT_EQ(payload(*client, 1), "[frame 8]");
    }
}

TEST_F(Secure, ASocketThatIsNoneIsAnswered502) {
    serve_tls();
    connected.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    Client client(port());
    std::string request = upgrade;
    request.replace(request.find("console"), 7, "connected");
    EXPECT_EQ(client.ask(request + "\r\n").status, 502U);
    EXPECT_EQ(client.get("/toy/hello").status, 200U);
}

TEST_F(Secure, ATunnelThatLeadsNowhereIsAnswered502) {
    std::uint16_t closed = 0;
    {
        EchoServer const echo;
        closed = echo.port;
    }
    target = {"127.0.0.1", closed, ""};
    serve_tls();
    Client client(port());
    EXPECT_EQ(client.ask(upgrade + std::string("\r\n")).status, 502U);
    EXPECT_EQ(client.get("/toy/hello").status, 200U);
    target = {"", 0, "/nowhere/socket"};
    EXPECT_EQ(client.ask(upgrade + std::string("\r\n")).status, 502U);
    target = {"", 0, std::string(200, 'x')};
    EXPECT_EQ(client.ask(upgrade + std::string("\r\n")).status, 502U);
    EXPECT_EQ(client.get("/toy/console").status, 400U);                        // no websocket
    EXPECT_EQ(client.ask(upgrade + std::string("\r\n\x82\x80")).status, 400U); // frames before the reply
}

TEST_F(Secure, TheGatewayStopsWithTunnelsOpen) {
    EchoServer echo;
    target = {"127.0.0.1", echo.port, ""};
    serve_tls();
    Client plain(port()), secure(port("tls"), client_tls);
    ASSERT_EQ(plain.ask(upgrade + std::string("\r\n")).status, 101U);
    plain.send(frame("bye"));
    ASSERT_EQ(secure.ask(upgrade + std::string("\r\n")).status, 101U);
    gateway.reset();
    EXPECT_TRUE(eventually([&] { return echo.served == 2; }));
}

} // namespace
} // namespace volutus::kernel::gateway

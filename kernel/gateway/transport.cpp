#include "kernel/gateway/transport.hpp"

#include "kernel/gateway/connection.hpp"
#include "kernel/gateway/live_socket.hpp"
#include "kernel/gateway/tunnel.hpp"

#include <volutus/error.hpp>

#include <boost/asio/ssl/stream.hpp>

#include <cstring>
#include <fmt/format.h>
#include <openssl/err.h>

namespace volutus::kernel::gateway {

namespace {
using TlsStream = asio::ssl::stream<Socket>;

class PlainTransport final : public Transport {
public:
    explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {
        error_code ignored;
        socket_.non_blocking(true, ignored);
    }
    void async_handshake(std::shared_ptr<Connection> connection) override {
        asio::post(socket_.get_executor(), [connection] { connection->on_handshaken({}); });
    }
    void async_read(asio::mutable_buffer into, std::shared_ptr<Connection> connection) override {
        socket_.async_read_some(into, [connection = std::move(connection)](error_code failure, std::size_t count) {
            connection->on_read(failure, count);
        });
    }
    void async_write(std::array<asio::const_buffer, 2> const& from, std::shared_ptr<Connection> connection) override {
        socket_.async_write_some(from, [connection = std::move(connection)](error_code failure, std::size_t count) {
            connection->on_written(failure, count);
        });
    }
    void async_writable(std::shared_ptr<Connection> connection) override {
        socket_.async_wait(Socket::wait_write, [connection = std::move(connection)](error_code failure) {
            connection->on_written(failure, 0);
        });
    }
    void async_shutdown(std::shared_ptr<Connection> connection) override {
        error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
        asio::post(socket_.get_executor(), [connection = std::move(connection)] { connection->on_written({}, 0); });
    }
    std::size_t write_now(std::array<asio::const_buffer, 2> const& from, error_code& failure) override {
        auto const count = socket_.write_some(from, failure);
        if (failure == asio::error::would_block) failure.clear();
        return count;
    }
    bool plain() const override { return true; }
    std::shared_ptr<TunnelSession> into_tunnel(TunnelPlan&& plan) override {
        return open_tunnel(std::move(socket_), std::move(plan));
    }
    std::shared_ptr<TunnelSession> into_live(LivePlan&& plan) override {
        return open_live(std::move(socket_), std::move(plan));
    }
    Socket& socket() override { return socket_; }

private:
    Socket socket_;
};

class TlsTransport final : public Transport {
public:
    TlsTransport(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}
    void async_handshake(std::shared_ptr<Connection> connection) override {
        stream_.async_handshake(TlsStream::server, [connection = std::move(connection)](error_code failure) {
            connection->on_handshaken(failure);
        });
    }
    void async_read(asio::mutable_buffer into, std::shared_ptr<Connection> connection) override {
        stream_.async_read_some(into, [connection = std::move(connection)](error_code failure, std::size_t count) {
            connection->on_read(failure, count);
        });
    }
    void async_write(std::array<asio::const_buffer, 2> const& from, std::shared_ptr<Connection> connection) override {
        stream_.async_write_some(from, [connection = std::move(connection)](error_code failure, std::size_t count) {
            connection->on_written(failure, count);
        });
    }
    void async_writable(std::shared_ptr<Connection> connection) override {
        stream_.next_layer().async_wait(Socket::wait_write, [connection = std::move(connection)](error_code failure) {
            connection->on_written(failure, 0);
        });
    }
    void async_shutdown(std::shared_ptr<Connection> connection) override {
        stream_.async_shutdown([connection = std::move(connection)](error_code) { connection->on_written({}, 0); });
    }
    std::size_t write_now(std::array<asio::const_buffer, 2> const&, error_code&) override { return 0; }
    bool plain() const override { return false; }
    std::shared_ptr<TunnelSession> into_tunnel(TunnelPlan&& plan) override {
        return open_tunnel(std::move(stream_), std::move(plan));
    }
    std::shared_ptr<TunnelSession> into_live(LivePlan&& plan) override {
        return open_live(std::move(stream_), std::move(plan));
    }
    Socket& socket() override { return stream_.next_layer(); }

private:
    TlsStream stream_;
};

// A client that offers HTTP/2 as well is told that this is HTTP/1.1.
int choose_protocol(SSL*, unsigned char const** out, unsigned char* out_size, unsigned char const* in, unsigned in_size,
                    void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}
} // namespace

std::unique_ptr<Transport> plain_transport(Socket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> tls_transport(Socket socket, asio::ssl::context& context) {
    return std::make_unique<TlsTransport>(std::move(socket), context);
}

asio::ssl::context tls_context(Tls const& tls) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    auto* const native = context.native_handle();
    ::SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    ::SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    ::SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
    auto const check = [](error_code const& failure, std::string_view what, std::string const& file) {
        if (failure) throw Error(Code::invalid, fmt::format("{} {} cannot be used: {}", what, file, failure.message()));
    };
    error_code failure;
    context.use_certificate_chain_file(tls.certificate, failure);
    check(failure, "certificate", tls.certificate);
    context.use_private_key_file(tls.key, asio::ssl::context::pem, failure);
    check(failure, "key", tls.key);
    if (::SSL_CTX_check_private_key(native) != 1) {
        ::ERR_clear_error();
        throw Error(Code::invalid, fmt::format("key {} is not of certificate {}", tls.key, tls.certificate));
    }
    return context;
}

} // namespace volutus::kernel::gateway

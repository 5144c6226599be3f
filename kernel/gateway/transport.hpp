// A connection's bytes, plain or through TLS. Of its io thread.
#pragma once

#include "kernel/gateway/gateway.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <array>
#include <memory>

namespace volutus::kernel::gateway {

namespace asio = boost::asio;
using tcp = boost::asio::ip::tcp;
using boost::system::error_code;

// Asio's default executor erases its type at every step; a socket of ours lives on one known loop.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Upstream = asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

class Connection;
class TunnelSession;
struct TunnelPlan;
struct LivePlan;

// Each async_ call keeps the connection alive and ends in its on_handshaken, on_read or on_written, never from within
// the call. At most one read and one write at a time.
class Transport {
public:
    virtual ~Transport() = default;
    virtual void async_handshake(std::shared_ptr<Connection>) = 0;
    virtual void async_read(asio::mutable_buffer, std::shared_ptr<Connection>) = 0;
    virtual void async_write(std::array<asio::const_buffer, 2> const&, std::shared_ptr<Connection>) = 0; // some of it
    virtual void async_writable(std::shared_ptr<Connection>) = 0; // on_written with 0 bytes
    virtual void async_shutdown(std::shared_ptr<Connection>) = 0; // no more is sent; on_written with 0 bytes
    // What the socket takes at once, perhaps nothing.
    virtual std::size_t write_now(std::array<asio::const_buffer, 2> const&, error_code&) = 0;
    virtual bool plain() const = 0; // bytes may go to the descriptor itself
    // Turns into a websocket that leads on; see tunnel.hpp.
    virtual std::shared_ptr<TunnelSession> into_tunnel(TunnelPlan&&) = 0;
    // Turns into a websocket that tells news; see live_socket.hpp.
    virtual std::shared_ptr<TunnelSession> into_live(LivePlan&&) = 0;
    virtual Socket& socket() = 0;
};

std::unique_ptr<Transport> plain_transport(Socket socket);
std::unique_ptr<Transport> tls_transport(Socket socket, asio::ssl::context& context);

// Error invalid names the file that cannot be used.
asio::ssl::context tls_context(Tls const& tls);

} // namespace volutus::kernel::gateway

// A websocket that leads to a byte stream, such as a console behind a web page. Of its io thread.
#pragma once

#include "kernel/gateway/transport.hpp"

#include <boost/asio/ssl/stream.hpp>

#include <functional>

namespace volutus::kernel::gateway {

// Calls `done` from the loop, once: with an open socket, or with what went wrong last (timed_out when it took too
// long).
void connect_upstream(asio::io_context& context, Tunnel const& tunnel, std::chrono::milliseconds at_most,
                      std::function<void(error_code, Upstream)> done);

// A stream socket that is connected already.
Upstream adopt_upstream(asio::io_context& context, plugin::Descriptor connected, error_code& failure);

struct TunnelPlan {
    Upstream upstream;
    Request const& request; // read before open_tunnel returns
    std::string server_name;
    std::chrono::milliseconds linger;                                      // for the client to answer a goodbye
    std::function<void(std::uint64_t received, std::uint64_t sent)> ended; // once; bytes of the client, and to it
};

class TunnelSession {
public:
    virtual ~TunnelSession() = default;
    virtual void close() = 0; // tells both ends; `ended` follows
    virtual void abort() = 0; // `ended` is not called
};

std::shared_ptr<TunnelSession> open_tunnel(Socket socket, TunnelPlan plan);
std::shared_ptr<TunnelSession> open_tunnel(asio::ssl::stream<Socket> stream, TunnelPlan plan);

} // namespace volutus::kernel::gateway

#include "kernel/gateway/tunnel.hpp"

#include "kernel/gateway/upgrade.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>

namespace volutus::kernel::gateway {

namespace {
// Resolves, tries one address after the other, and gives up after a time.
class Connecting : public std::enable_shared_from_this<Connecting> {
public:
    Connecting(asio::io_context& context, std::function<void(error_code, Upstream)> done)
        : resolver_(context), timer_(context), socket_(context), done_(std::move(done)) {}

    void start(Tunnel const& tunnel, std::chrono::milliseconds at_most) {
        timer_.expires_after(at_most);
        timer_.async_wait([self = shared_from_this()](error_code cancelled) {
            if (!cancelled) self->finish(asio::error::timed_out);
        });
        if (tunnel.host.empty()) {
            if (tunnel.unix_path.size() >= 108) // sun_path; Asio would throw
                return asio::post(resolver_.get_executor(),
                                  [self = shared_from_this()] { self->finish(asio::error::name_too_long); });
            endpoints_.emplace_back(asio::local::stream_protocol::endpoint(tunnel.unix_path));
            return try_next();
        }
        resolver_.async_resolve(tunnel.host, std::to_string(tunnel.port),
                                [self = shared_from_this()](error_code failure, tcp::resolver::results_type found) {
                                    if (failure) return self->finish(failure);
                                    for (auto const& entry : found) self->endpoints_.emplace_back(entry.endpoint());
                                    self->try_next();
                                });
    }

private:
    void try_next() {
        if (!done_ || next_ == endpoints_.size()) return finish(last_);
        error_code ignored;
        socket_.close(ignored);
        socket_.async_connect(endpoints_[next_++], [self = shared_from_this()](error_code failure) {
            self->last_ = failure;
            if (failure) return self->try_next();
            self->finish({});
        });
    }
    void finish(error_code failure) {
        if (!done_) return;
        timer_.cancel();
        resolver_.cancel();
        error_code ignored;
        if (failure) socket_.close(ignored);
        std::exchange(done_, nullptr)(failure, std::move(socket_));
    }

    tcp::resolver resolver_;
    asio::steady_timer timer_;
    Upstream socket_;
    std::vector<asio::generic::stream_protocol::endpoint> endpoints_;
    std::size_t next_ = 0;
    error_code last_ = asio::error::host_not_found;
    std::function<void(error_code, Upstream)> done_;
};

bool offers_binary(Request const& request) {
    auto offered = request.header("Sec-WebSocket-Protocol");
    while (!offered.empty()) {
        auto one = offered.substr(0, offered.find(','));
        offered.remove_prefix(std::min(offered.size(), one.size() + 1));
        while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
        while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
        if (one == "binary") return true;
    }
    return false;
}

// Each direction reads a piece, writes it, and only then reads on, so a slow end holds the other back.
template <class Stream>
class Session final : public TunnelSession, public std::enable_shared_from_this<Session<Stream>> {
public:
    Session(Stream stream, TunnelPlan plan)
        : client_(std::move(stream)), upstream_(std::move(plan.upstream)), ended_(std::move(plan.ended)),
          request_(upgrade_request(plan.request)) {
        // Pings find out who is gone; a goodbye waits no longer than any other client may linger.
        client_.set_option(websocket::stream_base::timeout{plan.linger, std::chrono::minutes(5), true});
        client_.set_option(websocket::stream_base::decorator(
            [id = plan.request.id, name = plan.server_name,
             binary = offers_binary(plan.request)](websocket::response_type& response) {
                if (!name.empty()) response.set(http::field::server, name);
                if (binary) response.set(http::field::sec_websocket_protocol, "binary");
                response.set("x-openstack-request-id", id);
            }));
        client_.read_message_max(16U << 20U);
        client_.binary(true);
        client_.auto_fragment(false);
    }

    void start() {
        // The client's goodbye: Beast answers it and then waits for the client to close, which is no reason to keep the
        // other end.
        client_.control_callback([this](websocket::frame_type kind, beast::string_view) {
            if (kind != websocket::frame_type::close) return;
            closing_ = true;
            error_code ignored;
            upstream_.close(ignored);
        });
        client_.async_accept(request_, [self = this->shared_from_this()](error_code failure) {
            if (failure) return self->finish();
            self->accepted_ = true;
            if (self->closing_) return self->say_goodbye();
            self->from_client();
            self->from_upstream();
        });
    }

    void close() override {
        if (std::exchange(closing_, true)) return;
        error_code ignored;
        upstream_.close(ignored);
        // A write may be under way, the handshake's even, and Beast allows one: its end says goodbye instead.
        if (accepted_ && !writing_) say_goodbye();
    }

    void abort() override {
        ended_ = nullptr;
        finish();
    }

private:
    auto then(void (Session::*step)(error_code, std::size_t)) {
        return beast::bind_front_handler(step, this->shared_from_this());
    }

    void from_client() { client_.async_read_some(received_piece_, max_piece, then(&Session::on_received)); }
    void on_received(error_code failure, std::size_t count) {
        if (failure) return finish();
        received_ += count;
        asio::async_write(upstream_, received_piece_.data(), then(&Session::on_passed_up));
    }
    void on_passed_up(error_code failure, std::size_t count) {
        if (failure) return close();
        received_piece_.consume(count);
        from_client();
    }

    void from_upstream() { upstream_.async_read_some(asio::buffer(sent_piece_), then(&Session::on_answered)); }
    void on_answered(error_code failure, std::size_t count) {
        if (failure) return close();
        if (closing_) return;
        writing_ = true;
        client_.async_write(asio::buffer(sent_piece_.data(), count), then(&Session::on_passed_down));
    }
    void on_passed_down(error_code failure, std::size_t count) {
        writing_ = false;
        if (failure) return finish();
        sent_ += count;
        if (closing_) return say_goodbye();
        from_upstream();
    }

    void say_goodbye() {
        client_.async_close(websocket::close_code::going_away,
                            [self = this->shared_from_this()](error_code) { self->finish(); });
    }

    void finish() {
        closing_ = true;
        error_code ignored;
        upstream_.close(ignored);
        beast::get_lowest_layer(client_).close(ignored);
        if (auto const ended = std::exchange(ended_, nullptr)) ended(received_, sent_);
    }

    static constexpr std::size_t max_piece = 64 * 1024;
    websocket::stream<Stream> client_;
    Upstream upstream_;
    std::function<void(std::uint64_t, std::uint64_t)> ended_;
    http::request<http::empty_body> const request_;
    beast::flat_buffer received_piece_;
    std::array<char, max_piece> sent_piece_;
    std::uint64_t received_ = 0, sent_ = 0;
    bool accepted_ = false;
    bool writing_ = false;
    bool closing_ = false;
};

template <class Stream> std::shared_ptr<TunnelSession> open(Stream stream, TunnelPlan plan) {
    auto session = std::make_shared<Session<Stream>>(std::move(stream), std::move(plan));
    session->start();
    return session;
}
} // namespace

void connect_upstream(asio::io_context& context, Tunnel const& tunnel, std::chrono::milliseconds at_most,
                      std::function<void(error_code, Upstream)> done) {
    std::make_shared<Connecting>(context, std::move(done))->start(tunnel, at_most);
}

Upstream adopt_upstream(asio::io_context& context, plugin::Descriptor connected, error_code& failure) {
    Upstream upstream(context);
    int family = 0;
    socklen_t size = sizeof family;
    if (::getsockopt(connected.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) {
        failure.assign(errno, boost::system::system_category());
        return upstream;
    }
    upstream.assign(asio::generic::stream_protocol(family, 0), connected.get(), failure);
    if (!failure) connected.release();
    return upstream;
}

std::shared_ptr<TunnelSession> open_tunnel(Socket socket, TunnelPlan plan) {
    return open(std::move(socket), std::move(plan));
}

std::shared_ptr<TunnelSession> open_tunnel(asio::ssl::stream<Socket> stream, TunnelPlan plan) {
    return open(std::move(stream), std::move(plan));
}

} // namespace volutus::kernel::gateway

// A connection's way from a response back to the client.
#include "kernel/gateway/connection.hpp"
#include "kernel/gateway/range.hpp"
#include "kernel/gateway/tunnel.hpp"
#include "kernel/trace/span.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace volutus::kernel::gateway {

namespace {
constexpr std::size_t copied_body =
    16 * 1024; // a body up to here joins its head, larger ones are sent from their place
constexpr std::size_t piece_size = 256 * 1024;
constexpr std::uint64_t file_turn = 8U << 20U; // bytes of a file before others have their turn on the thread

// What only the gateway knows, whatever a handler says.
bool is_ours(std::string_view name) {
    constexpr std::string_view ours[] = {"Connection", "Transfer-Encoding",     "Content-Length", "Date",
                                         "Server",     "x-openstack-request-id"};
    return std::any_of(std::begin(ours), std::end(ours), [&](auto other) { return equal_ignoring_case(name, other); });
}

bool clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
}

// A file over TLS: read like any source.
class FileSource final : public BodySource {
public:
    explicit FileSource(FileBody file) : file_(std::move(file)) {}
    std::size_t read(void* into, std::size_t size) override {
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, file_.length));
        auto const got = ::pread(file_.descriptor(), into, wanted, static_cast<off_t>(file_.offset));
        if (got <= 0) return 0;
        file_.offset += static_cast<std::uint64_t>(got);
        file_.length -= static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
    }

private:
    FileBody file_;
};
} // namespace

Response Connection::refusal(unsigned status, std::string_view message, std::chrono::seconds retry_after) {
    if (status == 503) retry_after = std::max(retry_after, std::chrono::seconds(1));
    return run_here([&] { return word({status, std::string(message), retry_after}); });
}

Response Connection::word(Refusal const& why) {
    auto response = handler_->refuse(request_, why);
    if (why.status == 405) response.set("Allow", match_.allow);
    if (why.retry_after.count() > 0) response.set("Retry-After", fmt::to_string(why.retry_after.count()));
    return response;
}

bool Connection::answer(Response response) {
    bool const sound = std::all_of(response.headers.begin(), response.headers.end(), [](auto const& header) {
        return !header.first.empty() && clean(header.first) && clean(header.second);
    });
    if (!sound || response.status < 200 || response.status > 999) {
        shared_.report(fmt::format("{}: the handler gave a malformed status or header", request_.id));
        response = refusal(500, "the request failed inside the server");
    }
    response_ = std::move(response);
    auto const* const text = std::get_if<std::string>(&response_.body);
    hold(text ? text->size() : std::holds_alternative<FileBody>(response_.body) ? 0 : piece_size);
    if (holds_too_much() && text && text->size() > copied_body) {
        shared_.meters.short_of_memory.Increment();
        response_ = refusal(503, "the server is short of memory for large replies; try again in a moment");
        hold();
    }
    bool const may_tunnel = request_.route && request_.route->websocket;
    if (may_tunnel && response_.tunnel_socket) return open_tunnel(std::move(response_.tunnel_socket));
    if (may_tunnel && response_.tunnel) return open_tunnel(*response_.tunnel);

    state_ = State::replying;
    if (shared_.draining) keep_alive_ = false;
    // The client may or may not send a body that nobody asked for, so where it would end is unknown.
    if (body_left() && (continue_due_ || head_.content_length.value_or(0) > body_received_ + limits_.drained_bytes))
        keep_alive_ = false;
    if (response_.live) return begin_live();
    auto const length = body_length(response_.body);
    append_head(length);
    bool const bodiless = request_.method == "HEAD" || response_.status == 204 || response_.status == 304;
    return bodiless ? finish_reply() : send_body(length);
}

void Connection::append_head(std::optional<std::uint64_t> length) {
    auto const at = std::back_inserter(out_);
    auto const reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response_.status));
    fmt::format_to(at, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response_.status,
                   std::string_view(reason.data(), reason.size()), io_.date());
    if (!shared_.config.server_name.empty()) {
        out_ += "Server: ";
        out_ += shared_.config.server_name;
        out_ += "\r\n";
    }
    out_ += "x-openstack-request-id: ";
    out_ += request_.id;
    out_ += "\r\n";
    // The answer to a HEAD may tell the length of a body that was never made.
    bool const tells_length = length == 0 && (request_.method == "HEAD" || response_.status == 304);
    bool told = false;
    for (auto const& [name, value] : response_.headers) {
        bool const is_length = tells_length && equal_ignoring_case(name, "Content-Length");
        if (is_ours(name) && !is_length) continue;
        told = told || is_length;
        out_ += name;
        out_ += ": ";
        out_ += value;
        out_ += "\r\n";
    }
    chunked_reply_ = false;
    if (response_.status == 204 || (response_.status == 304 && !told) || told) {
        // neither has a length of its own
    } else if (length) {
        fmt::format_to(at, "Content-Length: {}\r\n", *length);
    } else if (head_.http11) {
        chunked_reply_ = true;
        out_ += "Transfer-Encoding: chunked\r\n";
    } else {
        keep_alive_ = false; // the body ends with the connection
    }
    if (!keep_alive_)
        out_ += "Connection: close\r\n";
    else if (!head_.http11)
        out_ += "Connection: keep-alive\r\n";
    out_ += "\r\n";
}

bool Connection::send_body(std::optional<std::uint64_t> length) {
    if (auto* const text = std::get_if<std::string>(&response_.body)) {
        body_sent_ = text->size();
        if (text->size() <= copied_body) {
            out_ += *text;
            return finish_reply();
        }
        bulk_ = *text;
        then_ = Then::finish_reply;
        return write_out() && finish_reply();
    }
    if (auto* const file = std::get_if<FileBody>(&response_.body); file && !transport_->plain())
        response_.body = std::make_unique<FileSource>(std::move(*file));
    piece_left_ = length.value_or(UINT64_MAX);
    chunk_open_ = false;
    then_ = Then::next_piece;
    if (write_out()) next_piece();
    return false;
}

// Asks a thread of the pool for the next part of the body. Sources and disks may block; here nothing does.
void Connection::next_piece() {
    then_ = Then::nothing;
    if (piece_left_ == 0) {
        if (finish_reply()) next_request();
        return;
    }
    lent_ = true;
    if (auto* const file = std::get_if<FileBody>(&response_.body)) {
        shared_.downloads.go_on(
            [self = shared_from_this(), file, socket = transport_->socket().native_handle()]() mutable {
                std::uint64_t sent = 0;
                int error = 0;
                auto at = static_cast<off_t>(file->offset);
                while (sent < std::min(file->length, file_turn)) {
                    auto const wanted = std::min(file->length, file_turn) - sent;
                    auto const count = ::sendfile(socket, file->descriptor(), &at, static_cast<std::size_t>(wanted));
                    if (count < 0 && errno == EINTR) continue;
                    if (count <= 0) { // the end before its time is an error too
                        error = count < 0 ? errno : EIO;
                        break;
                    }
                    sent += static_cast<std::uint64_t>(count);
                }
                auto& context = self->io_.context;
                asio::post(context, [self = std::move(self), sent, error] { self->on_sent_file(sent, error); });
            });
        return;
    }
    shared_.downloads.go_on([self = shared_from_this()]() mutable {
        std::size_t count = 0;
        bool failed = false;
        try {
            self->piece_.resize(piece_size);
            auto const wanted = std::min<std::uint64_t>(piece_size, self->piece_left_);
            auto& source = *std::get<std::unique_ptr<BodySource>>(self->response_.body);
            count = source.read(self->piece_.data(), static_cast<std::size_t>(wanted));
        } catch (std::exception const& failure) {
            self->shared_.report(fmt::format("{}: the reply broke off: {}", self->request_.id, failure.what()));
            failed = true;
        }
        auto& context = self->io_.context;
        asio::post(context, [self = std::move(self), count, failed] { self->on_piece(count, failed); });
    });
}

void Connection::on_sent_file(std::uint64_t count, int error) {
    lent_ = false;
    body_sent_ += count;
    written_ += count;
    if (state_ == State::closed) {
        error_code ignored;
        transport_->socket().close(ignored);
        response_ = {};
        return;
    }
    auto& file = std::get<FileBody>(response_.body);
    file.offset += count;
    file.length -= count;
    piece_left_ -= count;
    if (error == 0) return next_piece();
    if (error != EAGAIN) return abort();
    writing_ = true;
    then_ = Then::next_piece;
    transport_->async_writable(shared_from_this());
}

void Connection::on_piece(std::size_t count, bool failed) {
    lent_ = false;
    if (state_ == State::closed) {
        error_code ignored;
        transport_->socket().close(ignored);
        response_ = {};
        return;
    }
    bool const known = !chunked_reply_ && piece_left_ <= INT64_MAX; // else the body ends where the source does
    if (failed || (count == 0 && known)) return abort();            // a short body must look broken
    body_sent_ += count;
    piece_left_ -= count;
    if (chunked_reply_) {
        if (std::exchange(chunk_open_, count > 0)) out_ += "\r\n";
        out_ += fmt::format("{:x}\r\n", count);
        if (count == 0) out_ += "\r\n";
    }
    bulk_ = std::string_view(piece_).substr(0, count);
    then_ = count == 0 ? Then::finish_reply : Then::next_piece;
    if (write_out()) run_then();
}

// The reply stands in the output or has been written.
bool Connection::finish_reply() {
    if (!keep_alive_ || body_left()) {
        then_ = Then::finish_reply;
        if (!write_out()) return false;
    }
    then_ = Then::nothing;
    account(true);
    response_ = {};
    if (!keep_alive_) {
        begin_close();
        return false;
    }
    if (!body_left()) return true;
    passing_left_ = limits_.drained_bytes;
    return continue_passing();
}

bool Connection::open_tunnel(Tunnel const& tunnel) {
    state_ = State::connecting;
    auto const connected = [self = shared_from_this()](error_code failure, Upstream upstream) {
        if (self->state_ == State::closed) return;
        if (!failure) return self->enter_tunnel(std::move(upstream));
        self->shared_.report(fmt::format("{}: the tunnel's other end: {}", self->request_.id, failure.message()));
        if (self->refuse(502, "the other end of this tunnel does not answer")) self->next_request();
    };
    connect_upstream(io_.context, tunnel, limits_.tunnel_connect, connected);
    return false;
}

bool Connection::open_tunnel(plugin::Descriptor connected) {
    error_code failure;
    auto upstream = adopt_upstream(io_.context, std::move(connected), failure);
    if (failure) {
        shared_.report(fmt::format("{}: the tunnel's other end: {}", request_.id, failure.message()));
        return refuse(502, "the other end of this tunnel cannot be used");
    }
    enter_tunnel(std::move(upstream));
    return false;
}

void Connection::enter_tunnel(Upstream upstream) {
    state_ = State::tunnelling;
    auto ended = [self = shared_from_this()](std::uint64_t received, std::uint64_t sent) {
        self->body_received_ = received;
        self->body_sent_ = sent;
        self->response_.status = 101;
        self->account(true);
        self->tunnel_.reset();
        self->abort();
    };
    tunnel_ = transport_->into_tunnel(
        {std::move(upstream), request_, shared_.config.server_name, limits_.linger, std::move(ended)});
    if (shared_.draining) tunnel_->close();
}

void Connection::account(bool complete) {
    if (!std::exchange(under_way_, false)) return;
    auto const took = world::now() - started_;
    table_->count(match_, response_.status, std::chrono::duration<double>(took).count());
    if (body_received_ > 0) shared_.meters.received.Increment(static_cast<double>(body_received_));
    if (body_sent_ > 0) shared_.meters.sent.Increment(static_cast<double>(body_sent_));
    if (!shared_.config.access) return;
    AccessEntry entry;
    entry.id = request_.id;
    entry.global_id = request_.global_id;
    entry.trace = trace::trace_id(request_.traceparent);
    entry.client = request_.origin.client;
    entry.method = request_.method;
    entry.path = request_.raw_path;
    entry.query = request_.query;
    if (match_.mount) entry.service = match_.mount->service;
    if (request_.route) entry.route = request_.route->id;
    entry.user = request_.caller.user;
    entry.project = request_.caller.project;
    entry.status = response_.status;
    entry.received = body_received_;
    entry.sent = body_sent_;
    entry.microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    entry.complete = complete;
    shared_.config.access(entry);
}

} // namespace volutus::kernel::gateway

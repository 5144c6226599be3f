#include "kernel/gateway/connection.hpp"

#include "kernel/gateway/tunnel.hpp"

#include <algorithm>
#include <cstring>
#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace volutus::kernel::gateway {

namespace {
constexpr std::size_t small_input = 4 * 1024;  // enough for nearly every header
constexpr std::size_t bulk_input = 128 * 1024; // for bodies
constexpr std::size_t modest = 16 * 1024;      // what a connection may hold however short memory is
} // namespace

Connection::Connection(IoThread& io, std::shared_ptr<Limits const> limits, std::unique_ptr<Transport> transport,
                       Listener const& listener, std::string peer)
    : io_(io), shared_(io.shared), its_limits_(std::move(limits)), limits_(*its_limits_),
      transport_(std::move(transport)), listener_(listener), peer_(std::move(peer)), parser_(limits_.header_bytes) {}

void Connection::start() {
    io_.add(*this);
    deadline_ = world::now() + limits_.header;
    transport_->async_handshake(shared_from_this());
}

void Connection::on_handshaken(error_code failure) {
    if (state_ == State::closed) return;
    if (failure) return abort();
    state_ = State::head;
    await_head();
}

void Connection::read() {
    if (reading_) return;
    if (input_ended_) return on_read(asio::error::eof, 0);
    bool const bulk = state_ != State::head && state_ != State::live;
    if (in_begin_ == in_end_) {
        in_begin_ = in_end_ = 0;
        if (!bulk) let_go();
    } else if (in_begin_ > 0 && in_.size() - in_end_ < in_.size() / 4) {
        std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
        in_end_ -= in_begin_;
        in_begin_ = 0;
    }
    // What a client only announces takes no memory: the buffer grows as it is filled. A header grows to its limit at
    // most, a body's unfinished chunk line to less: the parser refuses more.
    if (in_end_ == in_.size()) in_.resize(in_end_ + small_input);
    if (bulk && in_filled_ && in_.size() < bulk_input) in_.resize(2 * in_.size());
    hold();
    bool const gathers = state_ == State::head || state_ == State::document; // uploads are few and hold little
    if (gathers && holds_too_much()) {
        shared_.meters.short_of_memory.Increment();
        return cut(503, "the server is short of memory for large requests; try again in a moment");
    }
    reading_ = true;
    transport_->async_read(asio::buffer(in_.data() + in_end_, in_.size() - in_end_), shared_from_this());
}

void Connection::on_read(error_code failure, std::size_t count) {
    reading_ = false;
    if (state_ == State::closed) return;
    in_end_ += count;
    in_filled_ = in_end_ == in_.size();
    received_ += count;
    input_ended_ = failure.failed();
    switch (state_) {
    case State::head:
        if (failure) return abort();
        return next_request();
    case State::document:
        if (failure) return abort();
        if (continue_document()) next_request();
        return;
    case State::passing:
        if (failure) return abort();
        if (continue_passing()) next_request();
        return;
    case State::handling:
        if (upload_ && failure)
            return upload_->fail(Code::cancelled, "the client closed the connection before the body's end");
        if (upload_) continue_upload();
        return;
    case State::live:
        if (failure) return abort();
        return; // it says nothing more until it has heard all
    case State::lingering:
        if (failure) return abort();
        in_begin_ = in_end_ = 0;
        return read();
    default: return; // kept for later
    }
}

bool Connection::write_out() {
    while (!writing_) {
        if (sent_ == sending_.size()) {
            sending_.clear();
            sent_ = 0;
            std::swap(out_, sending_);
        }
        std::array<asio::const_buffer, 2> const buffers{
            asio::const_buffer(sending_.data() + sent_, sending_.size() - sent_),
            out_.empty() ? asio::const_buffer(bulk_.data(), bulk_.size()) : asio::const_buffer()};
        auto const size = buffers[0].size() + buffers[1].size();
        if (size == 0) return true;
        error_code failure;
        auto const count = transport_->write_now(buffers, failure);
        if (failure) {
            abort();
            return false;
        }
        wrote(count);
        if (count == size) continue;
        writing_ = true;
        std::array<asio::const_buffer, 2> const rest{
            asio::const_buffer(sending_.data() + sent_, sending_.size() - sent_),
            out_.empty() ? asio::const_buffer(bulk_.data(), bulk_.size()) : asio::const_buffer()};
        transport_->async_write(rest, shared_from_this());
    }
    return false;
}

void Connection::wrote(std::size_t count) {
    written_ += count;
    auto const head = std::min(count, sending_.size() - sent_);
    sent_ += head;
    bulk_.remove_prefix(count - head);
}

void Connection::on_written(error_code failure, std::size_t count) {
    writing_ = false;
    if (state_ == State::closed) return;
    if (failure) return abort();
    if (state_ == State::lingering) return transport_->plain() ? read() : abort();
    wrote(count);
    if (write_out()) run_then();
}

void Connection::run_then() {
    switch (std::exchange(then_, Then::nothing)) {
    case Then::nothing: return;
    case Then::next_request: return in_begin_ == in_end_ ? next_request() : await_turn();
    case Then::next_piece: return next_piece();
    case Then::next_news: return send_news();
    case Then::finish_reply:
        if (finish_reply()) next_request();
        return;
    }
}

void Connection::hold(std::size_t more) {
    auto const now =
        in_.capacity() + out_.capacity() + sending_.capacity() + document_.capacity() + head_.block.capacity() + more;
    if (now == held_) return;
    shared_.held += now - held_; // wraps around where it is less, and back
    held_ = now;
}

// An idle connection keeps no more than the next small request needs.
void Connection::let_go() {
    if (in_.size() > small_input) in_ = {};
    for (auto* const buffer : {&out_, &sending_, &document_, &head_.block, &piece_})
        if (buffer->capacity() > small_input) *buffer = {};
}

// Where memory is short, those who hold much make room, so that small requests go on.
bool Connection::holds_too_much() const { return held_ > modest && shared_.held > limits_.memory; }

// Closing while bytes of the client are unread would make the kernel answer with a reset, which can overtake the last
// reply; so the sending side is closed, and the rest read until the client has closed too.
void Connection::begin_close() {
    if (here_.given_up || in_pool_.given_up) return abort();
    if (!transport_->plain() && reading_) return abort(); // TLS cannot say goodbye in the middle of a read
    state_ = State::lingering;
    deadline_ = world::now() + limits_.linger;
    document_ = {};
    hold();
    if (!transport_->plain() && (body_left() || in_begin_ != in_end_)) return read();
    transport_->async_shutdown(shared_from_this());
}

void Connection::abort() {
    if (state_ == State::closed) return;
    auto const self = shared_from_this(); // what is dropped here may hold the last reference
    bool const handler_runs = state_ == State::handling;
    state_ = State::closed;
    io_.remove(*this);
    shared_.connections.remove(client_of(peer_));
    shared_.held -= std::exchange(held_, 0);
    if (upload_) upload_->fail(Code::cancelled, "the connection was cut before the body's end");
    if (tunnel_) std::exchange(tunnel_, nullptr)->abort();
    // A handler under way still uses the request, and a job the descriptor: they end it.
    if (under_way_ && !handler_runs) account(false);
    error_code ignored;
    if (lent_)
        transport_->socket().shutdown(Socket::shutdown_both, ignored);
    else
        transport_->socket().close(ignored);
    if (!lent_ && !handler_runs) response_ = {};
}

void Connection::drain() {
    if (state_ == State::handshaking) return abort();
    if (state_ == State::head && !head_started_ && in_begin_ == in_end_ && !writing_) return begin_close();
    if (state_ == State::live) return send_news(); // which ends it
    if (state_ == State::tunnelling && tunnel_) tunnel_->close();
}

void Connection::routes_replaced() {
    if (!under_way_) table_ = io_.table;
}

void Connection::check_time(world::Instant now) {
    if (state_ == State::handshaking || state_ == State::head || state_ == State::lingering) {
        bool const idle = state_ == State::head && !head_started_;
        bool const crowded = shared_.connections.count() > limits_.connections - limits_.connections / 8;
        auto const patience = idle && crowded ? limits_.idle - std::min(limits_.idle, limits_.idle_when_crowded)
                                              : std::chrono::milliseconds(0);
        if (now >= deadline_ - patience) too_slow();
        return;
    }
    if (state_ == State::live) send_pulse(now);
    bool const sends = (state_ == State::replying || state_ == State::live) && writing_;
    bool const receives =
        reading_ && (state_ == State::document || state_ == State::passing || state_ == State::handling);
    if (!sends && !receives) {
        window_start_ = {};
        return;
    }
    if (window_start_ == world::Instant{}) {
        window_start_ = now;
        window_progress_ = progress();
        return;
    }
    auto const elapsed = now - window_start_;
    if (elapsed < limits_.rate_window) return;
    auto const seconds = std::chrono::duration<double>(elapsed).count();
    auto const needed = std::max(1.0, seconds * static_cast<double>(limits_.body_rate));
    if (static_cast<double>(progress() - window_progress_) < needed) return too_slow();
    window_start_ = {};
}

// Bytes that the client has sent, or has taken: the kernel tells what of our bytes still waits for it.
std::int64_t Connection::progress() {
    if (state_ != State::replying && state_ != State::live) return static_cast<std::int64_t>(received_);
    int waiting = 0;
    ::ioctl(transport_->socket().native_handle(), SIOCOUTQ, &waiting);
    return static_cast<std::int64_t>(written_) - waiting;
}

void Connection::too_slow() {
    deadline_ = world::Instant::max();
    if (state_ == State::lingering) return abort();
    if (state_ == State::head && !head_started_) return begin_close();
    shared_.meters.too_slow.Increment();
    cut(408, state_ == State::head ? "the header took too long" : "the body came too slowly");
}

// The request that is being received goes no further.
void Connection::cut(unsigned status, char const* why) {
    if (state_ == State::head) {
        reset_exchange();
        refuse(status, why);
    } else if (state_ == State::document) {
        keep_alive_ = false;
        refuse(status, why);
    } else if (state_ == State::handling) {
        keep_alive_ = false;
        if (upload_) upload_->fail(Code::cancelled, why);
    } else {
        abort();
    }
}

} // namespace volutus::kernel::gateway

// A connection whose reply is news: server-sent events as they come, until the client, the feed or the daemon ends it.
#include "kernel/gateway/connection.hpp"
#include "kernel/gateway/live_socket.hpp"

#include <fmt/format.h>

namespace volutus::kernel::gateway {

namespace {
constexpr std::size_t piece_size = 64 * 1024;

// https://html.spec.whatwg.org/multipage/server-sent-events.html: an event without data is none, but its id counts.
void append_event(std::string& out, News const& news) {
    if (!news.name.empty()) fmt::format_to(std::back_inserter(out), "event: {}\n", news.name);
    if (news.cursor > 0) fmt::format_to(std::back_inserter(out), "id: {}\n", news.cursor);
    if (news.text) {
        out += "data: ";
        out += *news.text;
        out += '\n';
    } else {
        out += ":\n"; // a comment, for proxies that count lines
    }
    out += '\n';
}
} // namespace

bool Connection::begin_live() {
    if (head_.websocket) return open_live_socket();
    keep_alive_ = false;
    append_head(std::nullopt);
    if (request_.method == "HEAD") return finish_reply();
    state_ = State::live;
    response_.live->on_news(waker(&Connection::send_news));
    last_told_ = world::now();
    read(); // finds out that the client has gone
    send_news();
    return false;
}

// For another thread, which must not keep the connection.
std::function<void()> Connection::waker(void (Connection::*step)()) {
    return [weak = weak_from_this(), &context = io_.context, step] {
        asio::post(context, [weak, step] {
            if (auto const self = weak.lock()) ((*self).*step)();
        });
    };
}

void Connection::send_news() {
    if (state_ != State::live || writing_ || lent_ || ending_) return;
    then_ = Then::nothing;
    news_.clear();
    auto state = response_.live->take(news_, piece_size);
    if (shared_.draining) state = LiveFeed::State::ended;
    append_news();
    switch (state) {
    case LiveFeed::State::ended: return end_live();
    case LiveFeed::State::behind: {
        lent_ = true;
        shared_.downloads.go_on([self = shared_from_this()]() mutable {
            self->response_.live->catch_up();
            auto& context = self->io_.context;
            asio::post(context, [self = std::move(self)] { self->on_caught_up(); });
        });
        write_out();
        return;
    }
    case LiveFeed::State::more:
        then_ = Then::next_news;
        if (write_out()) asio::post(io_.context, [self = shared_from_this()] { self->send_news(); });
        return;
    case LiveFeed::State::waiting:
        then_ = Then::next_news; // what came while this is on its way
        if (write_out()) then_ = Then::nothing;
        return;
    }
}

void Connection::append_news() {
    if (news_.empty()) return;
    piece_.clear();
    for (auto const& news : news_) append_event(piece_, news);
    body_sent_ += piece_.size();
    if (chunked_reply_) fmt::format_to(std::back_inserter(out_), "{:x}\r\n", piece_.size());
    out_ += piece_;
    if (chunked_reply_) out_ += "\r\n";
    last_told_ = world::now();
}

void Connection::end_live() {
    ending_ = true;
    if (chunked_reply_) out_ += "0\r\n\r\n";
    then_ = Then::finish_reply;
    if (write_out()) run_then();
}

void Connection::on_caught_up() {
    lent_ = false;
    if (state_ == State::closed) {
        error_code ignored;
        transport_->socket().close(ignored);
        response_ = {};
        return;
    }
    if (writing_)
        then_ = Then::next_news;
    else
        send_news();
}

void Connection::send_pulse(world::Instant now) {
    if (writing_ || lent_ || ending_ || now - last_told_ < limits_.pulse) return;
    news_.assign(1, response_.live->pulse());
    append_news();
    then_ = Then::next_news;
    if (write_out()) then_ = Then::nothing;
}

bool Connection::open_live_socket() {
    state_ = State::tunnelling;
    LivePlan plan{
        std::move(response_.live), request_, shared_.config.server_name, limits_.linger, limits_.pulse, {}, {}};
    plan.elsewhere = [&shared = shared_](std::function<void()> job) { shared.downloads.go_on(std::move(job)); };
    plan.ended = [self = shared_from_this()](std::uint64_t sent) {
        self->body_sent_ = sent;
        self->response_.status = 101;
        self->account(true);
        self->tunnel_.reset();
        self->abort();
    };
    tunnel_ = transport_->into_live(std::move(plan));
    if (shared_.draining) tunnel_->close();
    return false;
}

} // namespace volutus::kernel::gateway

#include "kernel/gateway/live_socket.hpp"

#include "kernel/gateway/upgrade.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <fmt/format.h>

namespace volutus::kernel::gateway {

namespace {
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t most_heard = 4096; // of a message of the client's, which nobody reads

std::string message_of(News const& news) {
    if (news.text) return *news.text;
    return fmt::format(R"({{"revision":{}}})", news.cursor);
}

template <class Stream>
class LiveSession final : public TunnelSession, public std::enable_shared_from_this<LiveSession<Stream>> {
public:
    LiveSession(Stream stream, LivePlan plan)
        : client_(std::move(stream)), feed_(std::move(plan.feed)), elsewhere_(std::move(plan.elsewhere)),
          ended_(std::move(plan.ended)), pulse_(plan.pulse), timer_(client_.get_executor()),
          request_(upgrade_request(plan.request)) {
        client_.set_option(websocket::stream_base::timeout{plan.linger, std::chrono::minutes(1), true});
        client_.set_option(websocket::stream_base::decorator(
            [id = plan.request.id, name = plan.server_name](websocket::response_type& response) {
                if (!name.empty()) response.set(http::field::server, name);
                response.set("x-openstack-request-id", id);
            }));
        client_.read_message_max(most_heard);
        client_.text(true);
    }

    void start() {
        client_.async_accept(request_, [self = this->shared_from_this()](error_code failure) {
            if (failure) return self->finish();
            self->accepted_ = true;
            if (self->closing_) return self->say_goodbye();
            auto& executor = self->executor();
            self->feed_->on_news([weak = self->weak_from_this(), &executor] {
                asio::post(executor, [weak] {
                    if (auto const awake = weak.lock()) awake->send();
                });
            });
            self->hear();
            self->beat();
            self->send();
        });
    }

    void close() override {
        if (std::exchange(closing_, true)) return;
        if (accepted_ && !writing_) say_goodbye();
    }

    void abort() override {
        ended_ = nullptr;
        finish();
    }

private:
    asio::io_context& executor() {
        return static_cast<asio::io_context&>(beast::get_lowest_layer(client_).get_executor().context());
    }

    // Whatever the client says is read for the sake of its goodbye.
    void hear() {
        client_.async_read(heard_, [self = this->shared_from_this()](error_code failure, std::size_t) {
            if (failure) return self->finish();
            self->heard_.clear();
            self->hear();
        });
    }

    void send() {
        if (!accepted_ || writing_ || reading_ || finished_) return;
        if (closing_) return say_goodbye();
        if (next_ == news_.size()) {
            news_.clear();
            next_ = 0;
            switch (feed_->take(news_, piece_size)) {
            case LiveFeed::State::behind: behind_ = true; break;
            case LiveFeed::State::ended: closing_ = true; break;
            case LiveFeed::State::more:
            case LiveFeed::State::waiting: break;
            }
        }
        if (next_ < news_.size()) return write(message_of(news_[next_++]));
        if (closing_) return say_goodbye();
        if (std::exchange(behind_, false)) catch_up();
    }

    void write(std::string text) {
        writing_ = true;
        text_ = std::move(text);
        told_ = true;
        client_.async_write(asio::buffer(text_),
                            [self = this->shared_from_this()](error_code failure, std::size_t count) {
                                self->writing_ = false;
                                if (failure) return self->finish();
                                self->sent_ += count;
                                if (self->next_ < self->news_.size())
                                    return self->write(message_of(self->news_[self->next_++]));
                                self->send();
                            });
    }

    void catch_up() {
        reading_ = true;
        elsewhere_([self = this->shared_from_this()] {
            self->feed_->catch_up();
            auto& context = self->executor();
            asio::post(context, [self] {
                self->reading_ = false;
                self->send();
            });
        });
    }

    void beat() {
        timer_.expires_after(pulse_);
        timer_.async_wait([self = this->shared_from_this()](error_code cancelled) {
            if (cancelled || self->finished_) return;
            if (!std::exchange(self->told_, false) && !self->writing_ && !self->reading_ && !self->closing_)
                self->write(message_of(self->feed_->pulse()));
            self->beat();
        });
    }

    void say_goodbye() {
        closing_ = true;
        if (std::exchange(said_, true)) return;
        client_.async_close(websocket::close_code::going_away,
                            [self = this->shared_from_this()](error_code) { self->finish(); });
    }

    void finish() {
        if (std::exchange(finished_, true)) return;
        timer_.cancel();
        error_code ignored;
        beast::get_lowest_layer(client_).close(ignored);
        if (auto const ended = std::exchange(ended_, nullptr)) ended(sent_);
    }

    websocket::stream<Stream> client_;
    std::unique_ptr<LiveFeed> feed_;
    std::function<void(std::function<void()>)> elsewhere_;
    std::function<void(std::uint64_t)> ended_;
    std::chrono::milliseconds pulse_;
    asio::steady_timer timer_;
    http::request<http::empty_body> const request_;
    beast::flat_buffer heard_;
    std::vector<News> news_;
    std::size_t next_ = 0; // of them, to be sent
    std::string text_;     // on its way
    std::uint64_t sent_ = 0;
    bool accepted_ = false;
    bool writing_ = false;
    bool reading_ = false; // the feed catches up
    bool behind_ = false;
    bool told_ = false; // something since the last beat
    bool closing_ = false, said_ = false, finished_ = false;
};

template <class Stream> std::shared_ptr<TunnelSession> open(Stream stream, LivePlan plan) {
    auto session = std::make_shared<LiveSession<Stream>>(std::move(stream), std::move(plan));
    session->start();
    return session;
}
} // namespace

std::shared_ptr<TunnelSession> open_live(Socket socket, LivePlan plan) {
    return open(std::move(socket), std::move(plan));
}

std::shared_ptr<TunnelSession> open_live(asio::ssl::stream<Socket> stream, LivePlan plan) {
    return open(std::move(stream), std::move(plan));
}

} // namespace volutus::kernel::gateway

// One client's connection: a plain state machine, one request after the other.
//
// All of it runs on its io thread, but for run_handler() and the jobs of a reply's body, during which the io thread
// leaves `request_` and `response_` alone. A handler or a refusal that does not come back is given up: its thread is left
// to it, and the client is told. Replies are gathered in `out_` while further requests stand in the input
// (pipelining) and written in one go; what the socket takes at once needs no event.
#pragma once

#include "kernel/gateway/io_thread.hpp"
#include "kernel/gateway/message_parser.hpp"
#include "kernel/gateway/transport.hpp"
#include "kernel/gateway/upload.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::gateway {

class Connection final : public std::enable_shared_from_this<Connection> {
public:
    Connection(IoThread& io, std::shared_ptr<Limits const> limits, std::unique_ptr<Transport> transport,
               Listener const& listener, std::string peer);
    void start();

    // What the transport and the io thread tell.
    void on_handshaken(error_code failure);
    void on_read(error_code failure, std::size_t count);
    void on_written(error_code failure, std::size_t count);
    void take_turn();
    void check_time(world::Instant now);
    void drain();
    void routes_replaced();
    void abort(); // closes at once; what is under way is cut

private:
    enum class State {
        handshaking,
        head,       // waits for a request, or for the rest of its header
        document,   // reads a body that the handler gets whole
        handling,   // the handler runs; on a thread of a pool it may read the body through `upload_`
        replying,   // the reply is on its way
        live,       // the reply is news, told as they come
        passing,    // reads and drops what the handler left of the body
        connecting, // to where a tunnel leads
        tunnelling,
        lingering, // all is said; waits for the client to close
        closed
    };
    // What follows when the output has been written.
    enum class Then { nothing, next_request, next_piece, next_news, finish_reply };

    // connection.cpp: the socket's side
    void read();
    std::string_view input() const { return {in_.data() + in_begin_, in_end_ - in_begin_}; }
    void consume(std::size_t count) { in_begin_ += count; }
    bool write_out(); // true: all written; false: `then_` follows, or the connection is closed
    void wrote(std::size_t count);
    void run_then();
    void hold(std::size_t more = 0); // counts what the buffers hold, and `more` beside them
    void let_go();
    bool holds_too_much() const;
    void begin_close();
    void too_slow();
    void cut(unsigned status, char const* why);
    std::int64_t progress();

    // connection_request.cpp: from a header to a handler. Those with a bool: true when the reply stands in the output
    // and the next request may be looked at.
    void next_request();
    void await_turn();
    void await_head();
    void reset_exchange();
    bool serve();
    void find_route();
    void begin_trace();
    std::chrono::seconds too_early();
    bool read_document();
    bool continue_document();
    void resume_upload();
    void continue_upload();
    bool continue_passing();
    void send_continue();
    bool dispatch();
    Response run_handler();
    void on_handled();
    Response run_here(std::function<Response()> const& call);
    void on_given_up(Refusal const& why);

    // connection_reply.cpp
    Response refusal(unsigned status, std::string_view message, std::chrono::seconds retry_after = {});
    Response word(Refusal const& why);
    bool refuse(unsigned status, std::string_view message) { return answer(refusal(status, message)); }
    bool answer(Response response);
    bool body_left() const { return head_.has_body() && !body_done_; }
    void append_head(std::optional<std::uint64_t> length);
    bool send_body(std::optional<std::uint64_t> length);
    void next_piece();
    void on_piece(std::size_t count, bool failed);
    void on_sent_file(std::uint64_t count, int error);
    bool finish_reply();
    bool open_tunnel(Tunnel const& tunnel);
    bool open_tunnel(plugin::Descriptor connected);
    void enter_tunnel(Upstream upstream);
    void account(bool complete);

    // connection_live.cpp
    bool begin_live();
    std::function<void()> waker(void (Connection::*step)());
    void send_news();
    void append_news();
    void on_caught_up();
    void send_pulse(world::Instant now);
    void end_live();
    bool open_live_socket();

    IoThread& io_;
    Shared& shared_;
    std::shared_ptr<Limits const> const its_limits_;
    Limits const& limits_;
    std::unique_ptr<Transport> transport_;
    Listener const& listener_;
    std::string const peer_;
    State state_ = State::handshaking;
    Then then_ = Then::nothing;

    std::vector<char> in_;
    std::size_t in_begin_ = 0, in_end_ = 0;
    bool reading_ = false;
    bool in_filled_ = false; // by the last read
    bool input_ended_ = false;
    std::size_t held_ = 0; // of ours in shared_.held
    std::string out_;      // to be sent after bulk_
    std::string sending_;  // in flight, from sent_ on
    std::size_t sent_ = 0;
    std::string_view bulk_; // in flight after sending_
    bool writing_ = false;
    bool lent_ = false;                        // a job holds the socket's descriptor or the source
    std::uint64_t received_ = 0, written_ = 0; // bytes through the socket

    world::Instant deadline_{world::Instant::max()}; // of the states head, handshaking, lingering
    world::Instant window_start_{};                  // of the rate that is being watched; none: not watched
    std::int64_t window_progress_ = 0;

    // The exchange under way.
    MessageParser parser_;
    Head head_;
    Request request_;
    Response response_;
    Router::Match match_;
    std::shared_ptr<RouteTable const> table_; // keeps the route's handler alive
    Handler* handler_ = nullptr;              // who answers; the gateway's own pages when no service does
    std::string document_;                    // the body, or a piece of it on its way to `upload_`
    std::shared_ptr<Upload> upload_;
    std::shared_ptr<TunnelSession> tunnel_;
    std::vector<News> news_;         // of a live reply, about to be sent
    world::Instant last_told_{};     // when there was some
    std::string piece_;              // of the reply's body
    std::uint64_t piece_left_ = 0;   // of a body of known length
    std::uint64_t passing_left_ = 0; // of what is read only to be dropped
    world::Instant started_{};
    std::uint64_t body_received_ = 0, body_sent_ = 0;
    bool head_started_ = false;
    bool under_way_ = false; // a request was read and is not accounted for
    bool keep_alive_ = false;
    bool body_done_ = false; // the request's body was read to its end
    bool continue_due_ = false;
    bool chunked_reply_ = false;
    bool chunk_open_ = false;
    bool ending_ = false; // of a live reply: its end is on its way

    // What runs on a thread, until it is given up.
    struct Running final : Exchange {
        explicit Running(Connection& c) : connection(c) {}
        void give_up(Refusal const& why) override;
        Connection& connection;
        Pool* pool = nullptr;  // whose thread it is; null: the io thread
        bool given_up = false; // and still uses the request, so nothing more is read; set before it can return
    };
    Running here_{*this}, in_pool_{*this};
};

} // namespace volutus::kernel::gateway

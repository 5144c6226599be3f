// A connection's way from a header to a handler.
#include "kernel/gateway/connection.hpp"

#include "kernel/trace/span.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace volutus::kernel::gateway {

namespace {
constexpr std::size_t upload_piece = 64 * 1024;
// Then other connections of the thread are looked at, however many requests a client has sent in one go. A client with a
// new connection waits for about four of these: to be accepted, adopted, greeted and read.
constexpr auto turn = std::chrono::microseconds(100);

// OpenStack's form, so that nothing else gets into logs under that name.
bool is_request_id(std::string_view text) {
    return text.size() == 40 && text.starts_with("req-") &&
           text.find_first_not_of("0123456789abcdefABCDEF-", 4) == std::string_view::npos;
}
} // namespace

void Connection::next_request() {
    auto const turn_ends = world::now() + turn;
    for (unsigned batch = 0;;) {
        if (input_ended_ && in_begin_ == in_end_ && out_.empty()) return abort();
        state_ = State::head;
        auto const outcome = parser_.head(input(), head_, request_);
        consume(outcome.used);
        if (outcome.kind == MessageParser::Outcome::more) {
            if (outcome.used > 0) continue;
            then_ = Then::next_request;
            if (!write_out()) return;
            return await_head();
        }
        head_started_ = false;
        if (outcome.kind == MessageParser::Outcome::refused) {
            reset_exchange();
            refuse(outcome.status, outcome.why);
            return;
        }
        if (!serve()) return;
        bool const others_turn = started_ >= turn_ends && in_begin_ != in_end_;
        if (++batch < limits_.pipelined && out_.size() < limits_.pipelined_bytes && !others_turn) continue;
        then_ = Then::next_request;
        if (!write_out()) return;
        batch = 0;
        if (others_turn) return await_turn();
    }
}

void Connection::await_turn() {
    state_ = State::head;
    head_started_ = true;
    deadline_ = world::now() + limits_.header;
    io_.wait_for_turn(shared_from_this());
}

void Connection::take_turn() {
    if (state_ == State::head) next_request();
}

void Connection::await_head() {
    then_ = Then::nothing;
    if (table_ != io_.table) table_ = io_.table;
    bool const started = in_begin_ != in_end_;
    if (!started && shared_.draining) return begin_close();
    // From a header's first byte its time runs, whatever comes in between; before that, the idle time.
    if (!started || !head_started_) deadline_ = world::now() + (started ? limits_.header : limits_.idle);
    head_started_ = started;
    read();
}

// A refusal of what could not be read as a request: nothing of the last one may show.
void Connection::reset_exchange() {
    head_.content_length.reset();
    head_.chunked = head_.keep_alive = head_.expects_continue = false;
    head_.http11 = true;
    head_.host = {};
    request_.method = request_.raw_path = request_.query = request_.body = request_.global_id = {};
    request_.headers.clear();
    find_route();
}

bool Connection::serve() {
    find_route();
    auto const* const route = request_.route;
    if (auto const wait = too_early(); wait.count() > 0)
        return answer(refusal(429, "too many requests come from this address; see Retry-After", wait));
    if (!route) {
        if (match_.allow.empty()) return refuse(404, "there is nothing at this path");
        return refuse(405, "this path does not answer that method");
    }
    if (route->websocket && (!head_.websocket || head_.has_body() || in_begin_ != in_end_))
        return refuse(400, "this path speaks websocket only");
    if (route->live && head_.websocket && (head_.has_body() || in_begin_ != in_end_))
        return refuse(400, "a websocket begins with a request without a body");
    if (!head_.has_body()) return dispatch();
    auto const limit = route->body_limit     ? route->body_limit
                       : route->streams_body ? UINT64_MAX
                                             : limits_.document_bytes;
    if (head_.content_length.value_or(0) > limit) return refuse(413, fmt::format("the body is over {} bytes", limit));
    parser_.limit_body(limit);
    return route->streams_body ? dispatch() : read_document();
}

// How long the client should have waited. What watches the cloud is not turned away.
std::chrono::seconds Connection::too_early() {
    bool const page = request_.route && handler_ == shared_.pages.get();
    if (page || !shared_.clients.limits()) return {};
    return shared_.clients.take(client_of(request_.origin.client), started_);
}

void Connection::find_route() {
    started_ = world::now();
    under_way_ = true;
    if (table_ != io_.table) table_ = io_.table;
    keep_alive_ = head_.keep_alive && !shared_.draining;
    body_done_ = !head_.has_body();
    continue_due_ = head_.expects_continue && !body_done_;
    body_received_ = body_sent_ = 0;
    then_ = Then::nothing;
    request_.body = {};
    request_.stream = nullptr;
    request_.id.clear();
    io_.append_request_id(request_.id);
    begin_trace();
    request_.peer = peer_;
    request_.tls = listener_.tls.has_value();
    request_.listener = listener_.name;
    request_.caller = {};
    auto const global = request_.header("X-Openstack-Request-Id");
    request_.global_id = is_request_id(global) ? global : std::string_view{};
    auto& origin = request_.origin;
    origin.scheme = request_.tls ? "https" : "http";
    origin.host = head_.host;
    origin.prefix.clear();
    origin.client = peer_;
    apply_forwarded(request_.headers, shared_.trusted, origin);

    table_->router().find(listener_.name, request_.method, request_.raw_path, match_);
    request_.route = match_.route;
    request_.mount_prefix = match_.prefix;
    handler_ = match_.mount ? match_.mount->handler.get() : shared_.pages.get();
    if (!match_.route && match_.allow.empty()) {
        Router::Match page;
        shared_.pages_router.find(listener_.name, request_.method, request_.raw_path, page);
        if (page.route || !page.allow.empty()) {
            request_.route = page.route;
            match_.allow = page.allow;
            handler_ = shared_.pages.get();
        }
    }
    request_.captures.clear();
    for (auto const raw : match_.captures) request_.captures.push_back(percent_decode(raw));
}

// A trace that begins here bears the request's own id, and the span half of it: what is random enough for one serves
// both, and whoever reads a log finds one by the other.
void Connection::begin_trace() {
    auto const given = trace::checked_traceparent(request_.header("traceparent"));
    request_.parent_span = trace::span_id(given);
    request_.tracestate = given.empty() ? std::string_view() : trace::checked_tracestate(request_.header("tracestate"));
    auto& own = request_.traceparent;
    own.assign("00-");
    auto const digits = std::string_view(request_.id).substr(4); // after "req-"
    if (given.empty())
        std::copy_if(digits.begin(), digits.end(), std::back_inserter(own), [](char c) { return c != '-'; });
    else
        own += trace::trace_id(given);
    own += '-';
    auto const half = digits.substr(19); // "xxxx-xxxxxxxxxxxx", which no variant of a UUID leaves all zeros
    own.append(half.substr(0, 4)).append(half.substr(5));
    own += given.empty() || trace::is_sampled(given) ? "-01" : "-00";
}

bool Connection::read_document() {
    state_ = State::document;
    document_.clear();
    send_continue();
    return state_ == State::document && continue_document();
}

bool Connection::continue_document() {
    auto const outcome = parser_.body(input(), SIZE_MAX / 2, document_);
    consume(outcome.used);
    body_received_ = document_.size();
    if (outcome.kind == MessageParser::Outcome::refused) {
        keep_alive_ = false;
        return refuse(outcome.status, outcome.why);
    }
    if (outcome.kind == MessageParser::Outcome::more) {
        then_ = Then::nothing;
        write_out(); // earlier replies of the batch do not wait for this body
        if (state_ == State::document) read();
        return false;
    }
    body_done_ = true;
    request_.body = document_;
    return dispatch();
}

void Connection::send_continue() {
    if (!std::exchange(continue_due_, false) || in_begin_ != in_end_) return; // the body came unasked: no need
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    then_ = Then::nothing;
    write_out();
}

bool Connection::dispatch() {
    if (request_.route->reads_only) return answer(run_here([this] { return run_handler(); }));
    bool const streams = request_.route->streams_body;
    if (streams) {
        auto const length = head_.chunked ? std::nullopt : std::optional(head_.content_length.value_or(0));
        upload_ = std::make_shared<Upload>(
            length, [this] { asio::post(io_.context, [self = shared_from_this()] { self->resume_upload(); }); });
        if (body_done_) upload_->finish();
        request_.stream = upload_.get();
    }
    state_ = State::handling;
    auto& pool = streams ? shared_.uploads : shared_.documents;
    in_pool_.pool = &pool;
    request_.exchange = &in_pool_;
    bool const taken = pool.submit([self = shared_from_this()]() mutable {
        auto response = self->run_handler();
        bool const in_time = !self->in_pool_.given_up;
        if (in_time)
            self->response_ = std::move(response);
        else
            self->in_pool_.pool->came_back();
        auto& context = self->io_.context;
        asio::post(context, [self = std::move(self), in_time] {
            if (in_time) self->on_handled();
        });
    });
    if (taken) {
        // Replies to earlier requests of a batch must not wait for this one.
        then_ = Then::nothing;
        write_out();
        return false;
    }
    upload_.reset();
    return refuse(503, "too many requests are waiting; try again in a moment");
}

Response Connection::run_handler() {
    try {
        return handler_->handle(request_);
    } catch (std::exception const& failure) {
        shared_.report(fmt::format("{} {} {}: {}", request_.id, request_.method, request_.raw_path, failure.what()));
    }
    return word({500, "the request failed inside the server", {}});
}

// On the io thread, where others wait for it.
Response Connection::run_here(std::function<Response()> const& call) {
    bool const another_hangs = here_.given_up; // and this words its refusal, on the thread that stands in
    state_ = State::handling;
    request_.exchange = &here_;
    auto response = call();
    if (here_.given_up && !another_hangs) throw IoThread::LeftBehind{};
    return response;
}

void Connection::on_handled() {
    upload_.reset();
    request_.stream = nullptr;
    if (state_ == State::closed) {
        account(false);
        response_ = {};
        return;
    }
    if (answer(std::move(response_))) next_request();
}

void Connection::Running::give_up(Refusal const& why) {
    if (std::exchange(given_up, true)) return; // it came back, and hangs again
    if (pool)
        pool->stand_in();
    else
        connection.io_.stand_in();
    asio::post(connection.io_.context, [self = connection.shared_from_this(), why] { self->on_given_up(why); });
}

void Connection::on_given_up(Refusal const& why) {
    if (state_ == State::closed) return account(false);
    keep_alive_ = false;
    answer(refusal(why.status, why.message));
}

// The handler asks for more of the body.
void Connection::resume_upload() {
    if (state_ != State::handling || !upload_) return;
    send_continue();
    if (state_ == State::handling) continue_upload();
}

void Connection::continue_upload() {
    if (body_done_) return;
    for (;;) {
        document_.clear();
        auto const outcome = parser_.body(input(), upload_piece, document_);
        consume(outcome.used);
        body_received_ += document_.size();
        bool goes_on = true;
        if (!document_.empty()) goes_on = upload_->push(document_);
        if (outcome.kind == MessageParser::Outcome::refused) {
            keep_alive_ = false;
            return upload_->fail(outcome.status == 413 ? Code::too_large : Code::invalid, outcome.why);
        }
        if (outcome.kind == MessageParser::Outcome::done) {
            body_done_ = true;
            return upload_->finish();
        }
        if (!goes_on) return;
        if (outcome.used == 0) return read();
    }
}

// Reads what the handler left of the body, up to a bound.
bool Connection::continue_passing() {
    state_ = State::passing;
    for (;;) {
        document_.clear();
        auto const outcome = parser_.body(input(), upload_piece, document_);
        consume(outcome.used);
        passing_left_ -= std::min<std::uint64_t>(passing_left_, document_.size());
        if (outcome.kind == MessageParser::Outcome::done) return true;
        if (outcome.kind == MessageParser::Outcome::refused || passing_left_ == 0) {
            begin_close();
            return false;
        }
        if (outcome.used > 0) continue;
        read();
        return false;
    }
}

} // namespace volutus::kernel::gateway

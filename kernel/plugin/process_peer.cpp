#include "kernel/plugin/process_peer.hpp"

#include "kernel/plugin/process_stream.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <poll.h>

namespace volutus::kernel::plugin {

namespace {
// Requests of one chain that wait for its thread. An honest end has one, or one for each of its threads.
constexpr std::size_t most_waiting = 16;
// Requests served within one another on one thread, stream operations among them; what a stack holds with ease.
constexpr unsigned deepest_chain = 160;

bool is_stream(FrameType type) { return type >= FrameType::read && type <= FrameType::take; }
} // namespace

// What this end has asked and waits for. Lives on the asking thread's stack.
struct Ask final : Cancellation::Listener {
    Ask(world::Mutex& mutex, std::shared_ptr<Chain> const& chain) : mutex(mutex), chain(chain) {}
    void cancelled() override {
        world::Lock lock(mutex);
        given_up = true;
        chain->changed.notify_all();
    }

    world::Mutex& mutex;
    std::shared_ptr<Chain> chain;
    std::uint64_t id = 0;
    CallFrame* frame = nullptr;
    vlt_stream* streams[2] = {};
    bool stream_busy[2] = {};
    bool frame_busy = false; // a call within this one is being served
    unsigned in_use = 0;     // threads that use the above
    bool given_up = false;
    std::optional<Frame> reply;
};

Peer::Peer(Descriptor socket, PeerSide& side, Pool& pool, std::uint64_t first_chain)
    : wire_(std::move(socket)), side_(side), pool_(pool), next_chain_(first_chain) {}

std::string Peer::run(int watched) {
    try {
        while (!ended()) {
            short const wanted = wire_.backlog() ? POLLIN | POLLOUT : POLLIN;
            pollfd set[] = {{wire_.socket(), wanted, 0}, {wire_.wake(), POLLIN, 0}, {watched, POLLIN, 0}};
            if (::poll(set, 3, -1) < 0) {
                if (errno == EINTR) continue;
                throw Malformed(fmt::format("poll failed: {}", std::strerror(errno)));
            }
            if (set[0].revents & POLLOUT || set[1].revents) wire_.write_backlog();
            bool const process_ended = set[2].revents != 0;
            // What a process wrote before it ended is read first.
            if (!(set[0].revents & ~POLLOUT) && !process_ended) continue;
            bool const open = wire_.receive([this](Frame&& frame) { take(std::move(frame)); });
            if (!open || process_ended) end("the process ended");
        }
    } catch (Malformed const& error) {
        end(fmt::format("it sent a malformed frame: {}", error.what()));
    }
    world::Lock lock(mutex_);
    return why_;
}

void Peer::end(std::string why) {
    {
        world::Lock lock(mutex_);
        if (ended_) return;
        ended_ = true;
        why_ = std::move(why);
        for (auto const& [id, chain] : chains_) chain->changed.notify_all();
    }
    wire_.shut();
}

bool Peer::ended() const {
    world::Lock lock(mutex_);
    return ended_;
}

std::size_t Peer::late_calls() const {
    world::Lock lock(mutex_);
    return late_.size();
}

Answer Peer::ask(std::shared_ptr<Chain> const& chain, Question question, Patience const& patience) {
    Ask ask(mutex_, chain);
    ask.frame = question.frame;
    ask.streams[0] = question.input;
    ask.streams[1] = question.output;
    bool const is_call = question.head.type == FrameType::call;
    bool const begins = question.head.within == 0;
    std::optional<Cancellation::Watch> watch;
    if (patience.cancelled) watch.emplace(*patience.cancelled, ask);

    Answer answer;
    world::Lock lock(mutex_);
    answer.outcome = Answer::Outcome::not_sent;
    if (ended_) return answer;
    ask.id = ++last_id_;
    asks_.emplace(ask.id, &ask);
    if (begins) chains_.emplace(chain->id, chain);
    if (is_call) chain->calls.push_back(&ask);
    question.head.chain = chain->id;
    question.head.id = ask.id;
    lock.unlock();
    auto const place = wire_.send(question.head, question.body, std::move(question.descriptor));
    lock.lock();

    auto const stop = [&] {
        lock.unlock();
        FrameHead head{.type = FrameType::cancel, .chain = chain->id};
        tell(head);
        lock.lock();
    };
    auto until = patience.deadline;
    bool told = false;
    while (true) {
        if (!place && !ended_) {
            answer.outcome = Answer::Outcome::not_taken;
            break;
        }
        if (!told && ask.given_up) {
            stop();
            told = true;
            auto const now = world::now();
            until = until - now > patience.after_cancel ? now + patience.after_cancel : until + patience.after_deadline;
        }
        if (place) wait(lock, *chain, ask, until);
        if (ask.reply) {
            answer.outcome = Answer::Outcome::replied;
            answer.reply = std::move(*ask.reply);
            break;
        }
        if (ended_) {
            bool const sent = place && *place <= wire_.written();
            answer.outcome = sent ? Answer::Outcome::lost : Answer::Outcome::not_sent;
            break;
        }
        if (!chain->requests.empty()) {
            serve(lock, chain);
        } else if (world::now() >= until) {
            if (told) {
                answer.outcome = Answer::Outcome::late;
                late_.insert(ask.id);
                break;
            }
            stop();
            told = true;
            until = world::now() + patience.after_deadline;
        }
    }

    asks_.erase(ask.id);
    if (is_call) std::erase(chain->calls, &ask);
    // Another thread of the chain may still serve a stream of this call.
    chain->changed.wait(lock, [&] { return ask.in_use == 0; });
    if (begins) close_chain(lock, *chain);
    return answer;
}

void Peer::wait(world::Lock& lock, Chain& chain, Ask const& ask, world::Instant until) {
    bool const given_up = ask.given_up; // known already: only what is new ends the wait
    auto const ready = [&] { return ask.reply || ended_ || !chain.requests.empty() || ask.given_up != given_up; };
    if (ready()) return;
    if (chain.pooled) pool_.waits();
    if (until == world::Instant::max())
        chain.changed.wait(lock, ready);
    else
        chain.changed.wait_until(lock, until, ready);
    if (chain.pooled) pool_.runs();
}

void Peer::serve(world::Lock& lock, std::shared_ptr<Chain> const& chain) {
    auto request = std::move(chain->requests.front());
    chain->requests.pop_front();
    auto const found = asks_.find(request.head.within);
    auto* target = found != asks_.end() && found->second->chain == chain ? found->second : nullptr;
    bool const is_call = request.head.type == FrameType::call;
    int const which = request.head.flags & frame_flag::output ? 1 : 0;

    // The frame of a call and each of its streams are used by one thread at a time, whatever the other end asks.
    bool* busy = nullptr;
    if (target && is_call && !target->frame_busy && chain->calls.back() == target) busy = &target->frame_busy;
    if (target && !is_call && target->streams[which] && !target->stream_busy[which]) busy = &target->stream_busy[which];
    if (!busy || chain->depth >= deepest_chain) {
        lock.unlock();
        refuse(request.head, Code::invalid,
               busy ? "calls are nested too deep" : "a call within must be the only one of the innermost call");
        lock.lock();
        return;
    }
    *busy = true;
    ++target->in_use;
    ++chain->depth;
    lock.unlock();
    try {
        if (is_call)
            side_.serve(request, chain, target->frame);
        else
            reply_of_stream(*this, request, *target->streams[which]);
    } catch (Malformed const& error) {
        end(fmt::format("it sent a malformed frame: {}", error.what()));
    }
    lock.lock();
    --chain->depth;
    *busy = false;
    if (--target->in_use == 0) chain->changed.notify_all();
}

void Peer::tell(FrameHead head, std::string_view body) {
    if (!wire_.send(head, body)) end("it does not read what is sent to it");
}

void Peer::reply(FrameHead const& request, vlt_status status, std::uint32_t count, std::string_view body,
                 Descriptor descriptor) {
    FrameHead head{
        .type = FrameType::reply, .chain = request.chain, .id = request.id, .status = status, .count = count};
    if (descriptor) head.flags = frame_flag::descriptor;
    if (!wire_.send(head, body, std::move(descriptor))) end("it does not read what is sent to it");
}

void Peer::refuse(FrameHead const& request, Code code, std::string_view message) {
    reply(request, static_cast<vlt_status>(code), 0, BodyWriter().text(message).text({}).take());
}

Peer::Place Peer::place_of(CallFrame const& frame) {
    world::Lock lock(mutex_);
    for (auto const* at = &frame; at && !places_.empty(); at = at->parent())
        if (auto const found = places_.find(at); found != places_.end()) return found->second;
    auto chain = std::make_shared<Chain>();
    chain->id = next_chain_;
    next_chain_ += 2;
    return {std::move(chain), 0};
}

Peer::Serving::Serving(Peer& peer, CallFrame const& frame, std::shared_ptr<Chain> chain, std::uint64_t id)
    : peer_(peer), frame_(frame) {
    world::Lock lock(peer_.mutex_);
    peer_.places_.emplace(&frame_, Place{std::move(chain), id});
}

Peer::Serving::~Serving() {
    world::Lock lock(peer_.mutex_);
    peer_.places_.erase(&frame_);
}

void Peer::take(Frame&& frame) {
    auto const type = frame.head.type;
    if (type == FrameType::reply)
        take_reply(std::move(frame));
    else if (type == FrameType::call || is_stream(type))
        take_request(std::move(frame));
    else if (type == FrameType::cancel)
        take_cancel(frame);
    else if (type == FrameType::progress)
        take_progress(frame);
    else
        side_.told(frame);
}

void Peer::take_reply(Frame&& frame) {
    std::shared_ptr<Chain> chain;
    {
        world::Lock lock(mutex_);
        auto const found = asks_.find(frame.head.id);
        if (found == asks_.end()) {
            if (late_.erase(frame.head.id) == 0) throw Malformed("a reply to what was never asked");
            return;
        }
        auto& ask = *found->second;
        if (ask.reply) throw Malformed("a second reply");
        ask.reply = std::move(frame);
        chain = ask.chain;
    }
    chain->changed.notify_all();
}

void Peer::take_request(Frame&& frame) {
    std::shared_ptr<Chain> chain;
    {
        world::Lock lock(mutex_);
        if (auto const found = chains_.find(frame.head.chain); found != chains_.end()) {
            chain = found->second;
            if (frame.head.within == 0) throw Malformed("a chain that begins twice");
            if (chain->requests.size() >= most_waiting) throw Malformed("too many requests of one chain");
            chain->requests.push_back(std::move(frame));
        }
    }
    if (chain)
        chain->changed.notify_all();
    else if (frame.head.within == 0 && frame.head.type == FrameType::call)
        begin_chain(std::move(frame));
    else
        refuse(frame.head, Code::cancelled, "the call that this one is within has ended");
}

void Peer::begin_chain(Frame&& frame) {
    auto const chain = std::make_shared<Chain>();
    {
        world::Lock lock(mutex_);
        chain->id = frame.head.chain;
        if (chain->id % 2 == next_chain_ % 2) throw Malformed("a chain with a number of this end");
        chain->pooled = true;
        chain->context = std::make_shared<CallContext>();
        chains_.emplace(chain->id, chain);
    }
    auto const head = frame.head;
    auto const request = std::make_shared<Frame>(std::move(frame)); // a std::function is copyable, a Frame is not
    bool const added = pool_.add([this, chain, request, keep = side_.shared_from_this()] {
        try {
            side_.serve(*request, chain, nullptr);
        } catch (Malformed const& error) {
            end(fmt::format("it sent a malformed frame: {}", error.what()));
        }
        world::Lock lock(mutex_);
        close_chain(lock, *chain);
    });
    if (added) return;
    refuse(head, Code::unavailable, "too many calls wait for a thread; try again later");
    world::Lock lock(mutex_);
    close_chain(lock, *chain);
}

void Peer::close_chain(world::Lock& lock, Chain& chain) {
    chains_.erase(chain.id);
    auto const left = std::exchange(chain.requests, {});
    lock.unlock();
    for (auto const& request : left)
        refuse(request.head, Code::cancelled, "the call that this one is within has ended");
}

void Peer::take_cancel(Frame const& frame) {
    std::shared_ptr<CallContext> context;
    {
        world::Lock lock(mutex_);
        if (auto const found = chains_.find(frame.head.chain); found != chains_.end()) context = found->second->context;
    }
    if (context) context->cancelled.tell();
}

void Peer::take_progress(Frame const& frame) {
    BodyReader body(frame.body);
    auto const what = body.text(VLT_DOCUMENT_MAX);
    body.end();
    world::Lock lock(mutex_);
    auto const found = asks_.find(frame.head.id);
    if (found == asks_.end() || !found->second->frame) return; // it told too late
    auto* ask = found->second;
    ++ask->in_use;
    lock.unlock();
    ask->frame->progress(ask->frame, std::min(frame.head.count, 1000u), {what.data(), what.size()});
    lock.lock();
    if (--ask->in_use == 0) ask->chain->changed.notify_all();
}

} // namespace volutus::kernel::plugin

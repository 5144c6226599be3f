// One end of the link between the kernel and a plugin's process. Both ends are made of this: each asks the other, and
// each serves what the other asks.
//
// Calls made within one another, across both ends, are a chain. What the other end asks within a chain is served by a
// thread of this end that waits in the same chain; only what begins a chain takes a thread of the pool. So a chain
// holds one thread at each end however deep it goes, and pools cannot lock each other.
#pragma once

#include "kernel/plugin/call_frame.hpp"
#include "kernel/plugin/process_pool.hpp"
#include "kernel/plugin/process_wire.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace volutus::kernel::plugin {

struct Ask;

struct Chain {
    std::uint64_t id = 0;
    bool pooled = false;                  // its thread at this end is one of the pool
    std::shared_ptr<CallContext> context; // at the end that did not begin it: who asks, for all calls of the chain
    // Guarded by the peer:
    world::Condition changed;
    std::deque<Frame> requests; // that no thread of the chain has taken yet
    std::vector<Ask*> calls;    // under way to the other end, the innermost last
    unsigned depth = 0;         // requests being served within one another
};

// How long to wait for an answer. By default for as long as the other end lives.
struct Patience {
    world::Instant deadline = world::Instant::max();
    world::Duration after_deadline{}; // the other end is told to stop, and waited for a little longer
    world::Duration after_cancel{};
    Cancellation* cancelled = nullptr;
};

struct Answer {
    enum class Outcome {
        replied,
        not_taken, // the other end reads too slowly; it has seen nothing
        not_sent,  // the other end ended before it had all of the request
        lost,      // ... after it may have seen it
        late,      // it did not answer in time and may still be at it
    };
    Outcome outcome = Outcome::lost;
    Frame reply;
};

// What an end does with what it is asked and told.
class PeerSide : public std::enable_shared_from_this<PeerSide> {
public:
    virtual ~PeerSide() = default;
    // Serves a call and replies to it, on a thread of the chain. `within` is the frame of the call of this end that
    // it is made within; null where the call begins the chain. Throws Malformed.
    virtual void serve(Frame const& request, std::shared_ptr<Chain> const& chain, CallFrame* within) = 0;
    // Anything that is neither asked nor answered. On the reading thread. Throws Malformed.
    virtual void told(Frame const& frame) = 0;
};

class Peer {
public:
    // `first_chain` parts the chains that the two ends begin: 1 and 2.
    Peer(Descriptor socket, PeerSide& side, Pool& pool, std::uint64_t first_chain);

    // Reads until the link ends and says why. `watched` also ends it when it becomes readable; -1 for none.
    std::string run(int watched = -1);
    void end(std::string why); // the first reason stands. Any thread
    bool ended() const;

    // Asks and waits, serving what comes within the chain meanwhile. For a call, `frame` is what it is made with.
    struct Question {
        FrameHead head;
        std::string body;
        Descriptor descriptor;
        CallFrame* frame = nullptr;
        vlt_stream* input = nullptr;
        vlt_stream* output = nullptr;
    };
    Answer ask(std::shared_ptr<Chain> const& chain, Question question, Patience const& patience);
    void tell(FrameHead head, std::string_view body = {});
    void reply(FrameHead const& request, vlt_status status, std::uint32_t count = 0, std::string_view body = {},
               Descriptor descriptor = Descriptor());

    // Where a frame stands: the chain of the nearest frame around it that this link knows, and that call's id at the
    // other end. A frame outside all of them gets a chain of its own.
    struct Place {
        std::shared_ptr<Chain> chain;
        std::uint64_t within = 0;
    };
    Place place_of(CallFrame const& frame);

    // Says that a frame serves a call of the other end, as long as this lives.
    class Serving {
    public:
        Serving(Peer& peer, CallFrame const& frame, std::shared_ptr<Chain> chain, std::uint64_t id);
        ~Serving();
        Serving(Serving const&) = delete;
        Serving& operator=(Serving const&) = delete;

    private:
        Peer& peer_;
        CallFrame const& frame_;
    };

    // Calls that were given up and that the other end is still at.
    std::size_t late_calls() const;

private:
    void take(Frame&& frame);
    void take_reply(Frame&& frame);
    void take_request(Frame&& frame);
    void take_cancel(Frame const& frame);
    void take_progress(Frame const& frame);
    void refuse(FrameHead const& request, Code code, std::string_view message);
    void begin_chain(Frame&& frame);
    void close_chain(world::Lock& lock, Chain& chain); // lets the lock go

    void wait(world::Lock& lock, Chain& chain, Ask const& ask, world::Instant until);
    void serve(world::Lock& lock, std::shared_ptr<Chain> const& chain);

    Wire wire_;
    PeerSide& side_;
    Pool& pool_;
    mutable world::Mutex mutex_;
    bool ended_ = false;
    std::string why_;
    std::uint64_t next_chain_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<Chain>> chains_;
    std::unordered_map<std::uint64_t, Ask*> asks_;
    std::unordered_map<CallFrame const*, Place> places_;
    std::set<std::uint64_t> late_;
};

} // namespace volutus::kernel::plugin

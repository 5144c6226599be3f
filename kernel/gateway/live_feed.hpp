// News for a client that stays to hear it: a reply without an end, of server-sent events, or of a websocket's messages
// where the client asked for one. Only on a live route.
//
// A feed holds nothing for its client: the connection takes news when the socket has room for them, so a slow client
// costs the memory of one piece and, when it takes nothing for long, is cut like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::gateway {

struct News {
    std::shared_ptr<std::string const> text; // a line of JSON; null: nothing but the cursor is told
    std::uint64_t cursor = 0;                // a client that comes again goes on from here; 0: not from this place
    std::string_view name{};                 // a literal, for what is told of the stream itself; else empty
};

// Of one connection. None of it blocks but catch_up(), and none throws.
class LiveFeed {
public:
    enum class State {
        more,    // take again when that is sent
        waiting, // there is nothing now; `wake` is called once when there may be
        behind,  // catch_up() has to be called first
        ended    // and that was the last of it
    };
    virtual ~LiveFeed() = default; // `wake` is not called any more

    // Before the first take(). `wake` is called on any thread, and must be quick.
    virtual void on_news(std::function<void()> wake) = 0;
    // Appends about `most` bytes of news at most.
    virtual State take(std::vector<News>& into, std::size_t most) = 0;
    // Reads what take() could not give. On a thread that may block, while nothing else is called.
    virtual void catch_up() = 0;
    // What a client hears that has heard nothing for a while: how far it has come.
    virtual News pulse() = 0;
};

} // namespace volutus::kernel::gateway

// Live routes: server-sent events and websockets, fed by what a test says.
#include "served.hpp"

#include <deque>

namespace volutus::kernel::gateway {

namespace {
// What all connections of a test are told.
class Source {
public:
    void say(std::string text, std::uint64_t cursor) {
        world::Lock lock(mutex_);
        news_.push_back({std::make_shared<std::string const>(std::move(text)), cursor});
        for (auto const& wake : wakes_) wake.second();
    }
    void end() {
        world::Lock lock(mutex_);
        ended_ = true;
        for (auto const& wake : wakes_) wake.second();
    }
    void hide() { behind_ = true; } // what is said until somebody catches up
    int open() {
        world::Lock lock(mutex_);
        return open_;
    }

private:
    friend class Told;
    world::Mutex mutex_;
    std::deque<News> news_;
    std::map<void const*, std::function<void()>> wakes_;
    std::atomic<bool> behind_ = false;
    bool ended_ = false;
    int open_ = 0;
};

class Told final : public LiveFeed {
public:
    explicit Told(Source& source) : source_(source) {
        world::Lock lock(source_.mutex_);
        ++source_.open_;
    }
    ~Told() override {
        world::Lock lock(source_.mutex_);
        --source_.open_;
        source_.wakes_.erase(this);
    }
    void on_news(std::function<void()> wake) override {
        world::Lock lock(source_.mutex_);
        source_.wakes_[this] = std::move(wake);
    }
    State take(std::vector<News>& into, std::size_t most) override {
        world::Lock lock(source_.mutex_);
        if (source_.behind_) return State::behind;
        for (std::size_t bytes = 0; next_ < source_.news_.size(); ++next_) {
            if (bytes > most) return State::more;
            into.push_back(source_.news_[next_]);
            bytes += into.back().text->size();
        }
        return source_.ended_ ? State::ended : State::waiting;
    }
    void catch_up() override { source_.behind_ = false; }
    News pulse() override { return {nullptr, 77}; }

private:
    Source& source_;
    std::size_t next_ = 0;
};

class Live : public Served {
protected:
    Live() {
        config.limits.pulse = 1h;
        route("GET", "/live", [this](Request&) {
            Response response;
            response.set("Content-Type", "text/event-stream");
            response.live = std::make_unique<Told>(source);
            return response;
        }).live = true;
    }
    void TearDown() override {
        Served::TearDown();
        EXPECT_EQ(source.open(), 0) << "a feed outlived its connection";
    }
    // The next chunk of a body.
    static std::string chunk(Client& client) {
        std::size_t end = 0;
        while ((end = client.buffer.find("\r\n")) == std::string::npos)
            if (!client.more()) return "";
        auto const size = std::stoull(client.buffer.substr(0, end), nullptr, 16);
        client.buffer.erase(0, end + 2);
        std::string text, line;
        client.take(size, text);
        client.take(2, line);
        return text;
    }
    static void ask(Client& client, std::string_view more = "") {
        client.send("GET /toy/live HTTP/1.1\r\nHost: t\r\n" + std::string(more) + "\r\n");
        while (client.buffer.find("\r\n\r\n") == std::string::npos)
            if (!client.more()) return;
        head = client.buffer.substr(0, client.buffer.find("\r\n\r\n") + 4);
        client.buffer.erase(0, head.size());
    }
    // A short text frame of the server's.
    static std::string frame(Client& client) {
        std::string start, text;
        if (!client.take(2, start)) return "";
        client.take(static_cast<unsigned char>(start[1]), text);
        return std::string(1, start[0]) + text;
    }

    Source source;
    static inline std::string head;
};

constexpr std::string_view upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
} // namespace

TEST_F(Live, EventsGoOutAsTheyComeAndEndInOrder) {
    serve();
    Client client(port());
    ask(client);
    EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos) << head;
    source.say(R"({"a":1})", 0);
    EXPECT_EQ(chunk(client), "data: {\"a\":1}\n\n");
    source.say(R"({"a":2})", 5);
    EXPECT_EQ(chunk(client), "id: 5\ndata: {\"a\":2}\n\n");
    source.end();
    EXPECT_EQ(chunk(client), "");
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(eventually([&] { return log().size() == 1; }));
}

TEST_F(Live, WhoHearsNothingFeelsThePulse) {
    config.limits.pulse = 20ms;
    serve();
    Client client(port());
    ask(client);
    EXPECT_EQ(chunk(client), "id: 77\n:\n\n");
    EXPECT_EQ(chunk(client), "id: 77\n:\n\n");
}

TEST_F(Live, WhatIsBehindIsCaughtUpWithElsewhere) {
    source.hide();
    source.say("1", 1);
    serve();
    Client client(port());
    ask(client);
    EXPECT_EQ(chunk(client), "id: 1\ndata: 1\n\n");
}

TEST_F(Live, AClientThatReadsNothingCostsOnePieceAndIsCut) {
    config.limits.rate_window = 200ms;
    serve();
    Client slow(port()), quick(port());
    ask(slow);
    ask(quick);
    for (std::uint64_t i = 1; i <= 2000; ++i) source.say(std::string(10'000, 'x'), i); // 20 MB: no socket takes that
    std::size_t heard = 0;
    while (heard < 2000 * 10'000) heard += chunk(quick).size();
    EXPECT_TRUE(eventually([&] { return source.open() == 1; })) << "the slow one is still there";
}

TEST_F(Live, AClientThatGoesIsForgotten) {
    serve();
    {
        Client client(port());
        ask(client);
        EXPECT_TRUE(eventually([&] { return source.open() == 1; }));
    }
    EXPECT_TRUE(eventually([&] { return source.open() == 0; }));
}

TEST_F(Live, OlderHttpGetsAStreamUntilTheConnectionEnds) {
    serve();
    Client client(port());
    client.send("GET /toy/live HTTP/1.0\r\nHost: t\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return source.open() == 1; }));
    source.say("1", 1);
    source.end();
    EXPECT_EQ(client.receive().body, "id: 1\ndata: 1\n\n");
}

TEST_F(Live, AWebsocketGetsAMessageEach) {
    serve();
    Client client(port());
    ask(client, upgrade);
    EXPECT_EQ(head.substr(0, 12), "HTTP/1.1 101");
    source.say("one", 1);
    source.say("two", 2);
    EXPECT_EQ(frame(client), "\x81one");
    EXPECT_EQ(frame(client), "\x81two");
    source.end();
    EXPECT_EQ(frame(client).front(), '\x88'); // goodbye
    client.send(std::string("\x88\x82\0\0\0\0\x03\xe9", 8));
    EXPECT_TRUE(client.closed());
    client.close();
    EXPECT_TRUE(eventually([&] { return log().size() == 1; }));
    EXPECT_NE(log().front().find("\"status\":101"), std::string::npos);
}

TEST_F(Live, AWebsocketFeelsThePulseToo) {
    config.limits.pulse = 20ms;
    serve();
    Client client(port());
    ask(client, upgrade);
    EXPECT_EQ(frame(client), "\x81{\"revision\":77}");
}

TEST_F(Live, DrainingEndsWhoeverListens) {
    serve();
    Client events(port()), messages(port());
    ask(events);
    ask(messages, upgrade);
    EXPECT_TRUE(eventually([&] { return source.open() == 2; }));
    world::Thread const drains("drains", [&] { EXPECT_TRUE(gateway->drain(10s)); });
    EXPECT_EQ(chunk(events), "");
    events.close();
    EXPECT_EQ(frame(messages).front(), '\x88');
    messages.send(std::string("\x88\x82\0\0\0\0\x03\xe9", 8));
    EXPECT_TRUE(messages.closed());
    messages.close();
}

TEST_F(Live, AWebsocketWithABodyIsRefused) {
    serve();
    Client client(port());
    EXPECT_EQ(client.ask("GET /toy/live HTTP/1.1\r\nHost: t\r\n" + std::string(upgrade) + "Content-Length: 1\r\n\r\nx")
                  .status,
              400U);
}

} // namespace volutus::kernel::gateway

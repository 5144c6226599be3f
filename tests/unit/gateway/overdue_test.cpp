// Handlers and refusals that do not come back: who asked is told, all others are served.
#include "kernel/gateway/overdue.hpp"
#include "served.hpp"

#include <atomic>

namespace volutus::kernel::gateway {
namespace {

struct Blamed final : plugin::Suspect {
    void blamed() override { ++times; }
    void returned() override { ++back; }
    std::atomic<int> times = 0, back = 0;
};

class Hanging : public Served {
protected:
    Hanging() {
        config.io_threads = 1;
        config.pool_threads = config.upload_threads = 1;
        auto const hangs = [this](Request& request) {
            hang(request);
            return text("late");
        };
        inline_route("GET", "/hello", [](Request&) { return text("hello"); });
        inline_route("GET", "/hangs-here", hangs);
        route("GET", "/hangs", hangs);
        route("GET", "/waits", [](Request&) { return text("waited"); });
        upload_route("PUT", "/hangs", [this](Request& request) {
            auto const got = read_all(*request.stream);
            hang(request);
            return text(got);
        });
        upload_route("PUT", "/upload", [](Request& request) { return text(read_all(*request.stream)); });
    }
    ~Hanging() override {
        let_go = true;
        gateway.reset(); // whose threads are still inside
    }

    // As long as the plugin inside which it is likes.
    void hang(Request const& request) {
        plugin::CallContext context;
        Overdue::Watched const watched(&overdue, context, request.exchange, "toy", 10ms);
        plugin::Inside const inside(context, plugin);
        EXPECT_TRUE(eventually([this] { return let_go.load(); }));
    }
    bool others_are_served() {
        Client other(port());
        return other.get("/toy/hello").body == "hello" && other.get("/toy/waits").body == "waited" &&
               other.ask("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody").body == "body";
    }
    void end() {
        let_go = true;
        EXPECT_TRUE(eventually([this] { return plugin.back == plugin.times; }));
        EXPECT_TRUE(others_are_served());
        EXPECT_TRUE(eventually([this] { return gateway->connections() == 0; }));
    }

    Overdue overdue;
    Blamed plugin;
    std::atomic<bool> let_go = false;
};

TEST_F(Hanging, AReadOnTheConnectionsOwnThreadIsGivenUpAndTheThreadsOtherConnectionsAreServed) {
    serve();
    Client before(port()), client(port());
    EXPECT_EQ(before.get("/toy/hello").body, "hello");
    client.send("GET /toy/hello HTTP/1.1\r\nHost: t\r\n\r\nGET /toy/hangs-here HTTP/1.1\r\nHost: t\r\n\r\n"
                "GET /toy/hello HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.receive().body, "hello");
    auto const told = client.receive();
    EXPECT_EQ(told.status, 504U);
    EXPECT_EQ(told.headers.at("connection"), "close");
    EXPECT_TRUE(client.closed()) << "what was sent after it is not answered";
    EXPECT_EQ(before.get("/toy/hello").body, "hello");
    EXPECT_TRUE(others_are_served());
    EXPECT_EQ(plugin.times, 1);
    EXPECT_EQ(plugin.back, 0);
    before.close();
    end();
}

TEST_F(Hanging, AThreadMayBeLostAgainAndAgain) {
    serve();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(Client(port()).get("/toy/hangs-here").status, 504U);
    EXPECT_TRUE(others_are_served());
    EXPECT_EQ(plugin.times, 3);
    end();
}

TEST_F(Hanging, AClientThatGoesMeanwhileIsForgotten) {
    serve();
    Client client(port());
    client.send("GET /toy/hangs-here HTTP/1.1\r\nHost: t\r\n\r\n");
    client.reset();
    EXPECT_TRUE(eventually([this] { return plugin.times == 1; }));
    EXPECT_TRUE(others_are_served());
    end();
}

TEST_F(Hanging, ARequestOnAPoolIsGivenUpAndThePoolGoesOn) {
    serve();
    EXPECT_EQ(Client(port()).get("/toy/hangs").status, 504U);
    EXPECT_TRUE(others_are_served());
    end();
}

TEST_F(Hanging, AnUploadIsGivenUpAndTheThreadsOfUploadsGoOn) {
    serve();
    Client client(port());
    EXPECT_EQ(client.ask("PUT /toy/hangs HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody").status, 504U);
    EXPECT_TRUE(others_are_served());
    end();
}

TEST_F(Hanging, ARefusalIsGivenUpAndWordedWithoutThePlugin) {
    toy->before_refusing = [this](Request const& request) {
        if (plugin.times == 0) hang(request);
    };
    serve();
    EXPECT_EQ(Client(port()).get("/toy/nowhere").status, 504U);
    EXPECT_TRUE(others_are_served());
    EXPECT_EQ(Client(port()).get("/toy/nowhere").status, 404U);
    end();
}

} // namespace
} // namespace volutus::kernel::gateway

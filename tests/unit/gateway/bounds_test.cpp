// What clients may take of the gateway, and what becomes of those who want more.
#include "served.hpp"

#include <algorithm>
#include <atomic>
#include <list>

namespace volutus::kernel::gateway {
namespace {

class Bounds : public Served {
protected:
    Bounds() {
        inline_route("GET", "/hello", [](Request&) { return text("hello"); });
        inline_route("GET", "/large", [](Request&) { return text(std::string(16 << 20, 'x')); });
        inline_route("POST", "/echo", [](Request& request) { return text(std::string(request.body)); });
    }
    std::string metric(std::string const& name) {
        auto const page = Client(port()).get("/metrics").body;
        auto const at = page.find("\n" + name + " ");
        if (at == std::string::npos) return "none";
        auto const value = at + name.size() + 2;
        return page.substr(value, page.find('\n', value) - value);
    }
};

TEST_F(Bounds, OneClientsConnectionsDoNotTakeThePlaceOfOthers) {
    config.limits.connections_per_client = 2;
    serve();
    Client one(port()), two(port());
    EXPECT_EQ(one.get("/toy/hello").status, 200U);
    EXPECT_EQ(two.get("/toy/hello").status, 200U);
    EXPECT_TRUE(Client(port()).closed());
    two.close();
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 1; }));
    EXPECT_EQ(Client(port()).get("/toy/hello").status, 200U);
}

TEST_F(Bounds, ATrustedProxyHasTheConnectionsOfItsClients) {
    config.limits.connections_per_client = 1;
    config.trusted_proxies = {"127.0.0.0/8"};
    serve();
    Client one(port()), two(port());
    EXPECT_EQ(one.get("/toy/hello").status, 200U);
    EXPECT_EQ(two.get("/toy/hello").status, 200U);
}

TEST_F(Bounds, NearTheLimitIdleConnectionsMakeRoom) {
    config.limits.connections = 8;
    config.limits.idle_when_crowded = 50ms;
    serve();
    std::list<Client> idle;
    for (int i = 0; i < 8; ++i) idle.emplace_back(port());
    EXPECT_TRUE(eventually([&] { return Client(port()).get("/toy/hello").status == 200; }));
}

TEST_F(Bounds, WhatABodyAnnouncesTakesNoMemory) {
    serve();
    std::list<Client> clients;
    for (int i = 0; i < 50; ++i)
        clients.emplace_back(port()).send("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\nx");
    EXPECT_TRUE(eventually([&] { return gateway->connections() >= 50; }));
    EXPECT_LT(std::stod(metric("volutus_http_held_bytes")), 50 * 20'000);
}

TEST_F(Bounds, WhereMemoryIsShortLargeRequestsAreRefusedAndSmallOnesServed) {
    config.limits.memory = 1 << 20;
    config.limits.linger = 50ms;
    serve();
    std::string const start = "POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\n";
    std::list<Client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(port()).send(start + std::string(199'000, 'x'));
    EXPECT_TRUE(eventually([&] { return metric("volutus_http_short_of_memory_total") != "0"; }));
    EXPECT_EQ(Client(port()).get("/toy/hello").body, "hello");
    EXPECT_EQ(Client(port()).ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody").body, "body");
    // The other bodies end: all is well again, and each was either served or told to come back.
    std::size_t refused = 0;
    for (auto& client : clients) {
        client.send(std::string(1'000, 'x'));
        auto const reply = client.receive();
        if (reply.broken) continue; // the refusal was overtaken by the reset that what was sent after it brought
        EXPECT_TRUE(reply.status == 200 || reply.status == 503) << reply.status;
        if (reply.status != 503) continue;
        ++refused;
        EXPECT_EQ(reply.headers.at("retry-after"), "1");
    }
    EXPECT_GT(refused, 0U);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0; }));
    EXPECT_LT(std::stod(metric("volutus_http_held_bytes")), 50'000);
    EXPECT_EQ(Client(port()).ask(start + std::string(200'000, 'x')).status, 200U);
}

TEST_F(Bounds, RepliesThatNobodyTakesAreBoundedToo) {
    config.limits.memory = 40 << 20; // of which each reply takes a good part; the sockets' buffers take less
    serve();
    std::list<Client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(port()).send("GET /toy/large HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return metric("volutus_http_short_of_memory_total") != "0"; }));
    EXPECT_LT(std::stod(metric("volutus_http_held_bytes")), 60 << 20);
    EXPECT_EQ(Client(port()).get("/toy/hello").body, "hello");
}

TEST_F(Bounds, WhoAsksOnceWaitsForOneTurnOfThoseWhoPipelineHoweverManyTheyAre) {
    constexpr int many = 20, asked_by_each = 50;
    config.io_threads = 1;
    std::unique_ptr<Client> good;
    std::atomic<bool> all_asked = false;
    int served = 0, served_before = 0, waited_for = 0; // of the io thread
    inline_route("GET", "/piece", [&](Request&) {
        EXPECT_TRUE(eventually([&] { return all_asked.load(); }));
        if (++served == many * asked_by_each / 2) {
            served_before = served;
            good->send("GET /toy/once HTTP/1.1\r\nHost: t\r\n\r\n");
        }
        auto const until = world::now() + 300us; // more than a turn, so that a turn is two requests at most
        while (world::now() < until) {
        }
        return text("");
    });
    inline_route("GET", "/once", [&](Request&) {
        waited_for = served - served_before;
        return text("once");
    });
    serve();
    good = std::make_unique<Client>(port());
    EXPECT_EQ(good->get("/toy/hello").body, "hello");
    std::string flood;
    for (int i = 0; i < asked_by_each; ++i) flood += "GET /toy/piece HTTP/1.1\r\nHost: t\r\n\r\n";
    std::list<Client> clients;
    for (int i = 0; i < many; ++i) EXPECT_TRUE(clients.emplace_back(port()).send(flood));
    all_asked = true;
    EXPECT_EQ(good->receive().body, "once");
    for (auto& client : clients)
        for (int i = 0; i < asked_by_each; ++i) EXPECT_EQ(client.receive().status, 200U);
    EXPECT_EQ(served, many * asked_by_each);
    EXPECT_LT(waited_for, 10);
}

TEST_F(Bounds, AnAddressThatAsksTooOftenIsAnswered429) {
    config.client_rate = {0.01, 2};
    serve();
    Client client(port());
    EXPECT_EQ(client.get("/toy/hello").status, 200U);
    EXPECT_EQ(client.get("/toy/nowhere").status, 404U);
    auto const refused = client.get("/toy/hello");
    EXPECT_EQ(refused.status, 429U);
    EXPECT_EQ(refused.body, "toy: too many requests come from this address; see Retry-After");
    auto const wait = std::stoi(refused.headers.at("retry-after"));
    EXPECT_TRUE(wait > 90 && wait <= 100) << wait;
    EXPECT_EQ(client.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody").status, 429U);
    EXPECT_EQ(client.get("/healthz").status, 200U) << "what watches the cloud is not counted";
}

TEST_F(Bounds, BehindATrustedProxyEachClientHasItsOwnRate) {
    config.client_rate = {0.01, 1};
    config.trusted_proxies = {"127.0.0.0/8"};
    serve();
    Client proxy(port());
    auto const as = [&](std::string const& address) {
        return proxy.get("/toy/hello", "X-Forwarded-For: " + address + "\r\n").status;
    };
    EXPECT_EQ(as("203.0.113.7"), 200U);
    EXPECT_EQ(as("203.0.113.8"), 200U);
    EXPECT_EQ(as("203.0.113.7"), 429U);
    EXPECT_EQ(as("2001:db8::1"), 200U);
    EXPECT_EQ(as("2001:db8::2"), 429U) << "a host has a whole IPv6 network of 64 bits";
    EXPECT_EQ(as("2001:db8:0:1::1"), 200U);
}

TEST_F(Bounds, LimitsThatAreReadAgainHoldForConnectionsToCome) {
    serve();
    Client before(port());
    EXPECT_EQ(before.get("/toy/hello").status, 200U);
    auto next = config;
    next.limits.header_bytes = 1024;
    next.client_rate = {0.01, 3};
    gateway->reload(next);
    auto const long_header = "X: " + std::string(2000, 'x') + "\r\n";
    EXPECT_EQ(before.get("/toy/hello", long_header).status, 200U);
    Client after(port());
    EXPECT_EQ(after.get("/toy/hello", long_header).status, 431U);
    EXPECT_EQ(before.get("/toy/hello").status, 200U);
    EXPECT_EQ(before.get("/toy/hello").status, 200U);
    EXPECT_EQ(before.get("/toy/hello").status, 429U) << "the rate holds for all at once";
}

} // namespace
} // namespace volutus::kernel::gateway

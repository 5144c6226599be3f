// Requests and replies over plain sockets.
#include "served.hpp"

#include <testkit/refusal.hpp>

#include <algorithm>
#include <thread>

namespace volutus::kernel::gateway {
namespace {

class Exchange : public Served {
protected:
    Exchange() {
        inline_route("GET", "/hello", [](Request& request) { return text("hello " + std::string(request.query)); });
        route("GET", "/waits", [](Request& request) { return text("waited " + std::string(request.query)); });
        inline_route("POST", "/echo", [](Request& request) { return text(std::string(request.body)); });
        route("POST", "/echo-later", [](Request& request) { return text(std::string(request.body)); });
        route("GET", "/things/{name}",
              [](Request& request) { return text(std::string(request.capture("name")) + " " + request.base_url()); });
        route("GET", "/throws", [](Request&) -> Response { throw Error(Code::internal, "the reason"); });
        route("GET", "/splits", [](Request&) {
            auto response = text("x");
            response.set("X-Name", "a\r\nX-Forged: b");
            return response;
        });
        inline_route("DELETE", "/hello", [](Request&) { return text("not to be sent", 204); });
    }
};

TEST_F(Exchange, OneConnectionServesManyRequests) {
    serve();
    Client client(port());
    for (int i = 0; i < 3; ++i) {
        auto const reply = client.get("/toy/hello?" + std::to_string(i));
        EXPECT_EQ(reply.status, 200U);
        EXPECT_EQ(reply.body, "hello " + std::to_string(i));
        EXPECT_EQ(reply.headers.count("connection"), 0U);
        EXPECT_EQ(reply.headers.at("server"), "Volutus");
        EXPECT_EQ(reply.headers.at("date").size(), 29U);
        EXPECT_EQ(reply.headers.at("x-openstack-request-id").size(), 40U);
    }
    EXPECT_EQ(client.get("/toy/waits?x").body, "waited x");
    auto const last = client.get("/toy/hello", "Connection: close\r\n");
    EXPECT_EQ(last.headers.at("connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(Exchange, PipelinedRequestsAreAnsweredInOrder) {
    serve();
    Client client(port());
    std::string all;
    for (int i = 0; i < 200; ++i)
        all += "GET /toy/" + std::string(i % 3 == 0 ? "waits" : "hello") + "?" + std::to_string(i) +
               " HTTP/1.1\r\nHost: test\r\n\r\nPOST /toy/echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody";
    std::thread sender([&] { client.send(all); });
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(client.receive().body, (i % 3 == 0 ? "waited " : "hello ") + std::to_string(i));
        EXPECT_EQ(client.receive().body, "body");
    }
    sender.join();
    EXPECT_TRUE(client.buffer.empty());
}

TEST_F(Exchange, AReplyDoesNotWaitForTheNextRequestsBody) {
    serve();
    Client client(port());
    client.send(
        "GET /toy/hello?x HTTP/1.1\r\nHost: t\r\n\r\nPOST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nh");
    EXPECT_EQ(client.receive().body, "hello x");
    EXPECT_EQ(client.ask("i").body, "hi");
}

TEST_F(Exchange, AHeaderMayComeByteByByte) {
    serve();
    Client client(port());
    for (char const c : std::string("POST /toy/echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"))
        client.send(std::string_view(&c, 1));
    EXPECT_EQ(client.receive().body, "hi");
}

TEST_F(Exchange, OldClientsAreServed) {
    serve();
    Client client(port());
    auto const reply = client.ask("GET /toy/hello?x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(reply.headers.at("connection"), "keep-alive");
    EXPECT_EQ(client.ask("GET /toy/hello?x HTTP/1.0\r\n\r\n").body, "hello x");
    EXPECT_TRUE(client.closed());
}

TEST_F(Exchange, HeadAnswersAsGetWithoutTheBody) {
    serve();
    Client client(port());
    client.send("HEAD /toy/hello?x HTTP/1.1\r\nHost: test\r\n\r\nGET /toy/hello?y HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(client.receive(true).headers.at("content-length"), "7");
    EXPECT_EQ(client.receive().body, "hello y");
}

TEST_F(Exchange, AReplyWithoutContentHasNoBodyAndNoLength) {
    serve();
    Client client(port());
    auto const reply = client.ask("DELETE /toy/hello HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(reply.status, 204U);
    EXPECT_EQ(reply.headers.count("content-length"), 0U);
    EXPECT_EQ(client.get("/toy/hello?x").body, "hello x");
}

TEST_F(Exchange, AServiceRefusesInItsOwnWords) {
    serve();
    Client client(port());
    auto const missing = client.get("/toy/nothing");
    EXPECT_EQ(missing.status, 404U);
    EXPECT_EQ(missing.body, "toy: there is nothing at this path");
    auto const wrong = client.ask("PUT /toy/hello HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(wrong.status, 405U);
    EXPECT_EQ(wrong.headers.at("allow"), "GET, HEAD, DELETE");
    auto const nobody = client.get("/elsewhere");
    EXPECT_EQ(nobody.status, 404U);
    EXPECT_EQ(nobody.headers.at("content-type"), "application/json");
}

TEST_F(Exchange, AHandlerThatFailsIsAnswered500AndReported) {
    serve();
    Client client(port());
    EXPECT_EQ(client.get("/toy/throws").status, 500U);
    EXPECT_NE(reports().at(0).find("the reason"), std::string::npos);
    auto const split = client.get("/toy/splits");
    EXPECT_EQ(split.status, 500U);
    EXPECT_EQ(split.headers.count("x-forged"), 0U);
    EXPECT_EQ(client.get("/toy/hello?x").body, "hello x");
}

TEST_F(Exchange, CapturesAreDecodedAfterMatching) {
    serve();
    Client client(port());
    EXPECT_EQ(client.get("/toy/things/a%2Fb%20c").body, "a/b c http://test/toy");
    Client own(port("own"));
    EXPECT_EQ(own.get("/things/x").body, "x http://test");
}

TEST_F(Exchange, OnlyATrustedProxySetsTheBaseUrl) {
    auto const forwarded = "Forwarded: for=192.0.2.7;proto=https;host=cloud.example\r\n";
    serve();
    EXPECT_EQ(Client(port()).get("/toy/things/x", forwarded).body, "x http://test/toy");
    gateway.reset();
    config.trusted_proxies = {"127.0.0.0/8"};
    serve();
    EXPECT_EQ(Client(port()).get("/toy/things/x", forwarded).body, "x https://cloud.example/toy");
    EXPECT_TRUE(eventually([&] { return log().size() == 2; }));
    EXPECT_NE(log()[0].find("127.0.0.1"), std::string::npos);
    EXPECT_NE(log()[1].find("192.0.2.7"), std::string::npos);
}

TEST_F(Exchange, EachRequestHasItsOwnIdAndKeepsTheGlobalOne) {
    inline_route("GET", "/ids", [](Request& request) {
        request.caller = {"the-user", "the-project"};
        return text(request.id + " " + std::string(request.global_id));
    });
    serve();
    Client client(port());
    std::string const global = "req-12345678-1234-4234-8234-123456789abc";
    auto const first = client.get("/toy/ids", "x-openstack-request-ID: " + global + "\r\n");
    auto const second = client.get("/toy/ids", "X-Openstack-Request-Id: forged\" line\r\n");
    EXPECT_EQ(first.body, first.headers.at("x-openstack-request-id") + " " + global);
    EXPECT_EQ(second.body, second.headers.at("x-openstack-request-id") + " ");
    EXPECT_NE(first.body, second.body);
    EXPECT_TRUE(eventually([&] { return log().size() == 2; }));
    auto const line = log()[0];
    for (auto const* part : {R"("user":"the-user")", R"("project":"the-project")", R"("status":200)",
                             R"("path":"/toy/ids")", R"("route":"GET /ids")", R"("service":"toy")", global.c_str()})
        EXPECT_NE(line.find(part), std::string::npos) << part << line;
}

TEST_F(Exchange, MalformedRequestsAreRefusedAndTheConnectionCloses) {
    serve();
    for (auto const* request : {"POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n0\r\n\r\nGET /toy/hello HTTP/1.1\r\n\r\n",
                                "POST /toy/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
                                "GET /toy/hello HTTP/1.1\nHost: t\n\n", "\x16\x03\x01\x01\x02"}) {
        Client client(port());
        auto const reply = client.ask(request);
        EXPECT_EQ(reply.status, 400U) << request;
        EXPECT_EQ(reply.headers.at("connection"), "close");
        EXPECT_TRUE(client.closed()) << request;
    }
}

TEST_F(Exchange, WhatIsTooLargeIsRefused) {
    config.limits.header_bytes = 2048;
    config.limits.document_bytes = 1000;
    serve();
    EXPECT_EQ(Client(port()).get("/toy/hello", "X: " + std::string(3000, 'x') + "\r\n").status, 431U);
    EXPECT_EQ(Client(port()).get("/toy/" + std::string(3000, 'x')).status, 414U);
    Client small(port());
    EXPECT_EQ(
        small.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x')).status,
        413U);
    EXPECT_EQ(small.get("/toy/hello?x").body, "hello x"); // so little is passed over
    Client large(port());
    EXPECT_EQ(large.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\nxx").status, 413U);
    EXPECT_TRUE(large.closed());
    Client chunks(port());
    EXPECT_EQ(chunks.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n").status,
              413U);
    EXPECT_TRUE(chunks.closed());
    Client exact(port());
    EXPECT_EQ(
        exact.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')).status,
        200U);
}

TEST_F(Exchange, ASlowHeaderIsAnswered408AndAnIdleConnectionCloses) {
    config.limits.header = 50ms;
    config.limits.idle = 50ms;
    config.limits.linger = 50ms;
    serve();
    Client slow(port());
    EXPECT_EQ(slow.ask("GET /toy/hello HTT").status, 408U);
    EXPECT_TRUE(slow.closed());
    Client idle(port());
    idle.get("/toy/hello");
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0; }));
}

TEST_F(Exchange, ABodyThatTricklesIsAnswered408) {
    config.limits.rate_window = 80ms;
    config.limits.body_rate = 1000;
    serve();
    Client client(port());
    EXPECT_EQ(client.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc").status, 408U);
    EXPECT_TRUE(client.closed());
}

TEST_F(Exchange, AFullQueueIsAnswered503) {
    config.pool_threads = 1;
    config.pool_queue = 1;
    std::atomic<bool> go{false};
    std::atomic<int> inside{0};
    route("GET", "/blocks", [&](Request&) {
        ++inside;
        eventually([&] { return go.load(); });
        return text("done");
    });
    serve();
    Client first(port()), second(port()), third(port());
    first.send("GET /toy/blocks HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return inside == 1; }));
    second.send("GET /toy/blocks HTTP/1.1\r\nHost: t\r\n\r\n");
    Client prober(port());
    ASSERT_TRUE(eventually([&] { return prober.get("/toy/blocks").status == 503; }) && inside == 1);
    auto const refused = third.get("/toy/blocks");
    EXPECT_EQ(refused.status, 503U);
    EXPECT_EQ(refused.headers.at("retry-after"), "1");
    EXPECT_EQ(third.get("/toy/hello?x").body, "hello x"); // needs no thread of the pool
    go = true;
    EXPECT_EQ(first.receive().body, "done");
    EXPECT_EQ(second.receive().body, "done");
}

TEST_F(Exchange, TooManyConnectionsAreClosedAtOnce) {
    config.limits.connections = 2;
    serve();
    Client one(port()), two(port());
    EXPECT_EQ(one.get("/toy/hello").status, 200U);
    EXPECT_EQ(two.get("/toy/hello").status, 200U);
    Client three(port());
    EXPECT_TRUE(three.closed());
    one.close();
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 1; }));
    EXPECT_EQ(Client(port()).get("/toy/hello").status, 200U);
}

TEST_F(Exchange, ManyClientsAtOnceGetTheirOwnReplies) {
    serve();
    std::vector<std::thread> clients;
    std::atomic<int> good{0};
    for (int i = 0; i < 16; ++i)
        clients.emplace_back([&, i] {
            Client client(port());
            for (int j = 0; j < 50; ++j) {
                auto const word = std::to_string(i) + "." + std::to_string(j);
                good += client.get("/toy/waits?" + word).body == "waited " + word;
                good += client.get("/toy/hello?" + word).body == "hello " + word;
            }
        });
    for (auto& client : clients) client.join();
    EXPECT_EQ(good, 16 * 50 * 2);
}

TEST_F(Exchange, ReplacedRoutesAreUsedByTheNextRequestAndTheOldHandlerGoes) {
    serve();
    Client client(port());
    EXPECT_EQ(client.get("/toy/hello?x").body, "hello x");
    std::weak_ptr<Toy> const old = toy;
    toy = std::make_shared<Toy>();
    routes.clear();
    route("GET", "/hello", [](Request&) { return text("new"); });
    gateway->replace_routes(router());
    EXPECT_TRUE(eventually([&] { return old.expired(); }));
    EXPECT_EQ(client.get("/toy/hello").body, "new");
    EXPECT_EQ(client.get("/toy/waits").status, 404U);
}

TEST_F(Exchange, MetricsCountRequestsByRouteAndClass) {
    serve();
    Client client(port());
    client.get("/toy/hello");
    client.get("/toy/hello");
    client.get("/toy/nothing");
    auto const page = client.get("/metrics");
    EXPECT_EQ(page.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    auto const count = [&](std::string_view name, std::vector<std::string> const& labels) {
        double total = 0;
        for (std::size_t at = 0; at < page.body.size();) {
            auto const end = page.body.find('\n', at);
            auto const line = std::string_view(page.body).substr(at, end - at);
            at = end + 1;
            auto const has = [&](std::string const& label) { return line.find(label) != std::string_view::npos; };
            if (line.starts_with(name) && std::all_of(labels.begin(), labels.end(), has))
                total += std::stod(std::string(line.substr(line.rfind(' ') + 1)));
        }
        return total;
    };
    EXPECT_EQ(count("volutus_http_requests_total{", {"route=\"GET /hello\"", "service=\"toy\"", "class=\"2xx\""}), 2);
    EXPECT_EQ(count("volutus_http_requests_total{", {"route=\"\"", "class=\"4xx\""}), 1);
    EXPECT_EQ(count("volutus_http_request_seconds_count{", {"route=\"GET /hello\""}), 2);
    EXPECT_EQ(count("volutus_http_connections ", {}), 1);
    EXPECT_EQ(count("volutus_http_queue_depth{", {}), 0);
}

TEST_F(Exchange, OperatorPagesStandWhereTheListenerHasThem) {
    std::atomic<bool> ready{false};
    config.ready = [&] { return ready.load(); };
    config.listeners[1].health = config.listeners[1].metrics = false;
    serve();
    Client client(port());
    EXPECT_EQ(client.get("/healthz").body, "ok\n");
    EXPECT_EQ(client.get("/readyz").status, 503U);
    ready = true;
    EXPECT_EQ(client.get("/readyz").status, 200U);
    Client own(port("own"));
    EXPECT_EQ(own.get("/healthz").status, 404U);
    EXPECT_EQ(own.get("/metrics").status, 404U);
}

TEST_F(Exchange, AConfigurationThatCannotBeServedIsRefused) {
    auto const fails_with = [&](Config const& bad) {
        return testkit::refusal([&] { Gateway const refused(bad, router(), metrics); }).code();
    };
    serve();
    auto taken = config;
    taken.listeners[0].port = port();
    EXPECT_EQ(fails_with(taken), Code::unavailable);
    auto nowhere = config;
    nowhere.listeners[0].address = "here";
    EXPECT_EQ(fails_with(nowhere), Code::invalid);
    auto proxies = config;
    proxies.trusted_proxies = {"everyone"};
    EXPECT_EQ(fails_with(proxies), Code::invalid);
    auto tls = config;
    tls.listeners[0].tls = Tls{"/nowhere/cert.pem", "/nowhere/key.pem"};
    EXPECT_EQ(fails_with(tls), Code::invalid);
    EXPECT_THROW(gateway->port("unknown"), Error);
}

// ---- drain ----

TEST_F(Exchange, DrainFinishesWhatIsUnderWayAndClosesWhatIsIdle) {
    std::atomic<bool> go{false};
    std::atomic<bool> inside{false};
    route("GET", "/blocks", [&](Request&) {
        inside = true;
        eventually([&] { return go.load(); });
        return text("done");
    });
    serve();
    auto const number = port();
    Client idle(number), busy(number);
    EXPECT_EQ(idle.get("/toy/hello").status, 200U);
    busy.send("GET /toy/blocks HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    bool finished = false;
    std::thread drainer([&] { finished = gateway->drain(10s); });
    EXPECT_TRUE(idle.closed());
    idle.close();
    EXPECT_FALSE(Client(number).connected);
    go = true;
    auto const reply = busy.receive();
    EXPECT_EQ(reply.body, "done");
    EXPECT_EQ(reply.headers.at("connection"), "close");
    EXPECT_TRUE(busy.closed());
    busy.close();
    drainer.join();
    EXPECT_TRUE(finished);
}

TEST_F(Exchange, DrainCutsWhatDoesNotFinishInTime) {
    upload_route("PUT", "/upload", [](Request& request) { return text(read_all(*request.stream)); });
    serve();
    Client client(port());
    client.send("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
    ASSERT_TRUE(eventually([&] { return gateway->connections() == 1; }));
    auto const begin = world::now();
    // The connection may not have been adopted yet by its loop; the request then is not under way and is closed sooner.
    gateway->drain(100ms);
    EXPECT_LT(world::now() - begin, 5s);
    EXPECT_TRUE(client.receive().broken);
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0; }));
}

} // namespace
} // namespace volutus::kernel::gateway

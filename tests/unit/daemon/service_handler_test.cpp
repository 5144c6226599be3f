#include "kernel/gateway/rate_limiter.hpp"
#include "kernel/gateway/router.hpp"
#include "kernel/gateway/service_handler.hpp"

#include <volutus/contract/service.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {
using namespace volutus;
using namespace volutus::kernel;
using testing::ElementsAre;
using testing::HasSubstr;

// A service that does what the test says, and keeps what it was asked.
struct FakeService : service::Service {
    service::HttpReply handle(Call& call, service::HttpRequest const& request) override {
        asked = request;
        caller = call.caller();
        trace = call.trace();
        client_address = static_cast<plugin::CallFrame&>(*call.raw()).context().client_address;
        deadline = call.deadline();
        char piece[8];
        while (auto const got = call.input().read(piece, sizeof piece)) body.append(piece, got);
        return answer(call);
    }
    service::HttpReply refuse(Call& call, service::Refusal const& refusal) override {
        refused = refusal;
        auto const text = "own form: " + refusal.message;
        call.output().write(text.data(), text.size());
        return {refusal.status, {{"Content-Type", "text/own"}}, true};
    }
    std::function<service::HttpReply(Call&)> answer = [](Call&) { return service::HttpReply{204, {}, false}; };
    service::HttpRequest asked;
    service::Refusal refused;
    std::string caller, trace, client_address, body;
    world::Instant deadline;
};

class ServiceHandler : public testing::Test {
protected:
    ServiceHandler() {
        auto made = std::make_unique<FakeService>();
        service_ = made.get();
        registry_.add("toy", std::string(service::contract.name), "toy",
                      std::make_shared<plugin::BuiltIn<service::contract>>(std::move(made)));
        route_.id = "GET /v1/{name}";
        route_.captures = {"name"};
        request_.method = "GET";
        request_.raw_path = "/toy/v1/a%2Fb";
        request_.mount_prefix = "/toy";
        request_.query = "limit=1&limit=2&name=a+b";
        request_.headers = {{"X-Auth-Token", "secret"},
                            {"X-Custom", "Value"},
                            {"AUTHORIZATION", "secret"},
                            {"x-service-token", "secret"}};
        request_.id = "req-1";
        request_.origin = {"https", "cloud:443", "", "127.0.0.1"};
        request_.route = &route_;
        request_.captures = {"a/b"};
    }

    gateway::ServiceHandler handler(std::string plugin = "toy") {
        gateway::ServiceOptions options;
        options.plugin = std::move(plugin);
        options.anonymous = {"anonymous"};
        options.challenge = "Toy uri=\"{base}/identity\"";
        return {registry_, std::move(options),
                [](gateway::Request&, bool anonymous, plugin::CallContext*) -> gateway::Identity {
                    if (anonymous) return {"{}", nullptr};
                    return {R"({"user":{"id":"u","domain":{"id":"d"}}})", nullptr};
                }};
    }
    // With an eye on what takes long.
    gateway::ServiceHandler overseen(gateway::Authenticate authenticate) {
        gateway::ServiceOptions options;
        options.plugin = "toy";
        options.deadline = std::chrono::milliseconds(100);
        options.overdue = std::make_shared<gateway::Overdue>();
        return {registry_, std::move(options), std::move(authenticate)};
    }
    static std::string text(gateway::Response const& response) { return std::get<std::string>(response.body); }
    static std::string header(gateway::Response const& response, std::string_view name) {
        for (auto const& [key, value] : response.headers)
            if (key == name) return value;
        return "";
    }

    plugin::Registry registry_;
    FakeService* service_;
    gateway::Route route_;
    gateway::Request request_;
};

TEST_F(ServiceHandler, ARequestIsToldWithoutItsMountAndItsCredentials) {
    request_.body = "twelve bytes";
    EXPECT_EQ(handler().handle(request_).status, 204u);
    auto const& asked = service_->asked;
    EXPECT_EQ(asked.route, "GET /v1/{name}");
    EXPECT_EQ(asked.path, "/v1/a%2Fb");
    EXPECT_EQ(asked.parameters.at("name"), "a/b");
    EXPECT_EQ(asked.base, "https://cloud:443/toy");
    EXPECT_TRUE(asked.body);
    ASSERT_EQ(asked.query.size(), 3u);
    EXPECT_EQ(asked.query[2].value, "a b");
    ASSERT_EQ(asked.headers.size(), 1u);
    EXPECT_EQ(asked.headers[0].name, "x-custom");
    EXPECT_EQ(asked.headers[0].value, "Value");
    EXPECT_EQ(service_->body, "twelve bytes");
    EXPECT_EQ(service_->trace, "req-1");
    EXPECT_EQ(service_->client_address, "127.0.0.1");
    EXPECT_THAT(service_->caller, HasSubstr("\"u\""));
    EXPECT_LT(service_->deadline, world::Instant::max());
}

struct Chunks : gateway::BodyReader {
    std::size_t read(void* into, std::size_t) override {
        if (left == 0) return 0;
        --left;
        *static_cast<char*>(into) = 'x';
        return 1;
    }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
    int left = 3;
};

TEST_F(ServiceHandler, AStreamIsPassedOnAsItComesAndHasNoDeadline) {
    Chunks chunks;
    request_.stream = &chunks;
    EXPECT_EQ(handler().handle(request_).status, 204u);
    EXPECT_EQ(service_->body, "xxx");
    EXPECT_EQ(service_->deadline, world::Instant::max());
}

// A client that is slow with its body.
struct Slow : gateway::BodyReader {
    std::size_t read(void*, std::size_t) override {
        auto const until = world::now() + std::chrono::milliseconds(1200); // a stream has ten times `deadline`
        while (world::now() < until) std::this_thread::yield();
        return 0;
    }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
};

struct Told : gateway::Exchange {
    void give_up(gateway::Refusal const& why) override { status = why.status; }
    std::atomic<unsigned> status = 0;
};

struct Blamed final : plugin::Suspect {
    void blamed() override {}
    void returned() override {}
};

template <class Condition> bool eventually(Condition const& holds) {
    auto const until = world::now() + std::chrono::seconds(10);
    while (!holds() && world::now() < until) std::this_thread::yield();
    return holds();
}

TEST_F(ServiceHandler, AStreamIsOverdueWhenItsServiceHoldsItUpAndNotWhenItsClientDoes) {
    Slow slow;
    Told told;
    request_.stream = &slow;
    request_.exchange = &told;
    service_->answer = [](Call& call) {
        EXPECT_FALSE(call.cancelled());
        EXPECT_TRUE(eventually([&] { return call.cancelled(); }));
        return service::HttpReply{204, {}, false};
    };
    EXPECT_EQ(overseen([](auto&&...) { return gateway::Identity{"{}", nullptr}; }).handle(request_).status, 204u);
}

TEST_F(ServiceHandler, ACheckOfATokenThatHangsIsGivenUp) {
    Told told;
    Blamed identity;
    request_.exchange = &told;
    auto const hangs = [&](gateway::Request&, bool, plugin::CallContext* within) {
        plugin::Inside const inside(*within, identity);
        EXPECT_TRUE(eventually([&] { return told.status != 0; }));
        return gateway::Identity{"{}", nullptr};
    };
    overseen(hangs).handle(request_);
    EXPECT_EQ(told.status, 504u);
}

TEST_F(ServiceHandler, AReplyKeepsItsStatusHeadersAndBytes) {
    service_->answer = [](Call& call) {
        call.output().write("ab", 2);
        call.output().write("cd", 2);
        return service::HttpReply{201, {{"Location", "/x"}}, true};
    };
    auto const response = handler().handle(request_);
    EXPECT_EQ(response.status, 201u);
    EXPECT_EQ(header(response, "Location"), "/x");
    EXPECT_EQ(text(response), "abcd");
}

struct OpenFile {
    OpenFile() {
        char name[] = "/tmp/volutus-test-XXXXXX";
        descriptor = ::mkstemp(name);
        ::unlink(name);
        EXPECT_EQ(::write(descriptor, "0123456789", 10), 10);
    }
    int descriptor;
};

TEST_F(ServiceHandler, ADescriptorBecomesTheBodyAndZeroMeansToTheEnd) {
    OpenFile const file;
    for (bool const owned : {false, true}) {
        service_->answer = [&](Call& call) {
            call.output().give_descriptor({file.descriptor, 4, 0}, owned);
            return service::HttpReply{200, {}, true};
        };
        auto const response = handler().handle(request_);
        auto const& body = std::get<gateway::FileBody>(response.body);
        EXPECT_EQ(body.offset, 4u);
        EXPECT_EQ(body.length, 6u);
        EXPECT_EQ(body.descriptor() == file.descriptor, owned);
    }
    EXPECT_EQ(::fcntl(file.descriptor, F_GETFD), -1) << "the one that was given away is closed with the reply";
}

TEST_F(ServiceHandler, ADescriptorThatHoldsLessThanItSaysIsAnError) {
    OpenFile const file;
    service_->answer = [&](Call& call) {
        call.output().give_descriptor({file.descriptor, 4, 100}, true);
        return service::HttpReply{200, {}, true};
    };
    EXPECT_EQ(handler().handle(request_).status, 500u);
    EXPECT_EQ(::fcntl(file.descriptor, F_GETFD), -1);
}

TEST_F(ServiceHandler, AWebsocketRoutesSocketBecomesTheTunnel) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    plugin::Descriptor const far(ends[1]);
    service_->answer = [&](Call& call) {
        call.output().give_descriptor({ends[0], 0, 0}, true);
        return service::HttpReply{101, {}, true};
    };
    route_.websocket = true;
    EXPECT_EQ(handler().handle(request_).tunnel_socket.get(), ends[0]);
    EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1) << "closed with the response";
    service_->answer = [](Call&) { return service::HttpReply{404, {}, false}; };
    EXPECT_EQ(handler().handle(request_).status, 404u) << "no upgrade";
}

TEST_F(ServiceHandler, ATunnelWithoutASocketOrAWebsocketRouteIsAnError) {
    route_.websocket = true;
    service_->answer = [](Call&) { return service::HttpReply{101, {}, false}; };
    EXPECT_EQ(handler().handle(request_).status, 500u);
    service_->answer = [](Call& call) {
        OpenFile const file;
        call.output().give_descriptor({file.descriptor, 0, 0}, true);
        return service::HttpReply{101, {}, true};
    };
    EXPECT_EQ(handler().handle(request_).status, 500u);
    int listening = -1;
    service_->answer = [&](Call& call) {
        listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        call.output().give_descriptor({listening, 0, 0}, true);
        return service::HttpReply{101, {}, true};
    };
    EXPECT_EQ(handler().handle(request_).status, 500u) << "not connected";
    EXPECT_EQ(::fcntl(listening, F_GETFD), -1);
    route_.websocket = false;
    service_->answer = [](Call&) { return service::HttpReply{101, {}, false}; };
    EXPECT_EQ(handler().handle(request_).status, 500u);
}

TEST_F(ServiceHandler, AReplyIsBoundedInMemory) {
    service_->answer = [](Call& call) {
        std::string const piece(1 << 20, 'x');
        for (int i = 0; i < 65; ++i) call.output().write(piece.data(), piece.size());
        return service::HttpReply{200, {}, true};
    };
    EXPECT_GE(handler().handle(request_).status, 400u);
}

TEST_F(ServiceHandler, ARefusalHasTheServicesOwnForm) {
    request_.route = nullptr;
    auto const response = handler().refuse(request_, {404, "there is nothing at this path"});
    EXPECT_EQ(response.status, 404u);
    EXPECT_EQ(text(response), "own form: there is nothing at this path");
    EXPECT_EQ(service_->refused.code, "not_found");
    EXPECT_EQ(service_->refused.request.path, "/v1/a%2Fb");
}

TEST_F(ServiceHandler, WithoutAServiceToAskARefusalIsPlainText) {
    auto const response = handler("gone").refuse(request_, {413, "the body is over 5 bytes"});
    EXPECT_EQ(response.status, 413u);
    EXPECT_EQ(text(response), "the body is over 5 bytes\n");
    EXPECT_EQ(handler("gone").handle(request_).status, 500u);
}

TEST_F(ServiceHandler, AServiceThatFailsIsAnsweredByWhatTheCallSays) {
    for (auto const& [code, status] :
         {std::pair{Code::unavailable, 503u}, std::pair{Code::not_executed, 503u}, std::pair{Code::deadline, 504u},
          std::pair{Code::unknown_outcome, 503u}, std::pair{Code::internal, 500u}}) {
        service_->answer = [code = code](Call&) -> service::HttpReply {
            throw Error(code, "an inside that no client may see");
        };
        auto const response = handler().handle(request_);
        EXPECT_EQ(response.status, status);
        EXPECT_THAT(text(response), testing::Not(HasSubstr("inside that")));
    }
}

TEST_F(ServiceHandler, Every401SaysWhereATokenIsToBeHad) {
    gateway::ServiceOptions options;
    options.plugin = "toy";
    options.challenge = "Toy uri=\"{base}/identity\"";
    gateway::ServiceHandler refusing(registry_, std::move(options),
                                     [](gateway::Request&, bool, plugin::CallContext*) -> gateway::Identity {
                                         throw Error(Code::unauthenticated, "no token");
                                     });
    auto const refused = refusing.handle(request_);
    EXPECT_EQ(refused.status, 401u);
    EXPECT_EQ(header(refused, "WWW-Authenticate"), "Toy uri=\"https://cloud:443/identity\"");
    EXPECT_EQ(service_->refused.code, "unauthenticated");

    service_->answer = [](Call&) { return service::HttpReply{401, {}, false}; };
    EXPECT_NE(header(handler().handle(request_), "WWW-Authenticate"), "");
}

TEST_F(ServiceHandler, WhoAsksTooOftenIsToldInTheServicesFormHowLongToWait) {
    gateway::ServiceOptions options;
    options.plugin = "toy";
    gateway::ServiceHandler limited(registry_, std::move(options),
                                    [](gateway::Request&, bool, plugin::CallContext*) -> gateway::Identity {
                                        throw gateway::RateLimited("too many", std::chrono::seconds(7));
                                    });
    auto const refused = limited.handle(request_);
    EXPECT_EQ(refused.status, 429u);
    EXPECT_EQ(header(refused, "Retry-After"), "7");
    EXPECT_EQ(text(refused), "own form: too many");
    EXPECT_EQ(service_->refused.code, "rate_limited");
}

TEST_F(ServiceHandler, BytesThatAreNoTextAreRefusedAndSuchAHeaderIsLeftOut) {
    request_.captures = {"a\xff"};
    auto const capture = handler().handle(request_);
    EXPECT_EQ(capture.status, 400u);
    EXPECT_EQ(text(capture), "own form: the path or the query is not UTF-8");
    request_.captures = {"a"};
    request_.query = "name=%c0%af";
    EXPECT_EQ(handler().handle(request_).status, 400u);
    request_.query = {};
    request_.headers = {{"X-Odd", "\xe9"}, {"X-Plain", "yes"}};
    EXPECT_EQ(handler().handle(request_).status, 204u);
    ASSERT_EQ(service_->asked.headers.size(), 1u);
    EXPECT_EQ(service_->asked.headers[0].name, "x-plain");
}

TEST_F(ServiceHandler, AnAnonymousRouteIsAskedForAsSuch) {
    route_.id = "anonymous";
    handler().handle(request_);
    EXPECT_EQ(service_->caller, "{}");
}
} // namespace

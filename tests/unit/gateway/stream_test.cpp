// Bodies in pieces: uploads, 100-continue, downloads by source and by file, and peers that go away.
#include "served.hpp"

#include <testkit/temporary_folder.hpp>

#include <fcntl.h>
#include <fstream>
#include <thread>

namespace volutus::kernel::gateway {
namespace {

std::string pattern(std::size_t size) {
    std::string out(size, 0);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 2654435761U >> 13U);
    return out;
}

class Pieces final : public BodySource {
public:
    Pieces(std::string text, bool tells_length, std::atomic<int>* alive = nullptr)
        : text_(std::move(text)), tells_length_(tells_length), alive_(alive) {
        if (alive_) ++*alive_;
    }
    ~Pieces() override {
        if (alive_) --*alive_;
    }
    std::size_t read(void* into, std::size_t size) override {
        auto const count = text_.copy(static_cast<char*>(into), std::min<std::size_t>(size, 70'001), at_);
        at_ += count;
        return count;
    }
    std::optional<std::uint64_t> length() const override {
        return tells_length_ ? std::optional<std::uint64_t>(text_.size()) : std::nullopt;
    }

private:
    std::string text_;
    bool tells_length_;
    std::atomic<int>* alive_;
    std::size_t at_ = 0;
};

class Streams : public Served {
protected:
    Streams() {
        upload_route("PUT", "/upload", [](Request& request) { return text(read_all(*request.stream)); });
        upload_route("PUT", "/ignores", [](Request&) { return text("no, thanks", 403); });
        upload_route("PUT", "/half", [](Request& request) {
            char piece[10];
            return text(std::string(piece, request.stream->read(piece, sizeof piece)));
        });
        inline_route("GET", "/hello", [](Request&) { return text("hello"); });
        inline_route("POST", "/echo", [](Request& request) { return text(std::string(request.body)); });
        route("GET", "/source", [this](Request& request) {
            Response response;
            response.body = std::make_unique<Pieces>(content, request.query == "known", &sources);
            apply_range(request, response);
            return response;
        });
        route("GET", "/file", [this](Request& request) {
            Response response;
            response.body = FileBody(::open(path.c_str(), O_RDONLY | O_CLOEXEC), 0, content.size());
            apply_range(request, response);
            return response;
        });
        std::ofstream(path) << content;
    }
    ~Streams() override {
        gateway.reset();
        EXPECT_EQ(sources, 0);
    }

    std::string const content = pattern(3'000'017);
    testkit::TemporaryFolder const folder;
    std::string const path = folder / "content";
    std::atomic<int> sources{0};
};

TEST_F(Streams, AnUploadIsReadInPieces) {
    serve();
    Client client(port());
    std::thread sender([&] {
        client.send("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(content.size()) +
                    "\r\n\r\n" + content);
    });
    EXPECT_TRUE(client.receive().body == content);
    sender.join();
    std::thread chunks([&] {
        std::string all = "PUT /toy/upload HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (std::size_t at = 0; at < content.size(); at += 54'321) {
            auto const piece = content.substr(at, 54'321);
            char size[32];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            all += size + piece + "\r\n";
        }
        client.send(all + "0\r\n\r\n");
    });
    EXPECT_TRUE(client.receive().body == content);
    chunks.join();
    EXPECT_EQ(client.ask("PUT /toy/upload HTTP/1.1\r\nHost: t\r\n\r\n").body, "");
    EXPECT_EQ(client.get("/toy/hello").body, "hello");
}

TEST_F(Streams, ContinueIsSaidWhenTheHandlerBeginsToRead) {
    serve();
    Client client(port());
    auto const interim =
        client.ask("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(interim.status, 100U);
    EXPECT_EQ(client.ask("abc").body, "abc");
    EXPECT_EQ(
        client.ask("POST /toy/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n").status,
        100U);
    EXPECT_EQ(client.ask("def").body, "def");
}

TEST_F(Streams, ContinueIsNotSaidForABodyThatNobodyWants) {
    serve();
    for (auto const* line : {"PUT /toy/ignores", "PUT /toy/nothing", "POST /toy/hello"}) {
        Client client(port());
        auto const reply =
            client.ask(std::string(line) + " HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        EXPECT_GE(reply.status, 403U) << line;
        EXPECT_EQ(reply.headers.at("connection"), "close"); // whether the body still comes is unknown
        EXPECT_TRUE(client.closed());
    }
}

TEST_F(Streams, ASmallBodyLeftUnreadIsPassedOverAndALargeOneEndsTheConnection) {
    serve();
    Client client(port());
    client.send("PUT /toy/ignores HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
    client.send("PUT /toy/half HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
                "chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n");
    EXPECT_EQ(client.receive().status, 403U);
    EXPECT_EQ(client.receive().body, "0123456789");
    EXPECT_EQ(client.get("/toy/hello").body, "hello");

    Client large(port());
    auto const refused = large.ask("PUT /toy/ignores HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\n\r\nx");
    EXPECT_EQ(refused.status, 403U);
    EXPECT_EQ(refused.headers.at("connection"), "close");
    Client endless(port());
    std::thread sender([&] {
        endless.send("PUT /toy/ignores HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (endless.send("5\r\nhello\r\n")) {
        }
    });
    EXPECT_EQ(endless.receive().status, 403U);
    EXPECT_TRUE(endless.closed());
    endless.stop();
    sender.join();
}

TEST_F(Streams, AnUploadThatBreaksOffIsAnErrorOfTheReader) {
    std::atomic<int> cancelled{0}, malformed{0}, too_large{0};
    upload_route("PUT", "/fails", [&](Request& request) {
        try {
            read_all(*request.stream);
        } catch (Error const& error) {
            cancelled += error.code() == Code::cancelled;
            malformed += error.code() == Code::invalid;
            too_large += error.code() == Code::too_large;
            return text("refused", 400);
        }
        return text("read");
    }).body_limit = 100;
    serve();
    {
        Client gone(port());
        gone.send("PUT /toy/fails HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\nabc");
        gone.close();
        Client reset(port());
        reset.send("PUT /toy/fails HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
        reset.reset();
    }
    EXPECT_TRUE(eventually([&] { return cancelled == 2; }));
    Client bad(port());
    EXPECT_EQ(
        bad.ask("PUT /toy/fails HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n").status,
        400U);
    EXPECT_TRUE(bad.closed());
    EXPECT_EQ(malformed, 1);
    Client large(port());
    EXPECT_EQ(large.ask("PUT /toy/fails HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n165\r\n").status,
              400U);
    EXPECT_EQ(too_large, 1);
    EXPECT_EQ(Client(port()).ask("PUT /toy/fails HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n").status, 413U);
}

TEST_F(Streams, AnUploadThatTricklesIsCut) {
    config.limits.rate_window = 80ms;
    config.limits.body_rate = 1000;
    std::atomic<bool> cut{false};
    upload_route("PUT", "/slow", [&](Request& request) {
        try {
            read_all(*request.stream);
        } catch (Error const& error) {
            cut = error.code() == Code::cancelled;
        }
        return text("gave up", 408);
    });
    serve();
    Client client(port());
    EXPECT_EQ(client.ask("PUT /toy/slow HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\nabc").status, 408U);
    EXPECT_TRUE(cut);
    EXPECT_TRUE(client.closed());
}

TEST_F(Streams, ASourceIsSentWithItsLengthOrInChunks) {
    serve();
    Client client(port());
    auto const known = client.get("/toy/source?known");
    EXPECT_EQ(known.headers.at("content-length"), std::to_string(content.size()));
    EXPECT_TRUE(known.body == content);
    auto const chunked = client.get("/toy/source");
    EXPECT_EQ(chunked.headers.at("transfer-encoding"), "chunked");
    EXPECT_TRUE(chunked.body == content);
    EXPECT_EQ(client.get("/toy/source?known", "Range: bytes=1000000-1000009\r\n").body, content.substr(1'000'000, 10));
    client.send("HEAD /toy/source HTTP/1.1\r\nHost: t\r\n\r\nHEAD /toy/source?known HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.receive(true).headers.at("transfer-encoding"), "chunked");
    EXPECT_EQ(client.receive(true).headers.at("content-length"), std::to_string(content.size()));
    auto const old = client.ask("GET /toy/source HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(old.body == content);
}

TEST_F(Streams, AFileIsSentAsItIsForAnyRange) {
    serve();
    Client client(port());
    EXPECT_TRUE(client.get("/toy/file").body == content);
    for (auto const& [first, last] : std::vector<std::pair<std::size_t, std::size_t>>{
             {0, 0}, {0, 4095}, {1, 4096}, {4095, 70'000}, {2'999'999, 3'000'016}, {1'234'567, 2'345'678}}) {
        auto const reply =
            client.get("/toy/file", "Range: bytes=" + std::to_string(first) + "-" + std::to_string(last) + "\r\n");
        EXPECT_EQ(reply.status, 206U);
        EXPECT_TRUE(reply.body == content.substr(first, last - first + 1)) << first;
    }
    auto const beyond = client.get("/toy/file", "Range: bytes=3000017-\r\n");
    EXPECT_EQ(beyond.status, 416U);
    EXPECT_EQ(beyond.headers.at("content-range"), "bytes */3000017");
    EXPECT_EQ(client.get("/toy/hello").body, "hello");
}

TEST_F(Streams, APipeIsReadUntilItsEnd) {
    route("GET", "/pipe", [](Request&) {
        int ends[2];
        EXPECT_EQ(::pipe(ends), 0);
        EXPECT_EQ(::write(ends[1], "from a pipe", 11), 11);
        ::close(ends[1]);
        Response response;
        response.body = descriptor_source(ends[0]);
        return response;
    });
    serve();
    EXPECT_EQ(Client(port()).get("/toy/pipe").body, "from a pipe");
}

class Breaks final : public BodySource {
public:
    explicit Breaks(bool throws) : throws_(throws) {}
    std::size_t read(void* into, std::size_t) override {
        if (first_) {
            first_ = false;
            *static_cast<char*>(into) = 'x';
            return 1;
        }
        if (throws_) throw Error(Code::unavailable, "the disk is gone");
        return 0;
    }
    std::optional<std::uint64_t> length() const override {
        return throws_ ? std::nullopt : std::optional<std::uint64_t>(2);
    }

private:
    bool throws_, first_ = true;
};

TEST_F(Streams, ABodyThatCannotBeFinishedLooksBroken) {
    route("GET", "/throws", [](Request&) {
        Response response;
        response.body = std::make_unique<Breaks>(true);
        return response;
    });
    route("GET", "/short", [](Request&) {
        Response response;
        response.body = std::make_unique<Breaks>(false);
        return response;
    });
    route("GET", "/short-file", [this](Request&) {
        Response response;
        response.body = FileBody(::open(path.c_str(), O_RDONLY | O_CLOEXEC), 3'000'000, 1000);
        return response;
    });
    serve();
    for (auto const* name : {"/toy/throws", "/toy/short", "/toy/short-file"}) {
        auto const reply = Client(port()).get(name);
        EXPECT_EQ(reply.status, 200U);
        EXPECT_TRUE(reply.broken) << name;
    }
    EXPECT_TRUE(eventually([&] { return log().size() == 3; }));
    EXPECT_NE(log()[0].find("\"complete\":false"), std::string::npos);
}

TEST_F(Streams, AClientThatLeavesADownloadFreesAll) {
    serve();
    for (auto const* name : {"/toy/source", "/toy/source?known", "/toy/file"})
        for (bool const hard : {false, true}) {
            Client client(port());
            client.send("GET " + std::string(name) + " HTTP/1.1\r\nHost: t\r\n\r\n");
            client.more();
            if (hard) client.reset();
        }
    EXPECT_TRUE(eventually([&] { return gateway->connections() == 0 && sources == 0; }));
}

TEST_F(Streams, AClientThatTakesNothingIsCut) {
    config.limits.rate_window = 80ms;
    serve();
    for (auto const* name : {"/toy/source", "/toy/file"}) {
        Client client(port());
        // More than the buffers of both sockets hold.
        for (int i = 0; i < 10; ++i) client.send("GET " + std::string(name) + " HTTP/1.1\r\nHost: t\r\n\r\n");
        EXPECT_TRUE(eventually([&] { return gateway->connections() == 0; })) << name;
    }
}

TEST_F(Streams, ManyStreamsAtOnceStayApart) {
    serve();
    std::atomic<int> good{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i)
        clients.emplace_back([&, i] {
            Client client(port());
            auto const mine = content.substr(static_cast<std::size_t>(i) * 1000, 300'000);
            std::thread sender([&] {
                client.send("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(mine.size()) +
                            "\r\n\r\n" + mine);
            });
            good += client.receive().body == mine;
            sender.join();
            good += client.get("/toy/file").body == content;
            good += client.get("/toy/source").body == content;
        });
    for (auto& client : clients) client.join();
    EXPECT_EQ(good, 24);
}

TEST_F(Streams, TheGatewayStopsInTheMiddleOfEverything) {
    serve();
    Client upload(port()), download(port()), header(port());
    upload.send("PUT /toy/upload HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\nabc");
    download.send("GET /toy/source HTTP/1.1\r\nHost: t\r\n\r\n");
    download.more();
    header.send("GET /");
    gateway.reset();
    EXPECT_TRUE(upload.receive().broken);
}

} // namespace
} // namespace volutus::kernel::gateway

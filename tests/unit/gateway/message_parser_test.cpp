#include "kernel/gateway/message_parser.hpp"

#include <gtest/gtest.h>

namespace volutus::kernel::gateway {
namespace {

struct Parsed {
    Head head;
    Request request;
    std::string body;
    unsigned refused = 0;
    std::string why, rest;
    bool done = false;
};

// Gives the bytes in pieces of one size, as a socket might.
std::unique_ptr<Parsed> parse(std::string_view bytes, std::size_t piece, std::size_t limit = 4096) {
    auto out = std::make_unique<Parsed>();
    MessageParser parser(limit);
    std::string input;
    bool in_body = false;
    while (!out->done) {
        auto const outcome =
            in_body ? parser.body(input, 1000, out->body) : parser.head(input, out->head, out->request);
        input.erase(0, outcome.used);
        if (outcome.kind == MessageParser::Outcome::refused) {
            out->refused = outcome.status;
            out->why = outcome.why;
            return out;
        }
        if (outcome.kind == MessageParser::Outcome::done) {
            out->done = in_body || !out->head.has_body();
            in_body = true;
        } else if (outcome.used == 0) {
            if (bytes.empty()) break;
            auto const next = bytes.substr(0, piece);
            input += next;
            bytes.remove_prefix(next.size());
        }
    }
    out->rest = input + std::string(bytes);
    return out;
}

constexpr std::size_t pieces[] = {1, 2, 3, 7, 100000};

TEST(MessageParser, AnyCutOfTheBytesReadsTheSame) {
    for (auto const piece : pieces) {
        auto const parsed =
            parse("\r\nPUT /a%2Fb?q=1 HTTP/1.1\r\nHost: h\r\nX-A:  spaced \r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n10;x=y\r\n, world, it is I\r\n0\r\nX-Trailer: t\r\n\r\nGET /",
                  piece);
        ASSERT_TRUE(parsed->done) << piece << parsed->why;
        EXPECT_EQ(parsed->request.method, "PUT");
        EXPECT_EQ(parsed->request.raw_path, "/a%2Fb");
        EXPECT_EQ(parsed->request.query, "q=1");
        EXPECT_EQ(parsed->request.header("x-a"), "spaced");
        EXPECT_FALSE(parsed->request.has_header("x-trailer"));
        EXPECT_EQ(parsed->body, "hello, world, it is I");
        EXPECT_EQ(parsed->rest, "GET /");
        auto const empty = parse("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", piece);
        EXPECT_TRUE(empty->done);
        EXPECT_EQ(empty->body, "");
        auto const plain = parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcd", piece);
        EXPECT_EQ(plain->body, "abc");
        EXPECT_EQ(plain->rest, "d");
    }
}

TEST(MessageParser, WhatIsReadTwoWaysByTwoServersIsRefused) {
    std::string const post = "POST / HTTP/1.1\r\nHost: h\r\n";
    std::string const chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
    for (std::string const& bytes : std::vector<std::string>{
             post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
             post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
             post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
             post + "Content-Length: 3, 3\r\n\r\n",
             post + "Content-Length: +3\r\n\r\n",
             post + "Content-Length: -3\r\n\r\n",
             post + "Content-Length: 0x3\r\n\r\n",
             post + "Content-Length: \r\n\r\n",
             post + "Content-Length: 99999999999999999999999\r\n\r\n",
             post + "Content-Length : 3\r\n\r\n",
             post + "Content-Length\t: 3\r\n\r\n",
             post + " Content-Length: 3\r\n\r\n",
             post + "X: a\r\n b\r\n\r\n",
             post + "X: a\r\n\tb\r\n\r\n",
             post + "X: a\nContent-Length: 3\r\n\r\n",
             post + "X: a\rContent-Length: 3\r\n\r\n",
             post + "X: a\r\n\n",
             post + std::string("X: a\0b\r\n\r\n", 10),
             post + "X: a\x01\r\n\r\n",
             post + "X: a\x7f\r\n\r\n",
             post + ": a\r\n\r\n",
             post + "X\r\n\r\n",
             post + "X(: a\r\n\r\n",
             post + "Transfer-Encoding: gzip\r\n\r\n",
             post + "Transfer-Encoding: gzip, chunked\r\n\r\n",
             post + "Transfer-Encoding: chunked, chunked\r\n\r\n",
             post + "Transfer-Encoding: xchunked\r\n\r\n",
             post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
             post + "Transfer-Encoding:\x0b"
                    "chunked\r\n\r\n",
             "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
             "GET / HTTP/1.1\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
             "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
             "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",
             "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
             "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n",
             "\x16\x03\x01\x02",
             " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
             "GET / HTTP/1.1\nHost: a\n\n",
             "GET /\r\nHost: a\r\n\r\n",
             chunked + "x\r\nabc\r\n0\r\n\r\n",
             chunked + "-3\r\nabc\r\n0\r\n\r\n",
             chunked + "0x3\r\nabc\r\n0\r\n\r\n",
             chunked + " 3\r\nabc\r\n0\r\n\r\n",
             chunked + "3 x\r\nabc\r\n0\r\n\r\n",
             chunked + "3\nabc\r\n0\r\n\r\n",
             chunked + "3\rabc\r\n0\r\n\r\n",
             chunked + "3\r\nabcd\r\n0\r\n\r\n",
             chunked + "3\r\nabc\n0\r\n\r\n",
             chunked + "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
             chunked + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
             chunked + "3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n",
             chunked + "3\r\nabc\r\n0\r\nX : y\r\n\r\n",
             chunked + "3;" + std::string(5000, 'x'),
         })
        for (auto const piece : pieces) {
            auto const parsed = parse(bytes, piece);
            EXPECT_TRUE(parsed->refused == 400 || parsed->refused == 505) << piece << ": " << bytes;
        }
}

TEST(MessageParser, OtherRefusalsSayWhatIsWrong) {
    struct Row {
        std::string bytes;
        unsigned status;
    };
    for (auto const& row : std::vector<Row>{
             {"GET /" + std::string(5000, 'x'), 414},
             {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(5000, 'x'), 431},
             {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
             {"GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417},
         })
        for (auto const piece : pieces) EXPECT_EQ(parse(row.bytes, piece)->refused, row.status) << row.bytes;
    std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 300; ++i) many += "X: y\r\n";
    EXPECT_EQ(parse(many + "\r\n", 1000)->refused, 431U);
}

TEST(MessageParser, AHeadOfExactlyTheLimitIsRead) {
    std::string const start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    auto const head = start + std::string(4096 - start.size() - 4, 'x') + "\r\n\r\n";
    EXPECT_TRUE(parse(head, 100000)->done);
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nXX: " + head.substr(start.size()), 100000)->refused, 431U);
}

TEST(MessageParser, AnAbsoluteTargetStandsForHost) {
    auto const parsed = parse("GET http://cloud.example:81/a?b HTTP/1.1\r\nHost: other\r\n\r\n", 5);
    ASSERT_TRUE(parsed->done) << parsed->why;
    EXPECT_EQ(parsed->head.host, "cloud.example:81");
    EXPECT_EQ(parsed->request.raw_path, "/a");
    EXPECT_EQ(parsed->request.query, "b");
}

TEST(MessageParser, KeepAliveFollowsTheVersionAndConnection) {
    EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 100)->head.keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", 100)->head.keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n", 100)->head.keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 100)->head.keep_alive);
}

TEST(MessageParser, ABodyBeyondItsLimitIsRefusedInTheMiddle) {
    MessageParser parser(4096);
    Head head;
    Request request;
    ASSERT_EQ(parser.head("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", head, request).kind,
              MessageParser::Outcome::done);
    parser.limit_body(10);
    std::string body;
    EXPECT_EQ(parser.body("6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n", 1000, body).status, 413U);
    EXPECT_EQ(body, "abcdef");
}

} // namespace
} // namespace volutus::kernel::gateway

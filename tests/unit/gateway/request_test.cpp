#include "kernel/gateway/access_log.hpp"
#include "kernel/gateway/range.hpp"
#include "kernel/gateway/request.hpp"

#include <volutus/error.hpp>
#include <volutus/json.hpp>

#include <gtest/gtest.h>

namespace volutus::kernel::gateway {
namespace {

TEST(Request, ParametersKeepOrderAndRepeatedKeys) {
    Request request;
    request.query = "a=1&b=x%20y+z&&a=2&c&=v&bad=%zz%4";
    std::string seen;
    for (auto const& [key, value] : request.parameters()) seen += key + "=" + value + ";";
    EXPECT_EQ(seen, "a=1;b=x y z;a=2;c=;=v;bad=%zz%4;");
}

TEST(Request, OnlyTheOneFormOfEachCharacterIsUtf8) {
    for (auto const* good :
         {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (auto const* bad : {"\xff", "\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf", "\xe2\x82", "\xed\xa0\x80",
                            "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xff"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Request, APlusInAPathIsAPlus) {
    EXPECT_EQ(percent_decode("a+b%2Fc%2fd%00"), std::string("a+b/c/d\0", 8));
    EXPECT_EQ(percent_decode("%"), "%");
}

Origin origin_of(std::vector<Field> const& headers, std::string client = "10.0.0.1") {
    Origin origin{"http", "inner:8774", "", std::move(client)};
    apply_forwarded(headers, Networks({"10.0.0.0/8", "::1"}), origin);
    return origin;
}

std::string shown(Origin const& origin) {
    return origin.scheme + "://" + origin.host + origin.prefix + " for " + origin.client;
}

TEST(Forwarded, ATrustedProxySaysHowTheClientSeesUs) {
    EXPECT_EQ(shown(origin_of({{"Forwarded", "for=192.0.2.7;proto=https;host=\"cloud.example:8443\""}})),
              "https://cloud.example:8443 for 192.0.2.7");
    EXPECT_EQ(shown(origin_of({{"forwarded", "For=\"[2001:db8::1]:4711\""}})), "http://inner:8774 for 2001:db8::1");
    EXPECT_EQ(shown(origin_of({{"X-Forwarded-For", "192.0.2.7"},
                               {"X-Forwarded-Proto", "HTTPS"},
                               {"X-Forwarded-Host", "cloud.example"},
                               {"X-Forwarded-Prefix", "/cloud/"}},
                              "::1")),
              "https://cloud.example/cloud for 192.0.2.7");
}

TEST(Forwarded, AStrangerSaysNothing) {
    EXPECT_EQ(shown(origin_of({{"Forwarded", "for=1.2.3.4;proto=https;host=evil"}, {"X-Forwarded-Host", "evil"}},
                              "192.0.2.9")),
              "http://inner:8774 for 192.0.2.9");
}

TEST(Forwarded, WhatTheClientInventedLeftOfTheProxyDoesNotCount) {
    EXPECT_EQ(shown(origin_of({{"Forwarded", "for=1.2.3.4;host=evil;proto=https, for=192.0.2.7;host=cloud"}})),
              "http://cloud for 192.0.2.7");
    EXPECT_EQ(shown(origin_of(
                  {{"Forwarded", "for=192.0.2.7;host=cloud;proto=https"}, {"Forwarded", "for=10.9.9.9;host=inner"}})),
              "https://cloud for 192.0.2.7");
    EXPECT_EQ(shown(origin_of({{"X-Forwarded-For", "1.2.3.4, 192.0.2.7, 10.1.1.1"}})),
              "http://inner:8774 for 192.0.2.7");
    EXPECT_EQ(shown(origin_of({{"Forwarded", "for=unknown;proto=https"}})), "https://inner:8774 for 10.0.0.1");
}

TEST(Forwarded, ValuesThatWouldSpoilALinkArePassedOver) {
    for (auto const* host : {"a b", "a/b", "a\"b", "a@b", "[::1", ":80", "a:", "a:123456", "a:8x", "<x>", ""})
        EXPECT_EQ(origin_of({{"X-Forwarded-Host", host}}).host, "inner:8774") << host;
    for (auto const* host : {"a", "a-b.c_d:1", "[::1]", "[2001:db8::1]:443"})
        EXPECT_EQ(origin_of({{"X-Forwarded-Host", host}}).host, host);
    for (auto const* prefix : {"cloud", "//evil", "/a\"b", "/a<b", "/a?b"})
        EXPECT_EQ(origin_of({{"X-Forwarded-Prefix", prefix}}).prefix, "") << prefix;
    EXPECT_EQ(origin_of({{"X-Forwarded-Proto", "javascript"}}).scheme, "http");
}

TEST(Networks, HoldAddressesBitByBit) {
    Networks const networks({"192.168.4.0/22", "2001:db8::/33", "127.0.0.1"});
    for (auto const* inside : {"192.168.4.0", "192.168.7.255", "2001:db8:7fff::1", "127.0.0.1", "::ffff:127.0.0.1"})
        EXPECT_TRUE(networks.hold(inside)) << inside;
    for (auto const* outside : {"192.168.8.0", "192.168.3.255", "2001:db8:8000::", "127.0.0.2", "nonsense", ""})
        EXPECT_FALSE(networks.hold(outside)) << outside;
    EXPECT_TRUE(Networks({"0.0.0.0/0"}).hold("1.2.3.4"));
    for (auto const* text : {"", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0/8", "host", "10.0.0.0/8x"})
        EXPECT_THROW(Networks({text}), Error) << text;
}

struct RangeRow {
    char const* asked;
    unsigned status;
    char const *body, *content_range;
};

TEST(Range, OneRangeIsCutOutOfTheBody) {
    for (auto const& row : std::vector<RangeRow>{
             {"", 200, "0123456789", ""},
             {"bytes=0-0", 206, "0", "bytes 0-0/10"},
             {"bytes=2-4", 206, "234", "bytes 2-4/10"},
             {"bytes=8-", 206, "89", "bytes 8-9/10"},
             {"bytes=8-99999999999999999999999", 206, "89", "bytes 8-9/10"},
             {"bytes=-3", 206, "789", "bytes 7-9/10"},
             {"bytes=-30", 206, "0123456789", "bytes 0-9/10"},
             {"bytes=10-", 416, "", "bytes */10"},
             {"bytes=-0", 416, "", "bytes */10"},
             {"bytes=0-1,3-4", 200, "0123456789", ""},
             {"bytes=4-2", 200, "0123456789", ""},
             {"bytes=-", 200, "0123456789", ""},
             {"bytes=a-b", 200, "0123456789", ""},
             {"lines=0-1", 200, "0123456789", ""},
         }) {
        Request request;
        request.method = "GET";
        request.headers = {{"Range", row.asked}};
        Response response;
        response.body = "0123456789";
        apply_range(request, response);
        EXPECT_EQ(response.status, row.status) << row.asked;
        EXPECT_EQ(std::get<std::string>(response.body), row.body) << row.asked;
        std::string content_range;
        for (auto const& [name, value] : response.headers)
            if (name == "Content-Range") content_range = value;
        EXPECT_EQ(content_range, row.content_range) << row.asked;
    }
}

TEST(AccessLog, AnEntryIsOneLineOfJsonWithoutSecrets) {
    AccessEntry entry;
    entry.id = "req-1";
    entry.method = "GET";
    entry.path = "/a\"b\\c\x01\xff";
    entry.query = "limit=1&X-Auth-Token=abc&temp_url_sig=def&%74oken=ghi&secret";
    entry.status = 200;
    auto const line = to_json(entry);
    auto const parsed = json::parse_object(line);
    EXPECT_EQ(json::text(parsed.at("query")), "limit=1&X-Auth-Token=***&temp_url_sig=***&%74oken=***&secret");
    EXPECT_EQ(json::text(parsed.at("path")), "/a\"b\\c\x01\u00ff");
    EXPECT_EQ(parsed.at("status").as_int64(), 200);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(parsed.count("user"), 0U);
}

} // namespace
} // namespace volutus::kernel::gateway

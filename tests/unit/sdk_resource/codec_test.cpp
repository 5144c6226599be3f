#include <volutus/codec.hpp>

#include <gtest/gtest.h>

namespace volutus {
namespace {

struct Switches {
    bool off = false, on = true;
    std::optional<bool> perhaps;
};
BOOST_DESCRIBE_STRUCT(Switches, (), (off, on, perhaps))

enum class Colour { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Inner {
    std::string name;
    double weight = 0;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name, weight))

struct Everything {
    std::string text;
    std::int64_t number = 0;
    std::uint64_t large = 0;
    bool flag = false;
    Colour colour = Colour::red;
    Inner inner;
    std::optional<Inner> perhaps;
    std::vector<std::string> words;
    std::vector<Inner> list;
    std::map<std::string, std::int32_t> map;
    json::value any;
    json::object object;
    json::array array;
};
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (text, number, large, flag, colour, inner, perhaps, words, list, map, any, object, array))

struct Passed {
    std::string id;
    json::Printed body;
};
BOOST_DESCRIBE_STRUCT(Passed, (), (id, body))

std::string encoded(Switches const& switches) { return json::print(switches); }
Switches decoded(std::string const& text) { return json::decode<Switches>(json::parse(text)); }

TEST(Codec, ABoolArrivesAsItWasAlsoWhereTheStructBeginsWithTheOther) {
    for (bool const value : {false, true}) {
        auto const arrived = decoded(encoded({value, value, value}));
        EXPECT_EQ(arrived.off, value);
        EXPECT_EQ(arrived.on, value);
        EXPECT_EQ(arrived.perhaps, value);
    }
}

TEST(Codec, ABoolThatIsAsTheStructBeginsIsLeftOut) {
    EXPECT_EQ(encoded({}), "{}");
    EXPECT_EQ(encoded({true, false, std::nullopt}), R"({"off":true,"on":false})");
    EXPECT_EQ(decoded("{}").on, true);
    EXPECT_EQ(decoded("{}").off, false);
}

TEST(Codec, WhatIsPrintedWithoutATreeIsWhatTheTreePrints) {
    std::string every_byte;
    for (char c = 1; c > 0 && c < 0x7f; ++c) every_byte += c;
    std::vector<Everything> all(3);
    all[1].text = "plain";
    all[1].colour = Colour::green;
    all[2] = {every_byte + "\u00e9\u20ac",
              INT64_MIN,
              UINT64_MAX,
              true,
              Colour::green,
              {"quote \" and \\", 0.1},
              Inner{"", -1e300},
              {"", "one", std::string("nul\0", 4)},
              {{"a", 1}, {"b", 2.5}},
              {{"key", 1}, {"k\"ey", -7}},
              json::parse(R"([1, null, {"a": "b"}])"),
              json::parse_object(R"({"deep": {"er": []}})"),
              {1, "two"}};
    for (auto const& one : all) EXPECT_EQ(json::print(one), json::print(json::encode(one)));
    EXPECT_EQ(json::print(all), json::print(json::encode(all)));
    EXPECT_EQ(json::print(std::optional<Everything>()), "null");
}

TEST(Codec, DocumentsInAStructArriveWhetherTheWholeIsKeptOrGivenAway) {
    auto const text = R"({"text":"","number":1,"large":2,"colour":"red","inner":{"name":"","weight":1},)"
                      R"("any":[1],"object":{"a":{"b":"c"}},"array":[{"d":1}]})";
    auto const kept = json::parse(text);
    auto const copied = json::decode<Everything>(kept);
    EXPECT_EQ(kept, json::parse(text));
    EXPECT_EQ(json::print(json::decode<Everything>(json::parse(text))), json::print(copied));
    EXPECT_EQ(copied.object, json::parse_object(R"({"a":{"b":"c"}})"));
}

TEST(Codec, APrintedDocumentIsPassedOnAsItIs) {
    EXPECT_EQ(json::print(Passed{"x", {R"({"b":1, "a":[]})"}}), R"({"id":"x","body":{"b":1, "a":[]}})");
    EXPECT_EQ(json::decode<Passed>(json::parse(R"({"id":"x","body":{"b":1}})")).body.text, R"({"b":1})");
    EXPECT_EQ(json::encode(Passed{"x", {"[1]"}}), json::parse(R"({"id":"x","body":[1]})"));
}

} // namespace
} // namespace volutus

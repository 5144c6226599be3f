#include <volutus/codec.hpp>

#include <gtest/gtest.h>

namespace volutus {
namespace {

struct Switches {
    bool off = false, on = true;
    std::optional<bool> perhaps;
};
BOOST_DESCRIBE_STRUCT(Switches, (), (off, on, perhaps))

std::string encoded(Switches const& switches) { return json::print(json::encode(switches)); }
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

} // namespace
} // namespace volutus

#include <kernel/config/problems.hpp>
#include <kernel/config/schema.hpp>
#include <kernel/config/secret_file.hpp>
#include <kernel/config/units.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sys/stat.h>

namespace {
using namespace volutus;
using namespace volutus::kernel::config;
using testing::HasSubstr;

struct Case {
    char const* what;
    char const* schema;
    char const* document;
    char const* outcome; // the checked document, or "path: a part of the message"
};

class SchemaCase : public testing::TestWithParam<Case> {};

TEST_P(SchemaCase, ChecksAsDocumented) {
    auto const& [what, schema, text, outcome] = GetParam();
    auto document = json::parse(text);
    std::vector<Mismatch> mismatches;
    Schema(schema).check(document, "top", mismatches);
    if (mismatches.empty())
        EXPECT_EQ(json::print(document), outcome) << what;
    else
        EXPECT_THAT(mismatches[0].path + ": " + mismatches[0].message, HasSubstr(outcome)) << what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, SchemaCase,
    testing::Values(
        Case{"a string", R"({"type":"string"})", R"("a")", R"("a")"},
        Case{"no string", R"({"type":"string"})", "1", "top: a string is expected, but this is an integer"},
        Case{"an integer is a number", R"({"type":"number"})", "1", "1"},
        Case{"a number is no integer", R"({"type":"integer"})", "1.5", "top: an integer is expected"},
        Case{"text is no boolean", R"({"type":"boolean"})", R"("true")", "top: true or false is expected"},
        Case{"too long", R"({"type":"string","maxLength":2})", R"("abc")", "top: has 3 bytes; at most 2"},
        Case{"empty", R"({"type":"string","minLength":1})", R"("")", "top: must not be empty"},
        Case{"too large", R"({"type":"integer","maximum":65535})", "65536", "top: 65536 is too large; at most 65535"},
        Case{"one of", R"({"type":"string","enum":["a","b"]})", R"("c")", R"(top: "c" is not one of "a", "b")"},
        Case{"an element", R"({"type":"array","items":{"type":"integer"}})", R"([1,"x"])", "top[1]: an integer"},
        Case{"few elements", R"({"type":"array","minItems":1,"items":{"type":"integer"}})", "[]", "at least 1"},
        Case{"many elements", R"({"type":"array","maxItems":1,"items":{"type":"integer"}})", "[1,2]", "at most 1"},
        Case{"strict", R"({"type":"object","properties":{"b":{"type":"integer"}}})", R"({"a":1})",
             "top.a: unknown key"},
        Case{"open", R"({"type":"object","additionalProperties":true})", R"({"a":1})", R"({"a":1})"},
        Case{"other keys", R"({"type":"object","additionalProperties":{"type":"string"}})", R"({"a b":1})",
             R"(top."a b": a string)"},
        Case{"required", R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})", "{}",
             "top.a: is missing; an integer is required"},
        Case{"optional", R"({"type":"object","properties":{"a":{"type":"integer"}}})", "{}", "{}"},
        Case{"a default", R"({"type":"object","properties":{"a":{"type":"integer","default":3}}})", "{}", R"({"a":3})"},
        Case{
            "a default deep below",
            R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer","default":3}}}}})",
            "{}", R"({"a":{"b":3}})"},
        Case{
            "an optional table with a required key",
            R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer"}},"required":["b"]}}})",
            "{}", "{}"},
        Case{"a duration", R"({"type":"integer","format":"duration"})", R"("2h")", "7200000"},
        Case{"a duration's bound", R"({"type":"integer","format":"duration","minimum":1000})", R"("10ms")",
             "top: 10 ms is too small; at least 1000 ms"},
        Case{"a size in bytes", R"({"type":"integer","format":"size"})", "17", "17"},
        Case{"a size below its bound", R"({"type":"integer","format":"size","minimum":0})", "-1",
             "top: -1 bytes is too small"},
        Case{"a duration without a unit", R"({"type":"integer","format":"duration"})", "30",
             "top: a duration with a unit"},
        Case{"a duration's default in milliseconds",
             R"({"type":"object","properties":{"a":{"type":"integer","format":"duration","default":3}}})", "{}",
             R"({"a":3})"},
        Case{"a duration that stays text", R"({"type":"string","format":"duration"})", R"("2h")", R"("2h")"},
        Case{"text that is no duration", R"({"type":"string","format":"duration"})", R"("2x")",
             R"("2x" is not a duration)"},
        Case{"a format of someone else's", R"({"type":"string","format":"uuid"})", R"("x")", R"("x")"},
        Case{"any value", "{}", R"([{"a":1}])", R"([{"a":1}])"},
        Case{"any elements", R"({"type":"array"})", R"([1,"a"])", R"([1,"a"])"},
        Case{"any keys", R"({"type":"object"})", R"({"a":1})", R"({"a":1})"},
        Case{"a relative path", R"({"type":"string","format":"path"})", R"("a/b")",
             "top: \"a/b\" is not an absolute path"},
        Case{"a path", R"({"type":"string","format":"path"})", R"("/a/b")", R"("/a/b")"}));

class WrongSchema : public testing::TestWithParam<std::pair<char const*, char const*>> {};

TEST_P(WrongSchema, IsRefusedWithItsPlace) {
    try {
        Schema const schema{std::string_view(GetParam().first)};
        FAIL() << GetParam().first;
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), Code::invalid);
        EXPECT_THAT(error.what(), HasSubstr(GetParam().second));
    }
}

INSTANTIATE_TEST_SUITE_P(Table, WrongSchema,
                         testing::Values(std::pair{R"({"type":"text"})", "'type'"},
                                         std::pair{R"({"type":"string","maxLenght":3})",
                                                   "'maxLenght' is not a keyword"},
                                         std::pair{R"({"type":"array","items":1})", "must be an object"},
                                         std::pair{R"({"type":"integer","default":"x"})", "the default does not fit"},
                                         std::pair{R"({"type":"boolean","format":"path"})", "'format'"},
                                         std::pair{R"({"type":"object","properties":{"a":{"type":"x"}}})", "at 'a'"},
                                         std::pair{R"({"type":"object","required":["a"]})", "'required' names"},
                                         std::pair{R"({"type":"integer","minimum":"1"})", "'minimum' must be a number"},
                                         std::pair{"[]", "a JSON object is expected"}));

TEST(Units, HaveAUnitAndABound) {
    EXPECT_EQ(parse_duration("250ms"), 250);
    EXPECT_EQ(parse_duration("7d"), 604'800'000);
    EXPECT_EQ(parse_size("2TiB"), std::int64_t{2} << 40);
    for (auto const* bad : {"", "s", "1", "-1s", "1 s", "1.5s", "1w", "99999999999999999999s", "9007199254740993s"})
        EXPECT_FALSE(parse_duration(bad).has_value()) << bad;
    for (auto const* bad : {"1K", "1kb", "1MB", "9999999TiB"}) EXPECT_FALSE(parse_size(bad).has_value()) << bad;
}

TEST(Nearest, FindsATypoAndNotAnotherWord) {
    EXPECT_EQ(nearest("lissten", {"listen", "limits"}), "listen");
    EXPECT_EQ(nearest("port", {"listen", "limits"}), "");
    EXPECT_EQ(nearest("", {"a"}), "a"); // one letter away
    EXPECT_EQ(nearest(std::string(1000, 'a'), {std::string(1000, 'a')}), "");
}

TEST(SecretFile, MayBeReadByItsOwnerOnly) {
    testkit::TemporaryFolder const folder;
    auto const path = folder / "key";
    EXPECT_EQ(why_not_secret(path), "") << "what is not there is its reader's business";
    EXPECT_THROW(read_secret(path), Error);
    std::ofstream(path) << "s3cret";
    ::chmod(path.c_str(), 0640);
    EXPECT_THAT(why_not_secret(path), HasSubstr("chmod 0600"));
    EXPECT_THROW(read_secret(path), Error);
    ::chmod(path.c_str(), 0600);
    EXPECT_EQ(why_not_secret(path), "");
    EXPECT_EQ(read_secret(path), "s3cret");
    EXPECT_THAT(why_not_secret(folder.path()), HasSubstr("regular file"));
}
} // namespace

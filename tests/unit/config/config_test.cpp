#include <kernel/config/config.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace {
using namespace volutus;
using namespace volutus::kernel::config;
using testing::HasSubstr;

constexpr std::string_view gateway_schema = R"({
  "type": "object",
  "properties": {
    "listen": {"type": "array", "minItems": 1, "items": {"type": "string"}, "default": ["127.0.0.1:8080"]},
    "idle": {"type": "integer", "format": "duration", "default": "30s"},
    "limits": {"type": "object", "properties": {
      "body": {"type": "integer", "format": "size", "default": "1MiB"},
      "connections": {"type": "integer", "minimum": 1, "default": 1000}
    }}
  }
})";

// A fresh conf.d for every test.
class ConfigFiles : public testing::Test {
protected:
    void write(std::string const& name, std::string_view text) { std::ofstream(folder_ / name) << text; }
    Config load() { return Config::load(folder_.path()); }
    std::string file(std::string const& name) { return folder_ / name; }

    std::string refusal(std::function<void()> const& what) {
        auto const error = testkit::refusal(what);
        EXPECT_EQ(error.code(), Code::invalid);
        return error.what();
    }

    testkit::TemporaryFolder folder_;
};

TEST_F(ConfigFiles, AnEmptyDirectoryGivesTheDefaults) {
    auto const gateway = load().section("gateway", gateway_schema);
    EXPECT_EQ(json::print(gateway),
              R"({"listen":["127.0.0.1:8080"],"idle":30000,"limits":{"body":1048576,"connections":1000}})");
}

TEST_F(ConfigFiles, TablesMergeAndOfTheRestTheLaterFileWins) {
    write("20-site.toml", "[gateway]\nlisten = ['0.0.0.0:80']\n[gateway.limits]\nconnections = 5\n");
    write("10-base.toml",
          "[gateway]\nidle = '1m'\nlisten = ['a:1', 'b:2']\n[gateway.limits]\nbody = '2KiB'\nconnections = 9\n");
    auto const config = load();
    EXPECT_EQ(json::print(config.section("gateway", gateway_schema)),
              R"({"idle":60000,"limits":{"body":2048,"connections":5},"listen":["0.0.0.0:80"]})");
    EXPECT_EQ(config.origin_of("gateway.limits.connections").file, file("20-site.toml"));
    EXPECT_EQ(config.origin_of("gateway.limits.connections").line, 4U);
    EXPECT_EQ(config.origin_of("gateway.limits.body").file, file("10-base.toml"));
    EXPECT_EQ(config.origin_of("gateway.listen[1]").file, file("20-site.toml")) << "the replaced array is forgotten";
}

TEST_F(ConfigFiles, OtherFilesAndHiddenFilesAreNotRead) {
    write("policy.yaml", "not: toml");
    write(".10-x.toml.swp", "[[[");
    write(".x.toml", "[[[");
    EXPECT_NO_THROW(load());
}

TEST_F(ConfigFiles, AllErrorsOfASectionAreShownTogetherWithFileAndLine) {
    write("10-gateway.toml",
          "[gateway]\nlissten = ['x']\nidle = 30\n\n[gateway.limits]\nconnections = 0\nbody = '5 apples'\n");
    auto const message = refusal([&] { load().section("gateway", gateway_schema); });
    auto const at = file("10-gateway.toml");
    EXPECT_THAT(message, HasSubstr("4 errors"));
    EXPECT_THAT(message, HasSubstr(at + ":2: gateway.lissten: unknown key; did you mean 'listen'?"));
    EXPECT_THAT(message, HasSubstr(at + ":3: gateway.idle: a duration with a unit is expected, such as \"30s\""));
    EXPECT_THAT(message, HasSubstr(at + ":6: gateway.limits.connections: 0 is too small; at least 1"));
    EXPECT_THAT(message, HasSubstr(at + ":7: gateway.limits.body: \"5 apples\" is not a size"));
}

TEST_F(ConfigFiles, ErrorsCarryTheirPlacesForPrograms) {
    write("a.toml", "[gateway]\nidle = 'soon'\n");
    try {
        load().section("gateway", gateway_schema);
        FAIL();
    } catch (Error const& error) {
        auto const details = json::parse_object(error.details());
        auto const& problem = details.at("problems").at(0);
        EXPECT_EQ(json::text(problem.at("path")), "gateway.idle");
        EXPECT_EQ(problem.at("line").to_number<int>(), 2);
    }
}

TEST_F(ConfigFiles, EveryFileThatDoesNotParseIsNamedWithItsLine) {
    write("a.toml", "x = 1\ny = = 2\n");
    write("b.toml", "[table\n");
    auto const message = refusal([&] { load(); });
    EXPECT_THAT(message, HasSubstr(file("a.toml") + ":2: not TOML"));
    EXPECT_THAT(message, HasSubstr(file("b.toml") + ":1: not TOML"));
}

TEST_F(ConfigFiles, DatesAndInfinityAreRefused) {
    write("a.toml", "[gateway]\nwhen = 1979-05-27\nmost = inf\n");
    auto const message = refusal([&] { load(); });
    EXPECT_THAT(message, HasSubstr(":2: gateway.when: dates"));
    EXPECT_THAT(message, HasSubstr(":3: gateway.most: must be a finite number"));
}

TEST_F(ConfigFiles, AMissingDirectoryIsRefused) {
    EXPECT_THAT(refusal([&] { Config::load(file("nowhere")); }), HasSubstr("cannot be read"));
}

TEST_F(ConfigFiles, AFileThatIsTooLargeIsRefused) {
    write("a.toml", std::string(1024 * 1024 + 1, '#'));
    EXPECT_THAT(refusal([&] { load(); }), HasSubstr("at most 1048576"));
}

TEST_F(ConfigFiles, ASectionThatNobodyKnowsIsAProblem) {
    write("a.toml", "[gatewy]\nx = 1\n[plugin.a]\n");
    Problems problems;
    load().unknown_sections({"gateway", "store"}, problems);
    EXPECT_EQ(problems.text(), file("a.toml") + ":1: gatewy: unknown section; did you mean [gateway]?");
}

TEST_F(ConfigFiles, PluginsAreReadInTheOrderOfTheirNames) {
    write("a.toml", "[plugin.two]\nlink = 'process'\nenabled = false\n[plugin.one]\npath = "
                    "'/x/one.so'\n[plugin.one.config]\na = 1\n");
    Problems problems;
    auto const plugins = load().plugins(problems);
    EXPECT_EQ(problems.text(), "");
    ASSERT_EQ(plugins.size(), 2U);
    EXPECT_EQ(plugins[0].name, "one");
    EXPECT_EQ(plugins[0].path, "/x/one.so");
    EXPECT_FALSE(plugins[0].link.has_value());
    EXPECT_EQ(plugins[0].origin.line, 4U);
    EXPECT_EQ(plugins[1].link, Link::process);
    EXPECT_FALSE(plugins[1].enabled);
}

TEST_F(ConfigFiles, APluginTableWithAWrongKeyIsAProblem) {
    write("a.toml", "[plugin.one]\nlinc = 'process'\nlink = 'proces'\n");
    Problems problems;
    EXPECT_TRUE(load().plugins(problems).empty());
    EXPECT_THAT(problems.text(), HasSubstr(":2: plugin.one.linc: unknown key; did you mean 'link'?"));
    EXPECT_THAT(problems.text(), HasSubstr(":3: plugin.one.link: \"proces\" is not one of"));
    EXPECT_THAT(problems.text(), HasSubstr("did you mean \"process\"?"));
}

TEST_F(ConfigFiles, CheckingEverythingAsksForTheSchemaOfEachEnabledPlugin) {
    write("a.toml", "[gateway]\nidle = 'x'\n"
                    "[plugin.one.config]\nhots = 'a'\n"
                    "[plugin.off]\nenabled = false\n[plugin.off.config]\nx = 1\n"
                    "[plugin.bare.config]\nx = 1\n"
                    "[plugin.lost]\n");
    Problems problems;
    load().check(
        {{"gateway", gateway_schema}},
        [](PluginEntry const& plugin) -> std::optional<std::string> {
            if (plugin.name == "lost") throw Error(Code::not_found, "lost.so is not there");
            if (plugin.name == "bare") return std::nullopt;
            return R"({"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]})";
        },
        problems);
    auto const text = problems.text();
    EXPECT_THAT(text, HasSubstr(":2: gateway.idle"));
    EXPECT_THAT(text, HasSubstr(":4: plugin.one.config.hots: unknown key; did you mean 'host'?"));
    EXPECT_THAT(text, HasSubstr("plugin.one.config.host: is missing; a string is required"));
    EXPECT_THAT(text, HasSubstr(":10: plugin.bare.config.x: unknown key; none is allowed here"));
    EXPECT_THAT(text, HasSubstr(":11: plugin.lost: lost.so is not there"));
    EXPECT_EQ(problems.all().size(), 5U);
}

TEST_F(ConfigFiles, RandomTextNeverCrashesTheReader) {
    std::mt19937 random(7);
    std::string const letters = "[]{}='\".,\n#ab1_ \\x\xff-:";
    for (int round = 0; round < 500; ++round) {
        std::string text;
        for (auto left = random() % 60; left > 0; --left) text += letters[random() % letters.size()];
        write("a.toml", text);
        try {
            Problems problems;
            auto const config = load();
            config.section("a", gateway_schema, problems);
            config.plugins(problems);
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), Code::invalid) << text;
        }
    }
}
} // namespace

#include <kernel/auth/settings.hpp>
#include <kernel/config/schema.hpp>
#include <volutus/error.hpp>

#include <gtest/gtest.h>

namespace {
using namespace volutus;
using namespace volutus::kernel;

auth::Settings settings(std::string_view text) {
    json::value section = json::parse(text);
    std::vector<config::Mismatch> mismatches;
    config::Schema(auth::settings_schema()).check(section, "auth", mismatches);
    if (!mismatches.empty()) throw Error(Code::invalid, mismatches.front().path + ": " + mismatches.front().message);
    return auth::settings_from(section.as_object());
}

TEST(AuthSettings, HaveDefaultsThatGoTogether) {
    auto const all = settings("{}");
    EXPECT_EQ(all.token_lifetime, std::chrono::hours(1));
    EXPECT_EQ(all.password.memory, 64U * 1024 * 1024);
    EXPECT_EQ(all.key_directory, "");
}

TEST(AuthSettings, ATokenMayNotOutliveItsKey) {
    EXPECT_THROW(settings(R"({"token_lifetime":"30d"})"), Error);
    EXPECT_NO_THROW(settings(R"({"token_lifetime":"30d","keys_kept":8})"));
}

TEST(AuthSettings, TokensAreAskedForUnlessModeIsNone) {
    EXPECT_EQ(settings("{}").mode, auth::Mode::tokens);
    auto const open = settings(R"({"mode":"none","open":{"project":"p1","roles":["reader"]}})");
    EXPECT_EQ(open.mode, auth::Mode::none);
    EXPECT_EQ(open.open.project, "p1");
    EXPECT_EQ(open.open.roles, std::vector<std::string>{"reader"});
}

TEST(AuthSettings, AreReadAsWritten) {
    auto const all =
        settings(R"({"key_directory":"/k","password":{"memory":"19MiB","at_once":1},"cached_contexts":16})");
    EXPECT_EQ(all.key_directory, "/k");
    EXPECT_EQ(all.password.memory, 19U * 1024 * 1024);
    EXPECT_EQ(all.password.at_once, 1U);
    EXPECT_EQ(all.cached_contexts, 16U);
}
} // namespace

#include "kernel/config/schema.hpp"
#include "kernel/daemon/settings.hpp"
#include "kernel/gateway/settings.hpp"

#include <testkit/temporary_folder.hpp>

#include <gmock/gmock.h>

#include <fstream>

namespace {
using namespace volutus;
using namespace volutus::kernel;
using testing::HasSubstr;

gateway::Settings gateway_settings(std::string_view text) {
    json::value section = json::parse(text);
    std::vector<config::Mismatch> mismatches;
    config::Schema(gateway::settings_schema()).check(section, "gateway", mismatches);
    if (!mismatches.empty()) throw Error(Code::invalid, mismatches.front().path + ": " + mismatches.front().message);
    return gateway::settings_from(section.as_object());
}

TEST(GatewaySettings, WithoutAnyThereIsOneListenerOnLoopback) {
    auto const settings = gateway_settings("{}");
    ASSERT_EQ(settings.config.listeners.size(), 1u);
    EXPECT_EQ(settings.config.listeners[0].address, "127.0.0.1");
    EXPECT_EQ(settings.config.listeners[0].port, 8480);
    EXPECT_EQ(settings.drain, std::chrono::seconds(30));
}

TEST(GatewaySettings, AClassicPortIsAListenerOfTheServiceAlone) {
    auto const settings = gateway_settings(
        R"({"listen":[{"address":"::1","port":1,"certificate":"/c","key":"/k"}],"classic_ports":{"compute":8774}})");
    ASSERT_EQ(settings.config.listeners.size(), 2u);
    auto const& own = settings.config.listeners[1];
    EXPECT_EQ(own.name, settings.own_listeners.at("compute"));
    EXPECT_EQ(own.address, "::1");
    EXPECT_EQ(own.port, 8774);
    EXPECT_TRUE(own.tls.has_value());
    EXPECT_FALSE(own.health) << "the paths there are the service's";
}

TEST(GatewaySettings, WhatDoesNotGoTogetherIsRefused) {
    EXPECT_THROW(gateway_settings(R"({"listen":[{"name":"a"},{"name":"a","port":2}]})"), Error);
    EXPECT_THROW(gateway_settings(R"({"listen":[{"port":5000}],"classic_ports":{"identity":5000}})"), Error);
    EXPECT_THROW(gateway_settings(R"({"listen":[{"certificate":"/c"}]})"), Error);
    EXPECT_THROW(gateway_settings(R"({"trusted_proxies":["everywhere"]})"), Error);
    EXPECT_THROW(gateway_settings(R"({"listen":[]})"), Error);
}

TEST(GatewaySettings, OnlyLoopbackIsLoopback) {
    EXPECT_TRUE(gateway::is_loopback("127.0.0.1"));
    EXPECT_TRUE(gateway::is_loopback("::1"));
    EXPECT_FALSE(gateway::is_loopback("0.0.0.0"));
    EXPECT_FALSE(gateway::is_loopback("12.7.0.1"));
}

class OwnSettings : public testing::Test {
protected:
    daemon::Settings read(std::string const& text, daemon::Overrides const& overrides = {}) {
        std::ofstream(folder_ / "a.toml") << text;
        return daemon::settings_from(config::Config::load(folder_.path()), overrides, problems_);
    }
    testkit::TemporaryFolder folder_;
    config::Problems problems_;
};

TEST_F(OwnSettings, PathsFollowTheStateDirectory) {
    auto const settings = read("[kernel]\nstate_directory = '/s'\n");
    EXPECT_TRUE(problems_.empty()) << problems_.text();
    EXPECT_EQ(settings.store.database.path, "/s/store.db");
    EXPECT_EQ(settings.admin_socket, "/s/admin.sock");
    EXPECT_FALSE(settings.node.empty());
    EXPECT_EQ(settings.tasks.node, settings.node);
    EXPECT_EQ(read("", {"/other"}).admin_socket, "/other/admin.sock");
}

TEST_F(OwnSettings, ASocketWhosePathNoKernelTakesIsAProblem) {
    read("[kernel]\nstate_directory = '/" + std::string(120, 's') + "'\n");
    EXPECT_THAT(problems_.text(), HasSubstr("kernel.admin_socket"));
}
} // namespace

#include <kernel/auth/base_rules.hpp>
#include <kernel/auth/claims.hpp>
#include <kernel/auth/key_rotation.hpp>
#include <kernel/auth/tokens_service.hpp>
#include <kernel/plugin/call_frame.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace volutus::kernel {
namespace {
using testing::ElementsAre;
using testkit::refusal;

class TokensContract : public testing::Test {
protected:
    volutus::auth::Claims claims() {
        volutus::auth::Claims out;
        out.user_id = "user";
        out.scope = "project";
        out.scope_id = "project";
        out.methods = {"password"};
        out.audit_ids = {"own", "first"};
        out.trust_id = "trust";
        return out;
    }
    static std::int64_t now() { return world::wall_now().time_since_epoch().count(); }

    auth::Sealer sealer_{auth::KeyRing({auth::Key(1, {})})};
    auth::PasswordHasher hasher_{{64 * 1024, 1, 2, 256}};
    plugin::Registry registry_;
    auth::Authenticator authenticator_{
        registry_, sealer_, std::make_shared<auth::Policy const>(auth::base_rules()), {}};
    auth::TokensService tokens_{sealer_, hasher_, authenticator_, {std::chrono::hours(1), std::chrono::hours(48)}};
    plugin::CallContext context_;
    plugin::CallFrame frame_{context_};
    Call call_{&frame_};
};

TEST_F(TokensContract, WhatWasSealedIsOpenedAgainWithTheTimesFilledIn) {
    auto const before = now();
    auto const sealed = tokens_.seal(call_, {claims()});
    EXPECT_GE(sealed.claims.issued, before);
    EXPECT_EQ(sealed.claims.expires - sealed.claims.issued, 3'600'000'000);
    auto const opened = tokens_.open(call_, {sealed.text, false});
    EXPECT_EQ(opened.user_id, "user");
    EXPECT_EQ(opened.scope, "project");
    EXPECT_THAT(opened.audit_ids, ElementsAre("own", "first"));
    EXPECT_EQ(opened.trust_id, "trust");
    EXPECT_EQ(opened.issued, sealed.claims.issued);
    EXPECT_EQ(opened.expires, sealed.claims.expires);
}

TEST_F(TokensContract, ATokenThatLivesLongerThanItsKeyMayIsRefused) {
    auto wanted = claims();
    wanted.expires = now() + std::int64_t{2} * 3'600'000'000;
    EXPECT_EQ(refusal([&] { tokens_.seal(call_, {wanted}); }).code(), Code::invalid);
    wanted.expires = now() + 60'000'000;
    EXPECT_EQ(tokens_.seal(call_, {wanted}).claims.expires, wanted.expires) << "of a chain: that of the first";
    wanted.scope = "galaxy";
    EXPECT_EQ(refusal([&] { tokens_.seal(call_, {wanted}); }).code(), Code::invalid);
}

TEST_F(TokensContract, AnExpiredTokenIsOpenedWithinTheWindowAndOnRequestOnly) {
    auto wanted = claims();
    wanted.issued = now() - std::int64_t{2} * 3'600'000'000;
    wanted.expires = now() - 1'000'000;
    auto const text = tokens_.seal(call_, {wanted}).text;
    EXPECT_EQ(refusal([&] { tokens_.open(call_, {text, false}); }).code(), Code::unauthenticated);
    EXPECT_EQ(tokens_.open(call_, {text, true}).user_id, "user");
    wanted.expires = now() - std::int64_t{49} * 3'600'000'000;
    auto const old = tokens_.seal(call_, {wanted}).text;
    EXPECT_EQ(refusal([&] { tokens_.open(call_, {old, true}); }).code(), Code::unauthenticated);
}

TEST_F(TokensContract, APasswordMatchesItsHashAndNobodysNever) {
    auto const hash = tokens_.hash(call_, {"secret"}).text;
    EXPECT_TRUE(tokens_.check(call_, {"secret", hash}).matches);
    EXPECT_FALSE(tokens_.check(call_, {"secret", hash}).outdated);
    EXPECT_FALSE(tokens_.check(call_, {"other", hash}).matches);
    EXPECT_FALSE(tokens_.check(call_, {"secret", std::nullopt}).matches);
    EXPECT_EQ(refusal([&] { tokens_.hash(call_, {""}); }).code(), Code::invalid);

    auth::PasswordHasher weaker({32 * 1024, 1, 2, 256});
    auto const weak = weaker.hash("secret", world::now() + std::chrono::seconds(30));
    auto const checked = tokens_.check(call_, {"secret", weak});
    EXPECT_TRUE(checked.matches);
    EXPECT_TRUE(checked.outdated);
    EXPECT_FALSE(tokens_.check(call_, {"other", weak}).outdated) << "it says nothing about a hash to a wrong password";
}

class KeyRotation : public testing::Test {
protected:
    KeyRotation() { auth::KeyRing::create(keys()); }
    std::string keys() const { return folder_ / "keys"; }
    void age(std::chrono::seconds by) {
        std::filesystem::path const staged = folder_ / "keys/0";
        std::filesystem::last_write_time(staged, std::filesystem::last_write_time(staged) - by);
    }
    std::vector<std::string> names() { return world::list_directory(keys()); }
    void wait_for(std::vector<std::string> const& wanted) {
        auto const until = world::now() + std::chrono::seconds(60);
        while (names() != wanted && world::now() < until) world::sleep_for(std::chrono::milliseconds(1));
        EXPECT_EQ(names(), wanted);
    }
    static constexpr auto often = std::chrono::milliseconds(1);
    testkit::TemporaryFolder folder_;
};

TEST_F(KeyRotation, AnOverdueKeyIsReplacedAtTheStartAndAYoungOneIsNot) {
    auth::Sealer sealer(keys());
    auth::Token token;
    token.user_id = "u";
    token.expires = world::wall_now() + std::chrono::hours(1);
    auto const text = sealer.seal(token);
    age(std::chrono::hours(1));
    {
        auth::KeyRotation const young(sealer, {std::chrono::hours(2), 3});
    }
    EXPECT_THAT(names(), ElementsAre("0", "1"));
    {
        auth::KeyRotation const overdue(sealer, {std::chrono::minutes(30), 3});
    }
    EXPECT_THAT(names(), ElementsAre("0", "1", "2"));
    {
        auth::KeyRotation const young_again(sealer, {std::chrono::minutes(30), 3});
    }
    EXPECT_THAT(names(), ElementsAre("0", "1", "2")) << "its age is that of the last rotation";
    EXPECT_EQ(sealer.open(text).user_id, "u");
    EXPECT_NE(sealer.seal(token).substr(0, 7), text.substr(0, 7)) << "another key's id";
}

TEST_F(KeyRotation, AKeyIsReplacedWhenItsTimeComes) {
    auth::Sealer sealer(keys());
    auth::KeyRotation const rotation(sealer, {std::chrono::hours(1), 3, often});
    EXPECT_THAT(names(), ElementsAre("0", "1"));
    age(std::chrono::hours(2));
    wait_for({"0", "1", "2"});
    age(std::chrono::hours(2));
    wait_for({"0", "2", "3"});
}

TEST_F(KeyRotation, WhatAnotherControllerRotatedIsTakenUp) {
    auth::Sealer sealer(keys());
    auth::KeyRotation const rotation(sealer, {std::chrono::hours(1), 3, often});
    auth::Sealer other(keys());
    other.rotate(3);
    other.rotate(3);
    auth::Token token;
    token.user_id = "u";
    token.expires = world::wall_now() + std::chrono::hours(1);
    auto const text = other.seal(token);
    auto const until = world::now() + std::chrono::seconds(60);
    while (refusal([&] { sealer.open(text); }).code() != Code::ok && world::now() < until)
        world::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(sealer.open(text).user_id, "u");
}
} // namespace
} // namespace volutus::kernel

#include <kernel/auth/seal.hpp>
#include <testkit/refusal.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <random>
#include <sys/stat.h>

namespace {
using namespace volutus;
using namespace volutus::kernel::auth;
using testing::ElementsAre;
using testing::HasSubstr;
using testkit::refusal;

Token usual() {
    Token token;
    token.user_id = "3f2b8f3a0c9e4a57b7c1d2e3f4a5b6c7";
    token.scope = Scope::project;
    token.scope_id = "0123456789abcdef0123456789abcdef";
    token.methods = {"password", "token"};
    token.audit_ids = {"VcxU2JYqT8OzfUVvrjEITQ", "qNUTIJntTzO1-XUk5STybw"};
    token.issued = world::wall_now();
    token.expires = token.issued + std::chrono::hours(1);
    return token;
}

class Keys : public testing::Test {
protected:
    Keys() { KeyRing::create(keys_); }

    std::vector<std::string> names() { return world::list_directory(keys_); }

    testkit::TemporaryFolder folder_;
    std::string const keys_ = folder_ / "keys";
};

using Seal = Keys;

TEST_F(Seal, OpensWhatItSealed) {
    Sealer const sealer(keys_);
    auto const text = sealer.seal(usual());
    auto const opened = sealer.open(text);
    EXPECT_EQ(opened.user_id, usual().user_id);
    EXPECT_EQ(opened.methods, usual().methods);
    EXPECT_EQ(opened.audit_ids, usual().audit_ids);
}

TEST_F(Seal, AUsualTokenFitsIntoAHeaderOfOldClients) {
    Sealer const sealer(keys_);
    auto const text = sealer.seal(usual());
    EXPECT_LE(text.size(), 255U);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_NE(text, sealer.seal(usual())) << "each has a nonce of its own";
}

TEST_F(Seal, KeepsEveryFieldWhateverItsForm) {
    Sealer const sealer(keys_);
    std::vector<std::string> const ids{"",
                                       "admin",
                                       "default",
                                       "3f2b8f3a-0c9e-4a57-b7c1-d2e3f4a5b6c7",
                                       "3F2B8F3A0C9E4A57B7C1D2E3F4A5B6C7",
                                       "3f2b8f3a0c9e4a57b7c1-d2e3f4a5b6c-789",
                                       "3f2b8f3a0c9e4a57b7c1d2e3f4a5b6c7",
                                       "0123456789012345678901",
                                       "AAAAAAAAAAAAAAAAAAAAAB",
                                       std::string(64, 'a'),
                                       std::string(255, 'z'),
                                       std::string("a\0b", 3),
                                       "\xff\xfe"};
    for (auto const& id : ids)
        for (auto const scope : {Scope::none, Scope::project, Scope::domain, Scope::system}) {
            Token token = usual();
            token.user_id = token.scope_id = token.trust_id = token.application_credential_id = id;
            token.scope = scope;
            token.methods = {"password", "something_else", "totp"};
            token.audit_ids = {id, id};
            token.issued = world::WallTime(std::chrono::microseconds(-1));
            EXPECT_EQ(sealer.open(sealer.seal(token)), token) << id;
        }
}

TEST_F(Seal, RefusesFieldsOutOfBounds) {
    Sealer const sealer(keys_);
    auto long_id = usual();
    long_id.user_id.assign(256, 'x');
    EXPECT_EQ(refusal([&] { sealer.seal(long_id); }).code(), Code::invalid);
    auto many = usual();
    many.audit_ids.assign(17, "x");
    EXPECT_EQ(refusal([&] { sealer.seal(many); }).code(), Code::invalid);
    auto large = usual();
    large.audit_ids.assign(16, std::string(255, 'x'));
    EXPECT_EQ(refusal([&] { sealer.seal(large); }).code(), Code::invalid) << "one that open() would refuse unread";
}

TEST_F(Seal, AnAlteredTokenIsRefusedAtEveryCharacter) {
    Sealer const sealer(keys_);
    auto const text = sealer.seal(usual());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto altered = text;
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(refusal([&] { sealer.open(altered); }).code(), Code::unauthenticated) << i;
    }
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_THROW(sealer.open(text.substr(0, size)), Error) << size;
    for (auto const* tail : {"A", "AA", "AAAA", "=", " ", "\n"}) EXPECT_THROW(sealer.open(text + tail), Error) << tail;
}

TEST_F(Seal, EveryRefusalSaysTheSame) {
    Sealer const sealer(keys_);
    auto expired = usual();
    expired.expires = world::wall_now();
    KeyRing::create(folder_ / "other");
    Sealer const stranger(folder_ / "other");
    auto altered = sealer.seal(usual());
    altered[60] = altered[60] == 'A' ? 'B' : 'A';
    std::vector<std::string> const bad{"",
                                       "x",
                                       "!!!",
                                       sealer.seal(expired),
                                       stranger.seal(usual()),
                                       altered,
                                       std::string(longest_token + 1, 'A'),
                                       std::string("A\0A", 3)};
    auto const first = refusal([&] { sealer.open(bad[0]); });
    for (auto const& text : bad) {
        auto const error = refusal([&] { sealer.open(text); });
        EXPECT_EQ(error.code(), Code::unauthenticated);
        EXPECT_STREQ(error.what(), first.what());
        EXPECT_EQ(error.details(), "");
    }
}

TEST_F(Seal, AnExpiredTokenOpensWithinTheGraceThatAServiceHas) {
    Sealer const sealer(keys_);
    auto token = usual();
    token.expires = world::wall_now() - std::chrono::seconds(10);
    auto const text = sealer.seal(token);
    EXPECT_THROW(sealer.open(text), Error);
    EXPECT_THROW(sealer.open(text, std::chrono::seconds(5)), Error);
    EXPECT_EQ(sealer.open(text, std::chrono::hours(1)).user_id, token.user_id);
}

TEST_F(Seal, RandomTextNeverCrashesTheOpener) {
    Sealer const sealer(keys_);
    std::mt19937 random(17);
    auto const good = sealer.seal(usual());
    for (int round = 0; round < 20'000; ++round) {
        auto text = round % 2 == 0 ? good : std::string(random() % 300, 'A');
        for (auto left = 1 + random() % 8; left > 0 && !text.empty(); --left)
            text[random() % text.size()] = static_cast<char>(random());
        if (text == good) continue;
        ASSERT_EQ(refusal([&] { sealer.open(text); }).code(), Code::unauthenticated);
    }
}

TEST_F(Keys, AreMadeOnceAndForTheirOwnerOnly) {
    EXPECT_THAT(names(), ElementsAre("0", "1"));
    auto const before = KeyRing::load(keys_).primary().bytes();
    KeyRing::create(keys_);
    EXPECT_EQ(KeyRing::load(keys_).primary().bytes(), before);
    struct stat status{};
    ASSERT_EQ(::stat((keys_ + "/1").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat(keys_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(Keys, TheHighestSealsAndTheStagedOneIsNext) {
    auto const before = KeyRing::load(keys_);
    EXPECT_EQ(before.primary().number(), 1U);
    auto const staged = before.keys().back();
    KeyRing::rotate(keys_, 5);
    auto const after = KeyRing::load(keys_);
    EXPECT_THAT(names(), ElementsAre("0", "1", "2"));
    EXPECT_EQ(after.primary().bytes(), staged.bytes());
    EXPECT_EQ(after.primary().id(), staged.id());
}

TEST_F(Keys, TokensOpenUntilTheirKeyIsRemoved) {
    Sealer sealer(keys_);
    auto const text = sealer.seal(usual());
    sealer.rotate(3);
    EXPECT_THAT(names(), ElementsAre("0", "1", "2"));
    EXPECT_NO_THROW(sealer.open(text));
    sealer.rotate(3);
    EXPECT_THAT(names(), ElementsAre("0", "2", "3"));
    EXPECT_THROW(sealer.open(text), Error);
}

TEST_F(Keys, AControllerThatHasNotReloadedOpensWhatTheStagedKeySeals) {
    Sealer const other(keys_);
    Sealer sealer(keys_);
    sealer.rotate(3);
    EXPECT_NO_THROW(other.open(sealer.seal(usual())));
}

TEST_F(Keys, FewerThanThreeAreNeverKept) {
    for (int i = 0; i < 5; ++i) KeyRing::rotate(keys_, 0);
    EXPECT_EQ(names().size(), 3U);
}

TEST_F(Keys, ACrashInARotationLeavesADirectoryThatLoadsAndRotates) {
    world::rename_file(keys_ + "/0", keys_ + "/2"); // the staged key was promoted; the new one was not yet written
    std::ofstream(keys_ + "/.new") << "half";
    EXPECT_EQ(KeyRing::load(keys_).primary().number(), 2U);
    KeyRing::rotate(keys_, 3);
    EXPECT_THAT(names(), ElementsAre("0", "2", "3"));
    EXPECT_NO_THROW(KeyRing::load(keys_));
}

TEST_F(Keys, ThatOthersMayReadAreRefused) {
    ::chmod((keys_ + "/1").c_str(), 0644);
    auto const error = refusal([&] { KeyRing::load(keys_); });
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_THAT(error.what(), HasSubstr("chmod 0600 " + keys_ + "/1"));
}

TEST_F(Keys, ThatAreMalformedOrMissingAreRefused) {
    EXPECT_THAT(refusal([&] { KeyRing::load(keys_ + "/nowhere"); }).what(), HasSubstr("cannot be used"));
    for (auto const* text : {"", "zz", "00", "x"}) {
        std::ofstream(keys_ + "/1") << text;
        EXPECT_THAT(refusal([&] { KeyRing::load(keys_); }).what(), HasSubstr("holds no key"));
    }
    world::remove_file(keys_ + "/0");
    world::remove_file(keys_ + "/1");
    std::ofstream(keys_ + "/README") << "not a key";
    EXPECT_THAT(refusal([&] { KeyRing::load(keys_); }).what(), HasSubstr("holds no token keys"));
}

TEST_F(Keys, AReloadThatFailsKeepsTheOldOnes) {
    Sealer sealer(keys_);
    auto const text = sealer.seal(usual());
    ::chmod((keys_ + "/1").c_str(), 0644);
    EXPECT_THROW(sealer.reload(), Error);
    EXPECT_NO_THROW(sealer.open(text));
}

TEST_F(Keys, MayRotateWhileTokensAreOpened) {
    Sealer sealer(keys_);
    std::atomic<bool> stop = false;
    std::atomic<int> opened = 0;
    std::vector<world::Thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back("opener", [&] {
            while (!stop) {
                sealer.open(sealer.seal(usual())); // survives the rotations between the two
                ++opened;
            }
        });
    for (int i = 0; i < 10; ++i) sealer.rotate(50);
    while (opened < 10) world::sleep_for(std::chrono::milliseconds(1));
    stop = true;
    threads.clear();
    EXPECT_EQ(names().size(), 12U);
}
} // namespace

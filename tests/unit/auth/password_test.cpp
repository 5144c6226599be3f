#include <kernel/auth/password.hpp>
#include <testkit/refusal.hpp>
#include <volutus/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

namespace {
using namespace volutus;
using namespace volutus::kernel::auth;
using testing::StartsWith;
using testkit::refusal;

constexpr PasswordSettings cheap{64 * 1024, 1, 2, 256};

world::Instant soon() { return world::now() + std::chrono::seconds(60); }

TEST(Password, VerifiesWhatItHashed) {
    PasswordHasher hasher(cheap);
    auto const hash = hasher.hash("correct horse", soon());
    EXPECT_THAT(hash, StartsWith("$argon2id$v=19$m=64,t=1,p=1$"));
    EXPECT_TRUE(hasher.verify("correct horse", hash, soon()));
    EXPECT_FALSE(hasher.verify("correct hors", hash, soon()));
    EXPECT_FALSE(hasher.verify("", hash, soon()));
    EXPECT_NE(hash, hasher.hash("correct horse", soon())) << "each has a salt of its own";
}

TEST(Password, MayBeEmptyAndMayHoldAnyBytes) {
    PasswordHasher hasher(cheap);
    std::string const odd("a\0b\xff", 4);
    EXPECT_TRUE(hasher.verify("", hasher.hash("", soon()), soon()));
    auto const hash = hasher.hash(odd, soon());
    EXPECT_TRUE(hasher.verify(odd, hash, soon()));
    EXPECT_FALSE(hasher.verify("a", hash, soon()));
}

TEST(Password, ThatIsTooLongIsRefused) {
    PasswordHasher hasher(cheap);
    std::string const longest(longest_password, 'x');
    auto const hash = hasher.hash(longest, soon());
    EXPECT_TRUE(hasher.verify(longest, hash, soon()));
    EXPECT_FALSE(hasher.verify(longest + 'x', hash, soon()));
    EXPECT_EQ(refusal([&] { hasher.hash(longest + 'x', soon()); }).code(), Code::invalid);
}

TEST(Password, HashedElsewhereIsVerified) {
    PasswordHasher hasher(cheap);
    // From the test vectors of bcrypt's and argon2's own distributions.
    auto const* const bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    EXPECT_TRUE(hasher.verify("U*U", bcrypt, soon()));
    EXPECT_FALSE(hasher.verify("U*V", bcrypt, soon()));
    EXPECT_FALSE(hasher.verify(std::string_view("U*U\0x", 5), bcrypt, soon()));
    EXPECT_TRUE(hasher.needs_rehash(bcrypt));
    auto const* const argon2 = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    EXPECT_TRUE(hasher.verify("password", argon2, soon()));
    EXPECT_FALSE(hasher.verify("differentpassword", argon2, soon()));
}

TEST(Password, IsHashedAgainWhenTheSettingsChanged) {
    PasswordHasher before(cheap);
    PasswordHasher after({128 * 1024, 1, 2, 256});
    auto const hash = before.hash("x", soon());
    EXPECT_FALSE(before.needs_rehash(hash));
    EXPECT_TRUE(after.needs_rehash(hash));
    EXPECT_TRUE(after.verify("x", hash, soon()));
}

TEST(Password, AHashOfNoKnownFormOrOfRuinousCostIsRefused) {
    PasswordHasher hasher(cheap);
    for (auto const* hash :
         {"", "x", "$1$salt$hash", "$argon2id$", "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65",
          "$argon2id$v=19$m=64,t=4000000000,p=1$c29tZXNhbHQ$nf65",
          "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$2b$xx$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"})
        EXPECT_EQ(refusal([&] { hasher.verify("x", hash, soon()); }).code(), Code::invalid) << hash;
}

TEST(Password, SettingsOutOfBoundsAreRefused) {
    EXPECT_EQ(refusal([] { PasswordHasher({1024, 1, 1, 1}); }).code(), Code::invalid);
    EXPECT_EQ(refusal([] { PasswordHasher({64 * 1024, 0, 1, 1}); }).code(), Code::invalid);
    EXPECT_EQ(refusal([] { PasswordHasher({64 * 1024, 1, 0, 1}); }).code(), Code::invalid);
    EXPECT_EQ(refusal([] { PasswordHasher({std::uint64_t{2} << 30, 1, 1, 1}); }).code(), Code::invalid);
}

TEST(Password, OfNobodyTakesAVerifyAndTellsNothing) {
    PasswordHasher hasher(cheap);
    EXPECT_NO_THROW(hasher.verify_nobody("x", soon()));
    EXPECT_EQ(refusal([&] { hasher.verify_nobody("x", soon()); }).code(), Code::ok);
}

TEST(Password, ManyLoginsWaitForTheirTurn) {
    PasswordHasher hasher({64 * 1024, 1, 1, 256});
    auto const hash = hasher.hash("x", soon());
    std::atomic<int> verified = 0;
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back("login", [&] {
                for (int n = 0; n < 10; ++n)
                    if (hasher.verify("x", hash, soon())) ++verified;
            });
    }
    EXPECT_EQ(verified, 80);
}

// Threads contend for the only turn. Who comes while it is taken is refused: at once when no one may wait, and else
// when the time is up.
TEST(Password, TooManyLoginsAreRefused) {
    for (auto const& [waiting, expected] :
         {std::pair{std::size_t{0}, Code::rate_limited}, {std::size_t{9}, Code::deadline}}) {
        PasswordHasher hasher({1024 * 1024, 1, 1, waiting});
        std::atomic<Code> refused = Code::ok;
        auto const give_up = soon();
        {
            std::vector<world::Thread> threads;
            for (int i = 0; i < 4; ++i)
                threads.emplace_back("login", [&] {
                    while (refused == Code::ok && world::now() < give_up)
                        if (auto const code = refusal([&] { hasher.hash("x", world::now()); }).code(); code != Code::ok)
                            refused = code;
                });
        }
        EXPECT_EQ(refused, expected);
    }
}
} // namespace

#include "kernel/gateway/rate_limiter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace volutus::kernel::gateway {
namespace {

using namespace std::chrono_literals;
world::Instant const start{std::chrono::hours(1)};

TEST(RateLimiter, ABurstMayComeAtOnceAndThenTheRateHolds) {
    RateLimiter limiter({2, 3});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", start), 0s) << i;
    EXPECT_EQ(limiter.take("a", start), 1s) << "a second is the least that Retry-After can say";
    EXPECT_EQ(limiter.take("a", start + 499ms), 1s);
    EXPECT_EQ(limiter.take("a", start + 500ms), 0s) << "what was refused was not counted";
    EXPECT_EQ(limiter.take("a", start + 500ms), 1s);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.take("a", start + 10s), 0s) << i;
    EXPECT_EQ(limiter.take("a", start + 10s), 1s) << "a long quiet time saves up no more than the burst";
}

TEST(RateLimiter, ItSaysHowLongToWait) {
    RateLimiter limiter({0.1, 1});
    EXPECT_EQ(limiter.take("a", start), 0s);
    EXPECT_EQ(limiter.take("a", start), 10s);
    EXPECT_EQ(limiter.take("a", start + 2500ms), 8s);
    EXPECT_EQ(limiter.take("a", start + 10s), 0s);
}

TEST(RateLimiter, EachClientHasItsOwnRate) {
    RateLimiter limiter({1, 1});
    EXPECT_EQ(limiter.take("a", start), 0s);
    EXPECT_EQ(limiter.take("b", start), 0s);
    EXPECT_EQ(limiter.take("a", start), 1s);
}

TEST(RateLimiter, ItKeepsNoMoreClientsThanItMay) {
    RateLimiter limiter({1, 1}, 10);
    EXPECT_EQ(limiter.take("a", start), 0s);
    for (int i = 0; i < 9; ++i) limiter.take(fmt::format("other-{}", i), start);
    EXPECT_EQ(limiter.take("a", start), 1s) << "it is the latest now";
    for (int i = 0; i < 1000; ++i) limiter.take(fmt::format("other-{}", i), start);
    EXPECT_EQ(limiter.clients(), 10U);
    EXPECT_EQ(limiter.take("a", start), 0s) << "it was forgotten";
}

TEST(RateLimiter, WithoutARateEverythingPassesAndNothingIsKept) {
    RateLimiter limiter;
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.take("a", start), 0s);
    EXPECT_EQ(limiter.clients(), 0U);
    limiter.set({1, 1});
    EXPECT_EQ(limiter.take("a", start), 0s);
    EXPECT_EQ(limiter.take("a", start), 1s);
    limiter.set({});
    EXPECT_EQ(limiter.take("a", start), 0s);
    EXPECT_EQ(limiter.clients(), 0U);
}

TEST(RateLimiter, ARateOfNoUseIsStillFinite) {
    RateLimiter limiter({1e-6, 1});
    EXPECT_EQ(limiter.take("a", start), 0s);
    EXPECT_EQ(limiter.take("a", start), 1'000'000s);
}

} // namespace
} // namespace volutus::kernel::gateway

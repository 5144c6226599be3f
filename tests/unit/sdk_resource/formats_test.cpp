#include <volutus/formats.hpp>

#include <gtest/gtest.h>

using namespace volutus;

namespace {
struct FormatCase {
    char const* name;
    bool (*check)(std::string_view);
    std::vector<std::string> good, bad;
};
struct Formats : testing::TestWithParam<FormatCase> {};
} // namespace

TEST_P(Formats, TakeWhatTheyShouldAndNothingElse) {
    for (auto const& text : GetParam().good) EXPECT_TRUE(GetParam().check(text)) << text;
    for (auto const& text : GetParam().bad) EXPECT_FALSE(GetParam().check(text)) << text;
    EXPECT_EQ(GetParam().check(""), GetParam().check == &is_base64);
}
INSTANTIATE_TEST_SUITE_P(
    All, Formats,
    testing::Values(
        FormatCase{"Uuid",
                   is_uuid,
                   {"0f0e0d0c-0b0a-4908-8706-050403020100", "0F0E0D0C0B0A49088706050403020100"},
                   {"0f0e0d0c-0b0a-4908-8706-05040302010", "g", "0f0e0d0c0b0a-49088706-0504-03020100"}},
        FormatCase{"Mac", is_mac, {"fa:16:3e:00:0A:ff"}, {"fa:16:3e:00:0a", "fa-16-3e-00-0a-ff", "fa:16:3e:00:0a:fg"}},
        FormatCase{"Ip",
                   is_ip,
                   {"10.0.0.1", "::1", "fe80::1"},
                   {"10.0.0", "10.0.0.256", "1::2::3", "10.0.0.1 ", "10.0.0.1/8"}},
        FormatCase{"Cidr",
                   is_cidr,
                   {"10.0.0.0/8", "::/0", "0.0.0.0/0", "fd00::/128"},
                   {"10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/1e"}},
        FormatCase{"Base64", is_base64, {"aGk=", "YQ==", "YWJj\nYWJj"}, {"a", "aGk", "aG=k", "a b=", "===="}},
        FormatCase{"Url", is_url, {"http://a", "https://a.b/c?d"}, {"ftp://a", "http://", "http:///a", "http://a b"}},
        FormatCase{
            "Timestamp",
            is_timestamp,
            {"2026-01-02T03:04:05", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05+01:00"},
            {"2026-01-02", "2026-01-02T03:04", "2026-01-02T03:04:05X", "yesterday morning early"}},
        FormatCase{"Trimmed", is_trimmed, {"a", "a b"}, {" a", "a ", " ", "a\nb"}}),
    [](auto const& info) { return info.param.name; });

TEST(Identifiers, AreRandomUuids) {
    auto const id = new_uuid();
    EXPECT_TRUE(is_uuid(id));
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(id, new_uuid());
}

TEST(Times, ArePrintedInUtc) {
    auto const at = world::WallTime(std::chrono::microseconds(1767323045000006));
    EXPECT_EQ(timestamp(at), "2026-01-02T03:04:05Z");
    EXPECT_EQ(timestamp_with_micros(at), "2026-01-02T03:04:05.000006Z");
}

#include <volutus/service_traits.hpp>

#include <gtest/gtest.h>

using namespace volutus;

namespace {
Failure missing() { return {Code::not_found, 404, "Network nope could not be found.", {}, "req-1", "network", 0}; }
ServiceTraits const plain_traits{"x", "x"};
std::string printed(Reply const& reply) { return reply.body ? json::print(*reply.body) : reply.text; }
} // namespace

TEST(ErrorForms, AreEachServicesOwn) {
    auto network = plain_traits;
    network.error_key = "NeutronError";
    EXPECT_EQ(printed(errors::fault(missing(), plain_traits)),
              R"({"itemNotFound":{"code":404,"message":"Network nope could not be found."}})");
    EXPECT_EQ(
        printed(errors::typed(missing(), network)),
        R"({"NeutronError":{"type":"NetworkNotFound","message":"Network nope could not be found.","detail":""}})");
    EXPECT_EQ(printed(errors::titled(missing(), plain_traits)),
              R"({"error":{"code":404,"message":"Network nope could not be found.","title":"Not Found"}})");
    EXPECT_EQ(
        printed(errors::listed(missing(), plain_traits)),
        R"({"errors":[{"status":404,"title":"Not Found","detail":"Network nope could not be found.","request_id":"req-1"}]})");
    EXPECT_EQ(printed(errors::plain(missing(), plain_traits)), "Network nope could not be found.\n");
    EXPECT_EQ(printed(errors::simple(missing(), plain_traits)),
              R"({"error":{"code":"not_found","message":"Network nope could not be found."}})");
}

TEST(ErrorForms, MarkupInAMessageIsEscaped) {
    auto failure = missing();
    failure.message = "<script>&";
    EXPECT_NE(printed(errors::html(failure, plain_traits)).find("&lt;script&gt;&amp;"), std::string::npos);
}

TEST(ErrorForms, AListedErrorNamesTheBoundsOfARefusedVersionAndFrom123ACode) {
    auto failure = missing();
    failure.details = {{"min_version", "1.0"}, {"max_version", "1.39"}};
    failure.version = version_from("1.23");
    auto const one = errors::listed(failure, plain_traits).body->at("errors").at(0);
    EXPECT_EQ(json::text(one.at("max_version")), "1.39");
    EXPECT_TRUE(one.as_object().contains("code"));
}

TEST(ErrorForms, OverLimitSaysWhenToComeBack) {
    Failure failure{Code::over_quota, 413, "too much", {}, "req-1", "", 0};
    auto const reply = errors::fault(failure, plain_traits);
    EXPECT_EQ(printed(reply), R"({"overLimit":{"code":413,"message":"too much","retryAfter":"0"}})");
    ASSERT_EQ(reply.headers.size(), 1u);
    EXPECT_EQ(reply.headers[0].name, "Retry-After");
}

TEST(ErrorForms, AServiceMayGiveACodeAnotherStatus) {
    auto traits = plain_traits;
    traits.statuses = {{{Code::over_quota, 403}}};
    EXPECT_EQ(status_of(Code::over_quota, traits), 403u);
    EXPECT_EQ(status_of(Code::not_found, traits), 404u);
}

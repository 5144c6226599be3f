#include "kernel/gateway/router.hpp"

#include <volutus/error.hpp>

#include <gtest/gtest.h>

namespace volutus::kernel::gateway {
namespace {

class Silent final : public Handler {
public:
    Response handle(Request&) override { return {}; }
    Response refuse(Request const&, Refusal const&) override { return {}; }
};

Route make(std::string method, std::string pattern) {
    Route route;
    route.id = method + " " + pattern;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    return route;
}

Mount compute(std::vector<Route> routes, std::vector<Place> places = {{"main", "/compute"}}) {
    return {"compute", std::make_shared<Silent>(), std::move(places), std::move(routes)};
}

std::vector<Route> server_routes() {
    return {make("GET", "/"),
            make("GET", "/v2.1"),
            make("GET", "/v2.1/servers"),
            make("POST", "/v2.1/servers"),
            make("GET", "/v2.1/servers/detail"),
            make("GET", "/v2.1/servers/{server_id}"),
            make("POST", "/v2.1/servers/{server_id}/action"),
            make("GET", "/v2.1/servers/{id}/ips/{label}"),
            make("GET", "/v1/{account}/{container}/{object*}"),
            make("GET", "/v1/{account}/{container}")};
}

struct Row {
    char const *method, *path, *id, *captures, *allow;
};

TEST(Router, APathLeadsToItsRoute) {
    Router const router({compute(server_routes())});
    for (auto const& row : std::vector<Row>{
             {"GET", "/compute", "GET /", "", ""},
             {"GET", "/compute/", "GET /", "", ""},
             {"GET", "/compute/v2.1", "GET /v2.1", "", ""},
             {"GET", "/compute/v2.1/", "GET /v2.1", "", ""},
             {"GET", "/compute/v2.1/servers", "GET /v2.1/servers", "", ""},
             {"HEAD", "/compute/v2.1/servers", "GET /v2.1/servers", "", ""},
             {"GET", "/compute/v2.1/servers/detail", "GET /v2.1/servers/detail", "", ""},
             {"GET", "/compute/v2.1/servers/details", "GET /v2.1/servers/{server_id}", "details", ""},
             {"GET", "/compute/v2.1/servers/detail/ips/x", "GET /v2.1/servers/{id}/ips/{label}", "detail|x", ""},
             {"GET", "/compute/v2.1/servers/a%2Fb", "GET /v2.1/servers/{server_id}", "a%2Fb", ""},
             {"GET", "/compute/v2.1/servers/..", "GET /v2.1/servers/{server_id}", "..", ""},
             {"POST", "/compute/v2.1/servers/7/action", "POST /v2.1/servers/{server_id}/action", "7", ""},
             {"GET", "/compute/v1/a/c/o", "GET /v1/{account}/{container}/{object*}", "a|c|o", ""},
             {"GET", "/compute/v1/a/c/o//../p/", "GET /v1/{account}/{container}/{object*}", "a|c|o//../p/", ""},
             {"GET", "/compute/v1/a/c/", "GET /v1/{account}/{container}", "a|c", ""},
             {"GET", "/compute/v2.1/servers/7/action", "", "", "POST"},
             {"DELETE", "/compute/v2.1/servers", "", "", "GET, HEAD, POST"},
             {"GET", "/compute//v2.1", "", "", ""},
             {"GET", "/compute/v2.1//servers", "", "", ""},
             {"GET", "/compute/v2.1/servers//", "", "", ""},
             {"GET", "/compute/nothing", "", "", ""},
             {"GET", "/compute/v2.1/../v2.1", "", "", ""},
         }) {
        Router::Match match;
        router.find("main", row.method, row.path, match);
        EXPECT_EQ(match.route ? match.route->id : "", row.id) << row.path;
        std::string captures;
        for (auto const capture : match.captures) captures += (captures.empty() ? "" : "|") + std::string(capture);
        EXPECT_EQ(captures, row.captures) << row.path;
        EXPECT_EQ(match.allow, row.allow) << row.path;
        ASSERT_NE(match.mount, nullptr) << row.path;
        EXPECT_EQ(match.prefix, "/compute");
    }
}

TEST(Router, WhereNoServiceIsThereIsNoMount) {
    Router const router({compute(server_routes())});
    for (auto const* path : {"/", "", "/computer", "/other/v2.1", "*"}) {
        Router::Match match;
        router.find("main", "GET", path, match);
        EXPECT_EQ(match.mount, nullptr) << path;
    }
    Router::Match match;
    router.find("another listener", "GET", "/compute", match);
    EXPECT_EQ(match.mount, nullptr);
}

TEST(Router, AServiceHasAPathOnOneListenerAndTheRootOfAnother) {
    Router const router({compute(server_routes(), {{"main", "/compute"}, {"own", ""}})});
    Router::Match match;
    router.find("own", "GET", "/v2.1/servers/7", match);
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.prefix, "");
    auto const index = match.index;
    router.find("main", "GET", "/compute/v2.1/servers/7", match);
    EXPECT_EQ(match.index, index);
}

TEST(Router, EachRouteKnowsTheNamesOfItsCaptures) {
    Router const router({compute(server_routes())});
    Router::Match match;
    router.find("main", "GET", "/compute/v2.1/servers/7/ips/x", match);
    EXPECT_EQ(match.route->captures, (std::vector<std::string>{"id", "label"}));
    router.find("main", "GET", "/compute/v1/a/c/o", match);
    EXPECT_EQ(match.route->captures, (std::vector<std::string>{"account", "container", "object"}));
}

TEST(Router, ATableThatCannotBeIsRefused) {
    auto const refused = [](std::vector<Mount> mounts) {
        try {
            Router const router(std::move(mounts));
            return std::string();
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), Code::invalid);
            return std::string(error.what());
        }
    };
    for (auto const* pattern : {"v2", "/a//b", "/{}", "/{a*}/b", "/a{b}", "/a?b", "/{a"})
        EXPECT_NE(refused({compute({make("GET", pattern)})}), "") << pattern;
    for (auto const* prefix : {"compute", "/compute/", "//", "/a//b", "/{a}"})
        EXPECT_NE(refused({compute({}, {{"main", prefix}})}), "") << prefix;
    EXPECT_NE(refused({compute({make("GET", "/a/{b}"), make("GET", "/a/{c}")})}), "");
    EXPECT_NE(refused({compute({}), compute({})}), "");
    EXPECT_NE(refused({{"compute", nullptr, {}, {}}}), "");
    auto streaming = make("PUT", "/a");
    streaming.streams_body = streaming.reads_only = true;
    EXPECT_NE(refused({compute({streaming})}), "");
    EXPECT_EQ(refused({compute({make("GET", "/a/{b}"), make("PUT", "/a/{c}")})}), "");
}

} // namespace
} // namespace volutus::kernel::gateway

#include "widget_service.hpp"

#include <boost/json/parse.hpp>

using namespace sdk_resource::toy;

namespace {
struct Filled : Widgets {
    Filled() {
        for (auto const* name : {"e", "c", "a", "d", "b"}) created(name, name[0] - 'a');
        other = testkit::member_of("p2");
        EXPECT_EQ(send("POST /v1/widgets", "", other, R"({"widget":{"name":"z"}})").status, 201u);
        fake.store.queries = 0;
    }
};
} // namespace

TEST_F(Filled, APageHoldsTheLimitAndNamesTheNext) {
    auto const first = listed({{"limit", "2"}});
    EXPECT_EQ(names(first), "a b ");
    EXPECT_EQ(fake.store.queries, 1u);
    auto const link = json::text(first.body().at("widgets_links").at(0).at("href"));
    auto const marker = json::text(first.body().at("widgets").at(1).at("id"));
    EXPECT_EQ(link, "https://cloud.test/toy/v1/widgets?limit=2&marker=" + marker);
    auto const second = listed({{"limit", "2"}, {"marker", marker}});
    EXPECT_EQ(names(second), "c d ");
    auto const last = listed({{"limit", "2"}, {"marker", json::text(second.body().at("widgets").at(1).at("id"))}});
    EXPECT_EQ(names(last), "e ");
    EXPECT_FALSE(last.body().as_object().contains("widgets_links"));
}

TEST_F(Filled, WithoutALimitAPageIsTheServicesLargest) {
    EXPECT_EQ(names(listed()), "a b c ");
    EXPECT_EQ(names(listed({{"limit", "100"}})), "a b c ");
    EXPECT_EQ(names(listed({{"limit", "0"}})), "a b c ");
}

TEST_F(Filled, AStoreThatEndsItsPagesEarlyIsAskedAgain) {
    fake.store.page_most = 1;
    EXPECT_EQ(names(listed({{"limit", "3"}})), "a b c ");
    EXPECT_EQ(fake.store.queries, 3u);
}

TEST_F(Filled, FiltersSortsAndFieldsAreDeclaredOnes) {
    EXPECT_EQ(names(listed({{"name", "d"}})), "d ");
    EXPECT_EQ(names(listed({{"name", "d"}, {"name", "a"}})), "a d ");
    EXPECT_EQ(names(listed({{"weight", "4"}})), "e ");
    EXPECT_EQ(names(listed({{"shared", "false"}, {"limit", "1"}})), "a ");
    EXPECT_EQ(names(listed({{"sort_key", "weight"}, {"sort_dir", "desc"}})), "e d c ");
    EXPECT_EQ(names(listed({{"sort", "weight:desc,name"}})), "e d c ");
    EXPECT_EQ(names(listed({{"colour", "no filter, so ignored"}, {"limit", "1"}})), "a ");
    EXPECT_EQ(json::print(listed({{"fields", "name"}, {"fields", "weight"}, {"limit", "1"}}).body().at("widgets")),
              R"([{"name":"a","weight":0}])");
    EXPECT_EQ(json::print(listed({{"fields", "nobody knows it"}, {"limit", "1"}}).body().at("widgets")), "[{}]");
}

TEST_F(Filled, BadQueriesAreRefusedByName) {
    for (auto const& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"limit", "-1"},
                                                          {"limit", "x"},
                                                          {"limit", ""},
                                                          {"limit", "99999999999999999999999"},
                                                          {"sort_key", "colour"},
                                                          {"weight", "heavy"},
                                                          {"shared", "maybe"}}) {
        auto const reply = listed({{name, value}});
        EXPECT_EQ(reply.status, 400u) << name << "=" << value;
        EXPECT_THAT(fault(reply), testing::HasSubstr(name));
    }
    EXPECT_EQ(listed({{"sort_key", "name"}, {"sort_dir", "up"}}).status, 400u);
    auto const unknown = listed({{"marker", "gone"}});
    EXPECT_EQ(unknown.status, 400u);
    EXPECT_THAT(fault(unknown), testing::HasSubstr("marker [gone] not found"));
}

TEST_F(Filled, AnotherProjectsAreSeenByWhoMayAndAsks) {
    auto all = [&](Context const& as) {
        return send("GET /v1/widgets", "", as, {}, {{"all_projects", "1"}, {"sort_key", "name"}, {"sort_dir", "desc"}});
    };
    EXPECT_EQ(names(all(admin)), "z e d ");
    EXPECT_EQ(all(member).status, 403u);
    EXPECT_EQ(names(send("GET /v1/widgets", "", admin)), "");
    EXPECT_EQ(names(send("GET /v1/widgets", "", other)), "z ");
}

TEST_F(Filled, AFilterOfANewerVersionIsNone) {
    EXPECT_EQ(names(listed({{"owner", "nobody"}, {"limit", "1"}})), "a ");
    version = "1.4";
    EXPECT_EQ(names(listed({{"owner", "nobody"}})), "");
}

TEST_F(Filled, EachServiceLinksItsPagesInItsOwnWay) {
    auto with = [&](auto change, std::vector<service::Pair> query) {
        auto changed = traits;
        changed.versions = {};
        change(changed);
        Service there(fake.host(), changed);
        service::HttpRequest http;
        http.route = "GET /v1/widgets";
        http.path = "/v1/widgets";
        http.base = "http://h";
        http.query = std::move(query);
        return fake.send(there, http, &member);
    };
    auto const links = with([](auto& t) { t.pages = Pages::links; }, {});
    EXPECT_EQ(json::text(links.body().at("links").at("self")), "http://h/v1/widgets");
    EXPECT_TRUE(links.body().at("links").at("previous").is_null());
    EXPECT_TRUE(links.body().at("links").at("next").is_string());
    auto const next = with([](auto& t) { t.pages = Pages::next; }, {{"limit", "1"}});
    EXPECT_EQ(json::text(next.body().at("first")), "/v1/widgets?limit=1");
    EXPECT_THAT(json::text(next.body().at("next")), testing::StartsWith("/v1/widgets?limit=1&marker="));
    auto const whole = with([](auto& t) { t.whole_lists = true, t.pages = Pages::key_links_both; }, {});
    EXPECT_EQ(names(whole), "a b c d e ");
    EXPECT_FALSE(whole.body().as_object().contains("widgets_links"));
    auto both = [](auto& t) { t.pages = Pages::key_links_both; };
    auto const middle = with(both, {{"limit", "2"}, {"marker", json::text(whole.body().at("widgets").at(1).at("id"))}});
    EXPECT_EQ(names(middle), "c d ");
    EXPECT_EQ(middle.body().at("widgets_links").as_array().size(), 2u);
    auto const back = with(
        both,
        {{"limit", "1"}, {"page_reverse", "True"}, {"marker", json::text(middle.body().at("widgets").at(0).at("id"))}});
    EXPECT_EQ(names(back), "b ");
    EXPECT_EQ(with([](auto& t) { t.refuses_unknown_queries = true; }, {{"nonsense", "1"}}).status, 400u);
    EXPECT_EQ(with([](auto& t) { t.unknown_marker = Code::not_found; }, {{"marker", "gone"}}).status, 404u);
}

TEST_F(Widgets, ALargeListIsWrittenInPiecesAndWhole) {
    for (int i = 0; i < 300; ++i) {
        store::Apply apply;
        auto const id = "w" + std::to_string(i);
        apply.put.push_back(
            {"toy.widget",
             id,
             {{"id", json::string(id)}, {"project_id", "p1"}, {"name", json::string(std::string(1000, 'n') + id)}}});
        fake.store.apply(apply);
    }
    auto large = traits;
    large.page_limit = 1000;
    Service there(fake.host(), large);
    service::HttpRequest http;
    http.route = "GET /v1/widgets";
    http.path = "/v1/widgets";
    auto const reply = fake.send(there, http, &member);
    EXPECT_EQ(reply.status, 200u);
    EXPECT_GT(reply.text.size(), VLT_DOCUMENT_MAX);
    EXPECT_EQ(boost::json::parse(reply.text).at("widgets").as_array().size(), 300u);
}

#include "identity_fixture.hpp"

#include "plugins/identity/service/endpoint_url.hpp"

using namespace identity_tests;
using testing::Each;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

namespace {
struct CatalogOf : Identity {
    json::array catalog(std::string const& user = "admin", std::string const& password = "secret") {
        return try_login(password_body(user, password, scope_of_project(user)))
            .body()
            .at("token")
            .at("catalog")
            .as_array();
    }
    json::object entry(std::string const& type) {
        for (auto const& service : catalog())
            if (json::text(service.at("type")) == type) return service.as_object();
        return {};
    }
    std::string service(std::string const& type) {
        return json::text(done(admin, "GET", "/v3/services?type=" + type).at("services").as_array().at(0).at("id"));
    }
    std::string endpoint_body(std::string const& type, std::string const& url, std::string const& more = {}) {
        return R"({"endpoint":{"interface":"public","service_id":")" + service(type) + R"(","url":")" + url + "\"" +
               more + "}}";
    }
};
} // namespace

TEST_F(CatalogOf, ALoadedServiceHasThreeInterfacesAtTheAddressOfTheRequest) {
    auto const compute = entry("compute");
    EXPECT_EQ(json::text(compute.at("name")), "compute");
    EXPECT_THAT(texts(compute.at("endpoints"), "interface"), UnorderedElementsAre("public", "internal", "admin"));
    EXPECT_THAT(texts(compute.at("endpoints"), "region"), Each("RegionOne"));
    EXPECT_THAT(texts(compute.at("endpoints"), "region_id"), Each("RegionOne"));
    EXPECT_THAT(texts(compute.at("endpoints"), "url"), Each("https://cloud.test/compute/v2.1"));
    EXPECT_THAT(texts(done(admin, "GET", "/v3/endpoints?service_id=" + service("compute")).at("endpoints"), "url"),
                Each("https://cloud.test/compute/v2.1"));
}

TEST_F(CatalogOf, TheConfiguredAddressStandsBeforeThatOfTheRequest) {
    start({{"public_url", "https://cloud.example.org/"}});
    EXPECT_THAT(texts(entry("compute").at("endpoints"), "url"), Each("https://cloud.example.org/compute/v2.1"));
}

TEST_F(CatalogOf, WhatAnOperatorChangedStaysAndWhatIsMissingIsAdded) {
    auto const shown = done(admin, "GET", "/v3/endpoints?interface=public&service_id=" + service("compute"));
    auto const id = json::text(shown.at("endpoints").as_array().at(0).at("id"));
    done(admin, "PATCH", "/v3/endpoints/" + id, R"({"endpoint":{"url":"https://other.test/v2.1"}})");
    loaded.push_back({"image", "image", "", "/image", {}});
    start();
    EXPECT_EQ(json::text(done(admin, "GET", "/v3/endpoints/" + id).at("endpoint").at("url")),
              "https://other.test/v2.1");
    EXPECT_EQ(entry("compute").at("endpoints").as_array().size(), 3u);
    EXPECT_EQ(entry("image").at("endpoints").as_array().size(), 3u);
}

TEST_F(CatalogOf, AddressesAreFilledInForTheTokensProject) {
    done(admin, "POST", "/v3/endpoints", endpoint_body("compute", "http://s3.test/AUTH_$(project_id)s/%(user_id)s"));
    EXPECT_THAT(texts(entry("compute").at("endpoints"), "url"),
                testing::Contains("http://s3.test/AUTH_" + admin_project + "/" + admin_id));
    auto const domain = try_login(password_body("admin", "secret", R"({"system":{"all":true}})")).body();
    EXPECT_EQ(domain.at("token").at("catalog").as_array().at(0).at("endpoints").as_array().size(), 3u); // left out
}

TEST(EndpointUrl, IsFilledInAsKeystoneDoes) {
    using identity_service::filled_in;
    identity_service::UrlValues const values{{"base", "http://c"}, {"project_id", "p"}};
    EXPECT_EQ(filled_in("$(base)s/x/%(project_id)s", values), "http://c/x/p");
    EXPECT_EQ(filled_in("http://a/%20$", values), "http://a/%20$");
    for (auto const* bad : {"%(nobody)s", "$(base)", "$(base", "$(base)d", "%(project_id"})
        EXPECT_EQ(filled_in(bad, values), std::nullopt) << bad;
}

TEST_F(CatalogOf, AnEndpointNeedsAServiceAndARegionAndANamedRegionIsMade) {
    auto post = [&](std::string const& body) { return ask(admin, "POST", "/v3/endpoints", body).status; };
    EXPECT_EQ(post(R"({"endpoint":{"interface":"public","service_id":"none","url":"http://a"}})"), 400u);
    EXPECT_EQ(post(endpoint_body("compute", "http://a", R"(,"region_id":"nowhere")")), 400u);
    EXPECT_EQ(post(endpoint_body("compute", "http://a/$(nobody)s")), 400u);
    EXPECT_EQ(post(endpoint_body("compute", "http://a", R"(,"region":"Mars")")), 201u);
    EXPECT_EQ(ask(admin, "GET", "/v3/regions/Mars").status, 200u);
    EXPECT_EQ(ask(admin, "DELETE", "/v3/regions/Mars").status, 403u); // an endpoint is there
}

TEST_F(CatalogOf, RegionsMayBeNamedByThePathAndNestedAndGoTogether) {
    EXPECT_EQ(ask(admin, "PUT", "/v3/regions/Earth", R"({"region":{"description":"d"}})").status, 201u);
    EXPECT_EQ(ask(admin, "PUT", "/v3/regions/Earth", R"({"region":{}})").status, 409u);
    EXPECT_EQ(ask(admin, "POST", "/v3/regions", R"({"region":{"id":"Oslo","parent_region_id":"Earth"}})").status, 201u);
    EXPECT_EQ(ask(admin, "POST", "/v3/regions", R"({"region":{"parent_region_id":"gone"}})").status, 404u);
    EXPECT_EQ(ask(admin, "DELETE", "/v3/regions/Earth").status, 204u);
    EXPECT_EQ(ask(admin, "GET", "/v3/regions/Oslo").status, 404u);
}

TEST_F(CatalogOf, AServiceTakesItsEndpointsWithIt) {
    auto const id = service("compute");
    done(admin, "DELETE", "/v3/services/" + id);
    EXPECT_TRUE(done(admin, "GET", "/v3/endpoints?service_id=" + id).at("endpoints").as_array().empty());
}

TEST_F(CatalogOf, DisabledServicesAndEndpointsAreNotShown) {
    done(admin, "PATCH", "/v3/services/" + service("compute"), R"({"service":{"enabled":false}})");
    EXPECT_TRUE(entry("compute").empty());
}

TEST_F(CatalogOf, IsReadAgainWhenItChangedAndOnlyThen) {
    auto const cost = [this] {
        auto const before = fake.store.queries;
        catalog();
        return fake.store.queries - before;
    };
    catalog();
    auto const usual = cost();
    done(admin, "POST", "/v3/services", R"({"service":{"type":"later"}})");
    EXPECT_GT(cost(), usual);
    EXPECT_EQ(cost(), usual);
    EXPECT_FALSE(entry("later").empty());
}

TEST_F(CatalogOf, TheVersionsAreToldToEverybody) {
    auto const all = ask(testkit::nobody(), "GET", "/");
    EXPECT_EQ(all.status, 300u);
    EXPECT_THAT(texts(all.body().at("versions").at("values"), "id"), ElementsAre("v3.14"));
    auto const one = ask(testkit::nobody(), "GET", "/v3");
    EXPECT_EQ(one.status, 200u);
    EXPECT_EQ(json::text(one.body().at("version").at("links").as_array().at(0).at("href")),
              "https://cloud.test/identity/v3/");
}

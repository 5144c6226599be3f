#include "compute_cloud.hpp"

using namespace compute_tests;

namespace {

std::vector<std::string> names(testkit::Answer const& reply, char const* key = "flavors") {
    std::vector<std::string> out;
    auto const body = reply.body();
    for (auto const& row : body.at(key).as_array()) out.push_back(json::text(row.at("name")));
    return out;
}

struct Flavors : testing::Test {
    Cloud cloud;
};

} // namespace

TEST_F(Flavors, AVersionShowsWhatItHas) {
    auto const id = cloud.make_flavor("small", R"(,"id":null,"swap":0)");
    auto const old = cloud.get("/v2.1/flavors/" + id).body().at("flavor").as_object();
    EXPECT_EQ(old.at("swap"), json::value(""));
    EXPECT_FALSE(old.contains("description"));
    EXPECT_FALSE(old.contains("extra_specs"));
    EXPECT_EQ(old.at("links").as_array().size(), 2u);
    EXPECT_EQ(json::text(old.at("links").at(0).at("href")), "http://cloud.test/compute/v2.1/flavors/" + id);
    EXPECT_EQ(json::text(old.at("links").at(1).at("href")), "http://cloud.test/compute/flavors/" + id);
    auto const newer = cloud.get("/v2.1/flavors/" + id, "2.61").body().at("flavor").as_object();
    EXPECT_TRUE(newer.at("description").is_null());
    EXPECT_TRUE(newer.at("extra_specs").as_object().empty());
    EXPECT_EQ(cloud.get("/v2.1/flavors/" + id, "2.75").body().at("flavor").at("swap"), json::value(0));
    EXPECT_FALSE(cloud.get("/v2.1/flavors").body().at("flavors").at(0).as_object().contains("ram"));
}

TEST_F(Flavors, NumbersMayComeAsTextAndIdsAsNumbers) {
    auto const reply =
        cloud.as_admin("POST", "/v2.1/flavors", R"({"flavor":{"name":"f","ram":"64","vcpus":"2","disk":"0","id":42}})");
    EXPECT_EQ(reply.status, 200u) << reply.text;
    EXPECT_EQ(cloud.get("/v2.1/flavors/42").body().at("flavor").at("ram"), json::value(64));
}

TEST_F(Flavors, BadOnesAreRefused) {
    cloud.make_flavor("taken", R"(,"id":"t")");
    auto const send = [&](std::string const& body) { return cloud.as_admin("POST", "/v2.1/flavors", body).status; };
    for (std::string const fields :
         {R"("name":"")", R"("name":" x")", R"("name":"x","ram":0)", R"("name":"x","vcpus":0)",
          R"("name":"x","disk":-1)", R"("name":"x","id":"a/b")", R"("name":"x","id":"")",
          R"("name":"x","rxtx_factor":0)", R"("name":"x","colour":1)"})
        EXPECT_EQ(send(R"({"flavor":{"ram":64,"vcpus":1,"disk":1,)" + fields + "}}"), 400u) << fields;
    EXPECT_EQ(send(R"({"flavor":{"ram":64,"vcpus":1,"disk":1,"name":"taken"}})"), 409u);
    EXPECT_EQ(send(R"({"flavor":{"ram":64,"vcpus":1,"disk":1,"name":"new","id":"t"}})"), 409u);
    EXPECT_EQ(cloud.post("/v2.1/flavors", R"({"flavor":{"ram":64,"vcpus":1,"disk":1,"name":"mine"}})").status, 403u);
}

TEST_F(Flavors, ListsAreFilteredAndPaged) {
    cloud.make_flavor("a", R"(,"id":"1")");
    cloud.as_admin("POST", "/v2.1/flavors", R"({"flavor":{"name":"b","ram":512,"vcpus":1,"disk":20,"id":"2"}})");
    EXPECT_THAT(names(cloud.get("/v2.1/flavors?minRam=200")), testing::ElementsAre("b"));
    EXPECT_THAT(names(cloud.get("/v2.1/flavors/detail?minDisk=20")), testing::ElementsAre("b"));
    auto const page = cloud.get("/v2.1/flavors?limit=1");
    EXPECT_THAT(names(page), testing::ElementsAre("a"));
    EXPECT_EQ(json::text(page.body().at("flavors_links").at(0).at("href")),
              "http://cloud.test/compute/v2.1/flavors?limit=1&marker=1");
    EXPECT_THAT(names(cloud.get("/v2.1/flavors?limit=1&marker=1")), testing::ElementsAre("b"));
    EXPECT_THAT(names(cloud.get("/v2.1/flavors?sort_key=memory_mb&sort_dir=desc")), testing::ElementsAre("b", "a"));
    for (auto const* bad : {"limit=-1", "limit=x", "marker=none", "minRam=x", "sort_key=colour"})
        EXPECT_EQ(cloud.get(std::string("/v2.1/flavors?") + bad).status, 400u) << bad;
}

TEST_F(Flavors, AFlavorThatIsNotPublicIsSeenByThoseWhoWereGivenIt) {
    auto const id = cloud.make_flavor("hidden", R"(,"os-flavor-access:is_public":false)");
    EXPECT_EQ(cloud.get("/v2.1/flavors/" + id).status, 404u);
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/flavors?is_public=None")), testing::ElementsAre("hidden"));
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/flavors")), testing::IsEmpty());
    auto const action = "/v2.1/flavors/" + id + "/action";
    EXPECT_EQ(cloud.as_admin("POST", action, R"({"addTenantAccess":{"tenant":"p1"}})").status, 200u);
    EXPECT_EQ(cloud.as_admin("POST", action, R"({"addTenantAccess":{"tenant":"p1"}})").status, 409u);
    EXPECT_EQ(cloud.get("/v2.1/flavors/" + id).status, 200u);
    EXPECT_EQ(json::text(cloud.as_admin("GET", "/v2.1/flavors/" + id + "/os-flavor-access")
                             .body()
                             .at("flavor_access")
                             .at(0)
                             .at("tenant_id")),
              "p1");
    EXPECT_EQ(cloud.as_admin("POST", action, R"({"removeTenantAccess":{"tenant":"p1"}})").status, 200u);
    EXPECT_EQ(cloud.as_admin("POST", action, R"({"removeTenantAccess":{"tenant":"p1"}})").status, 404u);
    EXPECT_EQ(cloud.get("/v2.1/flavors/" + id).status, 404u);
}

TEST_F(Flavors, ExtraSpecsAreSetReadAndRemoved) {
    auto const path = "/v2.1/flavors/" + cloud.make_flavor("f") + "/os-extra_specs";
    EXPECT_EQ(cloud.as_admin("POST", path, R"({"extra_specs":{"hw:cpu_policy":"shared","n":1}})").status, 200u);
    EXPECT_EQ(cloud.get(path + "/n").text, R"({"n":"1"})");
    EXPECT_EQ(cloud.as_admin("PUT", path + "/n", R"({"n":"2"})").status, 200u);
    EXPECT_EQ(cloud.as_admin("PUT", path + "/n", R"({"m":"2"})").status, 400u);
    EXPECT_EQ(cloud.as_admin("POST", path, R"({"extra_specs":{"a/b":"c"}})").status, 400u);
    EXPECT_EQ(cloud.as_admin("DELETE", path + "/n").status, 200u);
    EXPECT_EQ(cloud.get(path + "/n").status, 404u);
    EXPECT_EQ(cloud.get(path).text, R"({"extra_specs":{"hw:cpu_policy":"shared"}})");
    EXPECT_EQ(cloud.as_admin("DELETE", "/v2.1/flavors/none").status, 404u);
}

#include "compute_cloud.hpp"

using namespace compute_tests;

namespace {

std::vector<std::string> names(testkit::Answer const& reply) {
    EXPECT_EQ(reply.status, 200u) << reply.text;
    std::vector<std::string> out;
    auto const body = reply.body();
    for (auto const& row : body.at("servers").as_array()) out.push_back(json::text(row.at("name")));
    return out;
}

struct ServerLists : testing::Test {
    Cloud cloud;
    std::string web, db;
    ServerLists() {
        web = cloud.make_server("web-1");
        db = cloud.make_server("db-1", R"(,"metadata":{"tier":"data"})");
        cloud.wait_until(web, "ACTIVE");
        cloud.wait_until(db, "ACTIVE");
    }
    std::vector<std::string> listed(std::string const& query, std::string const& version = "2.1") {
        return names(cloud.get("/v2.1/servers?sort_key=name&sort_dir=asc&" + query, version));
    }
};

} // namespace

TEST_F(ServerLists, NamesAreRegularExpressions) {
    EXPECT_THAT(listed("name=web"), testing::ElementsAre("web-1"));
    EXPECT_THAT(listed("name=-1$"), testing::ElementsAre("db-1", "web-1"));
    EXPECT_THAT(listed("name=^1"), testing::IsEmpty());
    EXPECT_EQ(cloud.get("/v2.1/servers?name=(").status, 400u);
    EXPECT_EQ(cloud.get("/v2.1/servers?name=" + std::string(300, '(')).status, 400u);
}

TEST_F(ServerLists, FiltersNarrow) {
    EXPECT_THAT(listed("status=active"), testing::ElementsAre("db-1", "web-1"));
    EXPECT_THAT(listed("status=SHUTOFF"), testing::IsEmpty());
    EXPECT_THAT(listed("image=" + std::string(image_id)), testing::SizeIs(2));
    EXPECT_THAT(listed("flavor=none"), testing::IsEmpty());
    EXPECT_THAT(listed("ip=10.0.0"), testing::SizeIs(2));
    EXPECT_THAT(listed("ip=192"), testing::IsEmpty());
    EXPECT_THAT(listed("host=nowhere"), testing::SizeIs(2)) << "only operators filter by host";
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/servers?all_tenants=1&host=nowhere")), testing::IsEmpty());
    EXPECT_EQ(cloud.get("/v2.1/servers?status=BROKEN", "2.38").status, 400u);
    EXPECT_EQ(cloud.get("/v2.1/servers?limit=-1").status, 400u);
    EXPECT_EQ(cloud.get("/v2.1/servers?marker=none").status, 400u);
    EXPECT_EQ(cloud.get("/v2.1/servers?changes-since=yesterday").status, 400u);
}

TEST_F(ServerLists, AFilteredListHasPagesToo) {
    auto const page = cloud.get("/v2.1/servers?name=1&limit=1&sort_key=name&sort_dir=asc");
    EXPECT_THAT(names(page), testing::ElementsAre("db-1"));
    EXPECT_TRUE(page.body().as_object().contains("servers_links"));
    EXPECT_THAT(listed("name=1&limit=1&marker=" + db), testing::ElementsAre("web-1"));
}

TEST_F(ServerLists, OthersServersAreSeenByOperatorsWhoAsk) {
    EXPECT_THAT(names(cloud.ask({"GET", "/v2.1/servers", {}, cloud.other})), testing::IsEmpty());
    EXPECT_EQ(cloud.ask({"GET", "/v2.1/servers?all_tenants=1", {}, cloud.other}).status, 403u);
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/servers")), testing::IsEmpty());
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/servers?all_tenants=True")), testing::SizeIs(2));
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/servers?all_tenants=True&project_id=p9")), testing::IsEmpty());
    EXPECT_EQ(cloud.ask({"GET", "/v2.1/servers/" + web, {}, cloud.other}).status, 404u);
}

TEST_F(ServerLists, DeletedServersShowWhereChangesAreAsked) {
    cloud.ask({"DELETE", "/v2.1/servers/" + web, {}, cloud.member});
    cloud.wait_until(web, "");
    EXPECT_THAT(listed(""), testing::ElementsAre("db-1"));
    auto const changed = cloud.get("/v2.1/servers/detail?changes-since=2020-01-01T00:00:00Z").body();
    std::map<std::string, std::string> status;
    for (auto const& row : changed.at("servers").as_array())
        status[json::text(row.at("name"))] = json::text(row.at("status"));
    EXPECT_THAT(status, testing::ElementsAre(testing::Pair("db-1", "ACTIVE"), testing::Pair("web-1", "DELETED")));
    EXPECT_THAT(listed("changes-since=2200-01-01T00:00:00Z"), testing::IsEmpty());
    EXPECT_THAT(names(cloud.as_admin("GET", "/v2.1/servers?all_tenants=1&deleted=True")),
                testing::ElementsAre("web-1"));
}

TEST_F(ServerLists, AServerIsRenamedAndItsMetadataKept) {
    auto const path = "/v2.1/servers/" + web;
    auto const renamed = cloud.ask({"PUT", path, R"({"server":{"name":"front","accessIPv6":"::1"}})", cloud.member});
    EXPECT_EQ(renamed.status, 200u) << renamed.text;
    EXPECT_EQ(json::text(renamed.body().at("server").at("name")), "front");
    EXPECT_FALSE(renamed.body().at("server").as_object().contains("key_name"));
    EXPECT_EQ(cloud.ask({"PUT", path, R"({"server":{"status":"ERROR"}})", cloud.member}).status, 400u);
    EXPECT_EQ(cloud.ask({"PUT", path, R"({"server":{"name":""}})", cloud.member}).status, 400u);

    EXPECT_EQ(cloud.post(path + "/metadata", R"({"metadata":{"a":"1","b":"2"}})").text,
              R"({"metadata":{"a":"1","b":"2"}})");
    EXPECT_EQ(cloud.ask({"PUT", path + "/metadata/a", R"({"meta":{"a":"3"}})", cloud.member}).status, 200u);
    EXPECT_EQ(cloud.get(path + "/metadata/a").text, R"({"meta":{"a":"3"}})");
    EXPECT_EQ(cloud.ask({"DELETE", path + "/metadata/b", {}, cloud.member}).status, 204u);
    EXPECT_EQ(cloud.ask({"DELETE", path + "/metadata/b", {}, cloud.member}).status, 404u);
    EXPECT_EQ(cloud.ask({"PUT", path + "/metadata", R"({"metadata":{"c":"4"}})", cloud.member}).text,
              R"({"metadata":{"c":"4"}})");
    EXPECT_EQ(cloud.post(path + "/metadata", R"({"metadata":{"c":4}})").status, 400u);
    EXPECT_EQ(cloud.post(path + "/metadata", R"({"metadata":{"":"x"}})").status, 400u);
}

TEST_F(ServerLists, WhatBelongsToAServerIsShown) {
    auto const path = "/v2.1/servers/" + web;
    EXPECT_EQ(json::text(cloud.get(path + "/ips").body().at("addresses").at("private").at(1).at("addr")),
              "203.0.113.9");
    EXPECT_EQ(cloud.get(path + "/ips/none").status, 404u);
    EXPECT_EQ(cloud.get(path + "/os-interface").body().at("interfaceAttachments").as_array().size(), 1u);
    EXPECT_EQ(json::text(cloud.get(path + "/os-security-groups").body().at("security_groups").at(0).at("id")),
              group_id);
    EXPECT_EQ(cloud.get("/v2.1/os-security-groups/default").status, 400u);
    EXPECT_EQ(cloud.get("/v2.1/os-security-groups/" + std::string(group_id)).status, 200u);
    EXPECT_EQ(cloud.post(path + "/action", R"({"addSecurityGroup":{"name":"extra"}})").status, 202u);
    EXPECT_EQ(cloud.post(path + "/action", R"({"removeSecurityGroup":{"name":"extra"}})").status, 202u);
    EXPECT_EQ(cloud.post(path + "/action", R"({"removeSecurityGroup":{"name":"extra"}})").status, 404u);
    auto const events = cloud.get(path + "/os-instance-actions").body().at("instanceActions").as_array();
    EXPECT_EQ(json::text(events.back().at("action")), "create");
    EXPECT_EQ(cloud.get(path + "/os-volume_attachments").text, R"({"volumeAttachments":[]})");
}

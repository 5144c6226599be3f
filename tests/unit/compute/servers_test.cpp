#include "compute_cloud.hpp"

using namespace compute_tests;

TEST(Servers, AServerLivesFromCreateToDelete) {
    Cloud cloud;
    auto const id = cloud.make_server("first");
    cloud.wait_until(id, "ACTIVE");
    auto const shown = cloud.shown(id);
    EXPECT_EQ(json::text(shown.at("OS-EXT-STS:vm_state")), "active");
    EXPECT_EQ(shown.at("OS-EXT-STS:power_state"), json::value(1));
    EXPECT_EQ(json::text(shown.at("addresses").at("private").at(0).at("addr")), "10.0.0.5");
    EXPECT_EQ(json::text(shown.at("security_groups").at(0).at("name")), "default");
    EXPECT_EQ(cloud.guests(), 1u);
    EXPECT_EQ(cloud.used("p1", "instances"), 1);
    EXPECT_EQ(cloud.used_of_hosts("MEMORY_MB"), 128);

    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/servers/" + id, {}, cloud.member}).status, 204u);
    cloud.wait_until(id, "");
    EXPECT_EQ(cloud.guests(), 0u);
    EXPECT_THAT(cloud.ports->attached(), testing::IsEmpty());
    EXPECT_EQ(cloud.used("p1", "instances"), 0);
    EXPECT_EQ(cloud.used("p1", "ram"), 0);
    EXPECT_EQ(cloud.used_of_hosts("VCPU"), 0);
}

TEST(Servers, WhereNoHostHasRoomTheServerSaysWhy) {
    Cloud cloud({{"hosts", 2}, {"vcpus", 1}}, {{"cpu_allocation_ratio", 1.0}});
    cloud.wait_until(cloud.make_server("one"), "ACTIVE");
    cloud.wait_until(cloud.make_server("two"), "ACTIVE");
    auto const third = cloud.make_server("three");
    cloud.wait_until(third, "ERROR");
    auto const fault = cloud.shown(third).at("fault");
    EXPECT_THAT(json::text(fault.at("message")),
                testing::AllOf(testing::HasSubstr("No valid host was found"),
                               testing::HasSubstr("VCPU"), // which only the claims know: the scheduler is behind here
                               testing::Not(testing::HasSubstr("simulated-1")))); // which is the operator's
    EXPECT_EQ(fault.at("code"), json::value(500));
    EXPECT_EQ(cloud.used_of_hosts("VCPU"), 2);
    cloud.ask({"DELETE", "/v2.1/servers/" + third, {}, cloud.member});
    cloud.wait_until(third, "");
    EXPECT_EQ(cloud.used("p1", "instances"), 2);
}

TEST(Servers, WhatACreateTookIsGivenBackWhenItFails) {
    Cloud cloud({{"hosts", 1}, {"fails", json::array{"start"}}});
    auto const id = cloud.make_server("unlucky");
    cloud.wait_until(id, "ERROR");
    wait_for("the room to be free", [&] { return cloud.used_of_hosts("VCPU") == 0; });
    EXPECT_EQ(cloud.guests(), 0u);
    EXPECT_THAT(cloud.ports->attached(), testing::IsEmpty());
    EXPECT_THAT(json::text(cloud.shown(id).at("fault").at("message")), testing::HasSubstr("fail start"));
    EXPECT_EQ(cloud.used("p1", "instances"), 1) << "a server in ERROR counts until it is deleted";
}

TEST(Servers, ARefusedPortPutsTheServerInErrorBeforeAnythingRuns) {
    Cloud cloud;
    cloud.ports->refusal = "Port is in use";
    auto const id = cloud.make_server("portless");
    cloud.wait_until(id, "ERROR");
    wait_for("the room to be free", [&] { return cloud.used_of_hosts("VCPU") == 0; });
    EXPECT_THAT(json::text(cloud.shown(id).at("fault").at("message")), testing::HasSubstr("Port is in use"));
    EXPECT_EQ(cloud.guests(), 0u);
}

TEST(Servers, AServerThatIsBeingBuiltMayBeDeleted) {
    Cloud cloud({{"hosts", 1}, {"latency_ms", 50}});
    auto const id = cloud.make_server("fleeting");
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/servers/" + id, {}, cloud.member}).status, 204u);
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/servers/" + id, {}, cloud.member}).status, 204u) << "again";
    cloud.wait_until(id, "");
    EXPECT_EQ(cloud.guests(), 0u);
    EXPECT_EQ(cloud.used_of_hosts("VCPU"), 0);
    EXPECT_EQ(cloud.used("p1", "cores"), 0);
    EXPECT_THAT(cloud.ports->attached(), testing::IsEmpty());
}

TEST(Servers, StopStartRebootAndPauseDoWhatTheySay) {
    Cloud cloud;
    auto const id = cloud.make_server("web");
    cloud.wait_until(id, "ACTIVE");
    auto const action = "/v2.1/servers/" + id + "/action";
    EXPECT_EQ(cloud.post(action, R"({"os-start":null})").status, 409u);
    EXPECT_EQ(cloud.post(action, R"({"os-stop":null})").status, 202u);
    cloud.wait_until(id, "SHUTOFF");
    EXPECT_EQ(cloud.shown(id).at("OS-EXT-STS:power_state"), json::value(4));
    EXPECT_EQ(cloud.post(action, R"({"reboot":{"type":"SOFT"}})").status, 409u);
    EXPECT_EQ(cloud.post(action, R"({"os-start":null})").status, 202u);
    cloud.wait_until(id, "ACTIVE");
    for (auto const* body : {R"({"reboot":{"type":"SOFT"}})", R"({"reboot":{"type":"HARD"}})"}) {
        EXPECT_EQ(cloud.post(action, body).status, 202u);
        cloud.wait_until(id, "ACTIVE");
    }
    EXPECT_EQ(cloud.post(action, R"({"pause":null})").status, 202u);
    cloud.wait_until(id, "PAUSED");
    EXPECT_EQ(cloud.post(action, R"({"unpause":null})").status, 202u);
    cloud.wait_until(id, "ACTIVE");
    auto const log = cloud.post(action, R"({"os-getConsoleOutput":{"length":1}})");
    EXPECT_EQ(log.status, 200u);
    EXPECT_EQ(json::text(log.body().at("output")), "web login: ");
    auto const lines = cloud.post(action, R"({"os-getConsoleOutput":{"length":2}})");
    EXPECT_EQ(json::text(lines.body().at("output")), "\nweb login: ");
    auto const none = cloud.post(action, R"({"os-getConsoleOutput":{"length":0}})");
    EXPECT_EQ(json::text(none.body().at("output")), "");
    for (auto const* bad : {R"({"reboot":{"type":"GENTLE"}})", R"({"reboot":{}})", R"({"juggle":null})", "{}", "[]"})
        EXPECT_EQ(cloud.post(action, bad).status, 400u) << bad;
}

TEST(Servers, ALockedServerIsLeftAloneByItsUsers) {
    Cloud cloud;
    auto const id = cloud.make_server("safe");
    cloud.wait_until(id, "ACTIVE");
    auto const action = "/v2.1/servers/" + id + "/action";
    EXPECT_EQ(cloud.post(action, R"({"lock":{"locked_reason":"maintenance"}})", "2.73").status, 202u);
    EXPECT_EQ(cloud.post(action, R"({"os-stop":null})").status, 409u);
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/servers/" + id, {}, cloud.member}).status, 409u);
    auto const shown = cloud.shown(id, "2.73");
    EXPECT_TRUE(shown.at("locked").as_bool());
    EXPECT_EQ(json::text(shown.at("locked_reason")), "maintenance");
    EXPECT_EQ(cloud.post(action, R"({"unlock":null})").status, 202u);
    EXPECT_EQ(cloud.post(action, R"({"os-stop":null})").status, 202u);
    cloud.wait_until(id, "SHUTOFF");
}

TEST(Servers, AQuotaIsNeverExceededAndTheUserIsToldBothNumbers) {
    Cloud cloud({{"hosts", 1}}, {{"quota_instances", 2}});
    cloud.make_server("a");
    auto const flavor = json::text(cloud.get("/v2.1/flavors").body().at("flavors").at(0).at("id"));
    auto const many = [&](std::string const& counts) {
        return cloud.post("/v2.1/servers", R"({"server":{"name":"b","imageRef":")" + std::string(image_id) +
                                               R"(","flavorRef":")" + flavor + "\"," + counts + "}}");
    };
    auto const refused = many(R"("min_count":2)");
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(json::text(refused.body().at("forbidden").at("message")),
              "Quota exceeded for instances: Requested 2, but already used 1 of 2 instances");
    EXPECT_EQ(many(R"("min_count":1,"max_count":5)").status, 202u) << "as many as there is room for";
    EXPECT_EQ(cloud.used("p1", "instances"), 2);
    EXPECT_EQ(many(R"("min_count":3,"max_count":2)").status, 400u);
    EXPECT_EQ(many(R"("min_count":0)").status, 400u);
}

TEST(Servers, SeveralAtOnceAreNumbered) {
    Cloud cloud;
    cloud.make_server("node", R"(,"min_count":3,"max_count":3)");
    std::vector<std::string> names;
    auto const body = cloud.get("/v2.1/servers?sort_key=name&sort_dir=asc").body();
    for (auto const& row : body.at("servers").as_array()) names.push_back(json::text(row.at("name")));
    EXPECT_THAT(names, testing::ElementsAre("node-1", "node-2", "node-3"));
}

TEST(Servers, ABadBodyIsRefusedBeforeAnythingIsTaken) {
    Cloud cloud;
    auto const flavor = cloud.make_flavor("small");
    auto const body = [&](std::string const& more) {
        return R"({"server":{"imageRef":")" + std::string(image_id) + R"(","flavorRef":")" + flavor + "\"" + more +
               "}}";
    };
    for (std::string const more :
         {R"()", R"(,"name":"")", R"(,"name":"x","key_name":"none")", R"(,"name":"x","user_data":"%%%")",
          R"(,"name":"x","networks":[{"uuid":"99999999-9999-4999-8999-999999999999"}])",
          R"(,"name":"x","networks":[{}])", R"(,"name":"x","networks":"auto")",
          R"(,"name":"x","security_groups":[{"name":"nobody"}])", R"(,"name":"x","metadata":{"a/b":"c"})",
          R"(,"name":"x","accessIPv4":"1.2.3")", R"(,"name":"x","shape":"round")",
          R"(,"name":"x","availability_zone":"moon")", R"(,"name":"x","OS-DCF:diskConfig":"SOMETIMES")",
          R"(,"name":"x","block_device_mapping_v2":[{"source_type":"volume","uuid":"v"}])"})
        EXPECT_EQ(cloud.post("/v2.1/servers", body(more)).status, 400u) << more;
    EXPECT_EQ(cloud.post("/v2.1/servers", R"({"server":{"name":"x","flavorRef":"none","imageRef":"x"}})").status, 400u);
    EXPECT_EQ(cloud.used("p1", "instances"), 0);
    EXPECT_EQ(cloud.get("/v2.1/servers").text, R"({"servers":[]})");
}

TEST(Servers, AZoneMayNameTheHostForOperatorsOnly) {
    Cloud cloud;
    auto const flavor = cloud.make_flavor("small");
    auto const body = R"({"server":{"name":"x","imageRef":")" + std::string(image_id) + R"(","flavorRef":")" + flavor +
                      R"(","availability_zone":"nova:simulated-2"}})";
    EXPECT_EQ(cloud.post("/v2.1/servers", body).status, 403u);
    auto const made = cloud.as_admin("POST", "/v2.1/servers", body);
    ASSERT_EQ(made.status, 202u) << made.text;
    auto const id = json::text(made.body().at("server").at("id"));
    cloud.wait_until(id, "ACTIVE");
    EXPECT_EQ(json::text(cloud.shown(id).at("OS-EXT-SRV-ATTR:host")), "simulated-2");
}

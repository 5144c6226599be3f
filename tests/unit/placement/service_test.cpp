#include "plugins/placement/service/changes.hpp"
#include "plugins/placement/service/inventories.hpp"
#include "plugins/placement/service/names.hpp"
#include "plugins/placement/service/placement_service.hpp"

#include <testkit/fake_host.hpp>
#include <testkit/route_walk.hpp>

#include <gmock/gmock.h>

extern "C" vlt_str volutus_manifest_1_placement_service();

using namespace volutus;
using namespace volutus::placement_service;
using testing::ElementsAre;

namespace {

constexpr char host_id[] = "11111111-1111-4111-8111-111111111111";
constexpr char consumer_id[] = "22222222-2222-4222-8222-222222222222";

struct PlacementApi : testing::Test {
    testkit::FakeHost fake;
    PlacementService service{fake.host()};
    Context operator_ = testkit::admin_of("admin"), tenant = testkit::member_of("p1");

    PlacementApi() {
        fake.decides = [](std::string const& rule, Context const& caller, json::object const& target) {
            auto const* project = target.if_contains("project_id");
            return testkit::has_role(caller, "admin") || (rule == "placement:usages" && project && caller.project &&
                                                          *project == json::value(json::string(caller.project->id)));
        };
    }

    testkit::Answer send(std::string const& method, std::string const& route,
                         std::map<std::string, std::string> captures, std::string body = {},
                         std::vector<service::Pair> query = {}, std::string const& version = "1.39") {
        service::HttpRequest http;
        http.route = method + " " + route;
        http.method = method;
        http.path = route;
        http.base = "http://cloud.test";
        http.parameters = std::move(captures);
        http.query = std::move(query);
        http.headers = {{"openstack-api-version", "placement " + version}};
        return fake.send(service, http, &operator_, std::move(body));
    }

    void keep(placement::Provider const& wanted) {
        testkit::FakeCall call;
        Call wrapped(&call.table);
        service.answer(wrapped, placement::contract.name, "keep", json::print(wanted));
    }
    void remove(std::string const& id) {
        testkit::FakeCall call;
        Call wrapped(&call.table);
        service.answer(wrapped, placement::contract.name, "remove", json::print(placement::ProviderId{id}));
    }
    placement::Provider host(std::int64_t cpus = 8) {
        placement::Provider provider{host_id, "node-1", {}, {"HW_CPU_X86_AVX", "CUSTOM_OF_DRIVER"}};
        provider.inventories.push_back({"VCPU", cpus, 0, 1, 0, 1, 1.0});
        return provider;
    }
    json::value provider(std::string const& more = "") {
        return send("GET", "/resource_providers/{uuid}" + more, {{"uuid", host_id}}).body();
    }
};

TEST(Names, AreStandardOrCustomAndNothingElse) {
    EXPECT_TRUE(is_standard_class("VCPU"));
    EXPECT_TRUE(is_standard_trait("HW_CPU_X86_AVX2"));
    EXPECT_FALSE(is_standard_trait("HW_CPU_X86_AVX1024"));
    EXPECT_TRUE(is_custom("CUSTOM_A"));
    for (auto const* bad : {"", "CUSTOM_", "CUSTOM_a", "VCPU", "CUSTOM_A B"}) EXPECT_FALSE(is_custom(bad)) << bad;
    EXPECT_TRUE(is_name(std::string(255, 'A')));
    EXPECT_FALSE(is_name(std::string(256, 'A')));
}

TEST(Uuids, AreKeptInOneForm) {
    EXPECT_EQ(canonical_uuid("11111111111141118111AAAAAAAAAAAA"), "11111111-1111-4111-8111-aaaaaaaaaaaa");
    EXPECT_THROW(canonical_uuid("11111111"), Error);
}

TEST(Dates, AreThoseOfHttp) {
    EXPECT_EQ(http_date("2026-01-02T03:04:05Z"), "Fri, 02 Jan 2026 03:04:05 GMT");
    for (auto const* bad : {"", "soon", "2026-13-02T03:04:05Z"}) EXPECT_EQ(http_date(bad), "") << bad;
}

TEST(Inventories, ThatCannotBeAreRefused) {
    auto const from = [](char const* text) { return inventory_from("VCPU", json::parse_object(text)); };
    EXPECT_EQ(from(R"({"total": 4})").max_unit, largest_unit);
    for (auto const* bad : {"{}", R"({"total": 0})", R"({"total": "4"})", R"({"total": 4, "reserved": 5})",
                            R"({"total": 4, "min_unit": 3, "max_unit": 2})", R"({"total": 4, "allocation_ratio": 0})",
                            R"({"total": 4, "colour": 1})", R"({"total": 4, "allocation_ratio": "2"})"})
        EXPECT_THROW(from(bad), Error) << bad;
}

TEST_F(PlacementApi, WhatAServiceTellsBecomesAProviderOnce) {
    keep(host());
    keep(host());
    EXPECT_EQ(provider().at("generation"), 0);
    EXPECT_EQ(provider("/inventories").at("inventories").at("VCPU").at("total"), 8);
    EXPECT_EQ(provider("/traits").at("traits"), (json::array{"CUSTOM_OF_DRIVER", "HW_CPU_X86_AVX"}));
    keep(host(16));
    EXPECT_EQ(provider().at("generation"), 1);
    EXPECT_EQ(provider("/inventories").at("inventories").at("VCPU").at("total"), 16);
}

TEST_F(PlacementApi, TraitsOfAnOperatorOutliveWhatTheServiceTells) {
    keep(host());
    auto const reply = send("PUT", "/resource_providers/{uuid}/traits", {{"uuid", host_id}},
                            R"({"resource_provider_generation": 0,
                                "traits": ["HW_CPU_X86_AVX", "CUSTOM_OF_DRIVER", "COMPUTE_NODE"]})");
    ASSERT_EQ(reply.status, 200u) << reply.text;
    auto changed = host();
    changed.traits = {"HW_CPU_X86_AVX"};
    keep(changed);
    EXPECT_EQ(provider("/traits").at("traits"), (json::array{"COMPUTE_NODE", "HW_CPU_X86_AVX"}));
}

TEST_F(PlacementApi, AHostThatIsUsedDoesNotGo) {
    keep(host());
    auto const taken = send("PUT", "/allocations/{consumer_uuid}", {{"consumer_uuid", consumer_id}},
                            R"({"allocations": {")" + std::string(host_id) +
                                R"(": {"resources": {"VCPU": 1}}}, "project_id": "p", "user_id": "u"})",
                            {}, "1.12");
    ASSERT_EQ(taken.status, 204u) << taken.text;
    EXPECT_THROW(remove(host_id), Error);
    ASSERT_EQ(send("DELETE", "/allocations/{consumer_uuid}", {{"consumer_uuid", consumer_id}}).status, 204u);
    remove(host_id);
    remove(host_id); // what is gone is gone
    EXPECT_EQ(send("GET", "/resource_providers/{uuid}", {{"uuid", host_id}}).status, 404u);
}

TEST_F(PlacementApi, AConsumerOfTheLedgerCountsForTheProjectWhoseQuotaItTakes) {
    keep(host());
    fake.store.apply((claim(host_id, "VCPU", consumer_id, 3) + claim_quota("p1", "cores", consumer_id, 3, 10)).apply);
    auto const shown = send("GET", "/allocations/{consumer_uuid}", {{"consumer_uuid", consumer_id}}).body();
    EXPECT_EQ(shown.at("allocations").at(host_id).at("resources"), (json::object{{"VCPU", 3}}));
    EXPECT_EQ(shown.at("project_id"), "p1");
    EXPECT_EQ(shown.at("consumer_type"), "unknown");
    auto const usages = send("GET", "/usages", {}, {}, {{"project_id", "p1"}}, "1.9").body();
    EXPECT_EQ(usages.at("usages"), (json::object{{"VCPU", 3}}));
    ASSERT_EQ(send("DELETE", "/allocations/{consumer_uuid}", {{"consumer_uuid", consumer_id}}).status, 204u);
    store::AccountQuery quota;
    quota.account = "p1";
    auto const left = json::decode<store::Accounts>(fake.store.answer("accounts", json::print(quota)));
    EXPECT_EQ(left.claims.size(), 1u); // the quota is its owner's to give back
}

TEST_F(PlacementApi, AnswersNobodyWhoIsNotToldWhoHeIs) {
    auto const manifest = volutus_manifest_1_placement_service();
    testkit::Walk walk;
    walk.manifest.assign(manifest.data, manifest.size);
    Context const nobody = testkit::nobody();
    auto const problems =
        testkit::walk_anonymous(walk, [&](service::HttpRequest const& request, std::string const& body) {
            auto const answer = fake.send(service, request, &nobody, body);
            return testkit::WalkedReply{answer.status, answer.text};
        });
    EXPECT_THAT(problems, ElementsAre());
}

} // namespace

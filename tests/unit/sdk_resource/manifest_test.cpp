#include "widget_service.hpp"

using namespace sdk_resource::toy;

namespace {
json::value manifest_document() { return json::parse(manifest_json()); }
} // namespace

TEST(ResourceManifest, TheKindComesFromTheFieldsAndTheLists) {
    auto const kinds = json::decode<std::vector<store::Kind>>(manifest_document().at("kinds"));
    ASSERT_EQ(kinds.size(), 2u); // and that of the keys of creates
    auto const& kind = kinds[0];
    EXPECT_EQ(kind.name, "toy.widget");
    EXPECT_EQ(kind.schema, 2u);
    EXPECT_EQ(kind.tombstone_seconds, 86400u);
    std::string indexes;
    for (auto const& index : kind.indexes) {
        indexes += index.field + ":" + std::string(boost::describe::enum_to_string(index.type, "?")) +
                   (index.several ? "[] " : " ");
    }
    EXPECT_EQ(indexes, "project_id:string name:string weight:integer shared:boolean tags:string[] ");
    ASSERT_EQ(kind.unique.size(), 1u);
    EXPECT_THAT(kind.unique[0].fields, testing::ElementsAre("project_id", "name"));
    ASSERT_EQ(kind.lists.size(), 3u);
    EXPECT_EQ(kind.lists[0].scope, "project_id");
    EXPECT_THAT(kind.lists[0].filters, testing::ElementsAre("name", "weight", "shared", "project_id")); // no arrays
    EXPECT_THAT(kind.lists[0].sorts, testing::ElementsAre("name"));
    EXPECT_THAT(kind.lists[1].sorts, testing::ElementsAre("name", "weight"));
    EXPECT_EQ(kind.lists[2].scope, ""); // for who sees every project's
}

TEST(ResourceManifest, ARouteStandsUnderEveryPrefixAndActionsShareOne) {
    std::vector<std::string> ids;
    auto const document = manifest_document();
    for (auto const& row : document.at("routes").as_array()) ids.push_back(json::text(row.at("id")));
    EXPECT_THAT(ids, testing::UnorderedElementsAre(
                         "GET /openapi.json", "GET /v1/widgets", "GET /v1/{project_id}/widgets",
                         "GET /v1/widgets/{widget_id}", "GET /v1/{project_id}/widgets/{widget_id}", "POST /v1/widgets",
                         "POST /v1/{project_id}/widgets", "PATCH /v1/widgets/{widget_id}",
                         "PATCH /v1/{project_id}/widgets/{widget_id}", "DELETE /v1/widgets/{widget_id}",
                         "DELETE /v1/{project_id}/widgets/{widget_id}", "POST /v1/widgets/{widget_id}/action",
                         "POST /v1/{project_id}/widgets/{widget_id}/action", "POST /v1/widgets/crash",
                         "POST /v1/{project_id}/widgets/crash", "GET /about"));
    auto const& first = document.at("routes").as_array().at(1);
    EXPECT_TRUE(first.at("reads").as_bool());
    EXPECT_EQ(json::text(first.at("policy")), "widget:list");
    EXPECT_FALSE(first.at("anonymous").as_bool());
}

TEST(ResourceManifest, EveryRuleStandsOnceWithItsCheckOrTheServicesDefault) {
    std::map<std::string, std::string> checks;
    auto const document = manifest_document();
    for (auto const& row : document.at("policies").as_array())
        EXPECT_TRUE(checks.emplace(json::text(row.at("rule")), json::text(row.at("check"))).second) << row;
    EXPECT_EQ(checks["widget:list"], "rule:project_reader_or_admin");
    EXPECT_EQ(checks["widget:create"], "rule:project_member_or_admin");
    EXPECT_EQ(checks["widget:delete"], "rule:toy_owner");
    EXPECT_EQ(checks["widget:host"], "rule:admin_api");
    EXPECT_EQ(checks["toy_owner"], "project_id:%(project_id)s");
    EXPECT_EQ(json::text(document.at("quotas").as_array().at(0)), "widgets");
    EXPECT_EQ(json::text(document.at("service").at("type")), "toys");
}

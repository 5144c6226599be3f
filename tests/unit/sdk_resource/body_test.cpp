#include "widget_service.hpp"

using namespace sdk_resource::toy;

namespace {
struct BadBody {
    char const* name;
    char const* body;
    char const* says;
};
struct BadBodies : Widgets, testing::WithParamInterface<BadBody> {};
} // namespace

TEST_P(BadBodies, AreRefusedWithTheirPath) {
    auto const reply = create(GetParam().body);
    EXPECT_EQ(reply.status, 400u) << reply.text;
    EXPECT_THAT(fault(reply), testing::HasSubstr(GetParam().says));
    EXPECT_EQ(names(listed()), "");
}
INSTANTIATE_TEST_SUITE_P(
    All, BadBodies,
    testing::Values(
        BadBody{"Empty", "", "expected an object"}, BadBody{"NotJson", "{", "not a JSON document"},
        BadBody{"AnArray", "[]", "expected an object"}, BadBody{"NoEnvelope", "{}", "'widget'"},
        BadBody{"OtherEnvelope", R"({"gadget":{"name":"a"}})", "'widget'"},
        BadBody{"BesideTheEnvelope", R"({"widget":{"name":"a"},"more":1})", "'more': expected no such key"},
        BadBody{"EnvelopeOfText", R"({"widget":"a"})", "'widget': expected an object"},
        BadBody{"NameMissing", R"({"widget":{}})", "'widget.name': expected a value; it is required"},
        BadBody{"NameNull", R"({"widget":{"name":null}})", "'widget.name': expected a string"},
        BadBody{"NameLong", R"({"widget":{"name":"12345678901"}})", "'widget.name': expected at most 10 characters"},
        BadBody{"WeightText", R"({"widget":{"name":"a","weight":"5"}})", "'widget.weight': expected an integer"},
        BadBody{"WeightLow", R"({"widget":{"name":"a","weight":-1}})", "'widget.weight': expected at least 0"},
        BadBody{"WeightHuge", R"({"widget":{"name":"a","weight":99999999999999999999}})", "'widget.weight'"},
        BadBody{"Unknown", R"({"widget":{"name":"a","wings":2}})",
                "'widget.wings': expected no such key; it is unknown here"},
        BadBody{"ReadOnly", R"({"widget":{"name":"a","id":"x"}})",
                "'widget.id': expected no such key here; the field cannot be set"},
        BadBody{"Newer", R"({"widget":{"name":"a","note":"n"}})", "'widget.note'"},
        BadBody{"NestedMissing", R"({"widget":{"name":"a","size":{}}})", "'widget.size.width'"},
        BadBody{"NestedUnknown", R"({"widget":{"name":"a","size":{"width":1,"depth":1}}})", "'widget.size.depth'"},
        BadBody{"TooMany", R"({"widget":{"name":"a","tags":["a","b","c"]}})",
                "'widget.tags': expected at most 2 items"},
        BadBody{"ItemOfOtherType", R"({"widget":{"name":"a","tags":["a",2]}})", "'widget.tags[1]': expected a string"},
        BadBody{"BulkEmpty", R"({"widgets":[]})", "'widgets'"},
        BadBody{"BulkBadItem", R"({"widgets":[{"name":"a"},{"name":3}]})", "name': expected a string"}),
    [](auto const& info) { return info.param.name; });

TEST_F(Widgets, ACreateFillsInWhatIsAbsentAndTellsTheWholeObject) {
    auto const reply = create(R"({"widget":{"name":"ada","size":{"width":3},"password":"hidden"}})");
    ASSERT_EQ(reply.status, 201u) << reply.text;
    auto const widget = reply.body().at("widget").as_object();
    EXPECT_TRUE(is_uuid(json::text(widget.at("id"))));
    EXPECT_EQ(json::text(widget.at("project_id")), "p1");
    EXPECT_EQ(json::text(widget.at("tenant_id")), "p1");
    EXPECT_EQ(widget.at("weight").as_int64(), 5);
    EXPECT_EQ(widget.at("size").at("height").as_int64(), 1);
    EXPECT_TRUE(is_timestamp(json::text(widget.at("created_at"))));
    EXPECT_FALSE(widget.contains("password"));
    EXPECT_FALSE(widget.contains("note")); // since 1.2
    EXPECT_EQ(json::text(widget.at("links").at(0).at("href")),
              "https://cloud.test/toy/v1/widgets/" + json::text(widget.at("id")));
}

TEST_F(Widgets, ABulkCreateIsAllOrNothingAndAnswersInTheFormSent) {
    fake.store.unique("toy.widget", {"project_id", "name"});
    EXPECT_EQ(create(R"({"widgets":[{"name":"a"},{"name":"a"}]})").status, 409u);
    EXPECT_EQ(names(listed()), "");
    auto const reply = create(R"({"widgets":[{"name":"a"},{"name":"b"}]})");
    ASSERT_EQ(reply.status, 201u) << reply.text;
    EXPECT_EQ(reply.body().at("widgets").as_array().size(), 2u);
    EXPECT_EQ(create(R"({"widgets":[{"name":"c"}]})").body().at("widgets").as_array().size(), 1u);
    EXPECT_EQ(names(listed()), "a b c ");
}

TEST_F(Widgets, AnUpdateChangesTheGivenKeysOnly) {
    auto const id = created("ada", 7);
    auto const reply = send("PATCH /v1/widgets/{widget_id}", id, member, R"({"widget":{"shared":true}})");
    ASSERT_EQ(reply.status, 200u) << reply.text;
    EXPECT_EQ(reply.body().at("widget").at("weight").as_int64(), 7);
    EXPECT_TRUE(reply.body().at("widget").at("shared").as_bool());
    EXPECT_EQ(send("PATCH /v1/widgets/{widget_id}", id, member, R"({"widget":{"tags":["x"]}})").status,
              400u); // only on create
}

TEST_F(Widgets, AnActionIsChosenByItsKeyAndItsVersion) {
    auto const id = created("ada");
    auto act = [&](std::string const& body) { return send("POST /v1/widgets/{widget_id}/action", id, member, body); };
    EXPECT_EQ(act(R"({"paint":{"colour":"red"}})").status, 202u);
    EXPECT_EQ(json::text(shown(id, member).body().at("widget").at("colour")), "red");
    EXPECT_EQ(fake.store.notes.size(), 1u);
    EXPECT_THAT(fault(act(R"({"paint":{"colour":"blue"}})")),
                testing::HasSubstr("'paint.colour': expected one of red, green, grey"));
    EXPECT_THAT(fault(act(R"({"paint":null})")), testing::HasSubstr("'paint.colour'"));
    EXPECT_THAT(fault(act(R"({"fold":{}})")), testing::HasSubstr("no such action: fold"));
    EXPECT_EQ(act(R"({"paint":{},"melt":{}})").status, 400u);
    EXPECT_EQ(act("").status, 400u);
    EXPECT_EQ(act(R"({"melt":null})").status, 400u); // since 1.3
    version = "1.3";
    EXPECT_EQ(act(R"({"melt":null})").status, 202u);
}

TEST_F(Widgets, WhatANewerVersionStoredSurvivesAnUpdate) {
    store::Apply apply;
    apply.put.push_back(
        {"toy.widget", "w1", {{"id", "w1"}, {"project_id", "p1"}, {"name", "old"}, {"from_the_future", 42}}});
    fake.store.apply(apply);
    EXPECT_EQ(send("PATCH /v1/widgets/{widget_id}", "w1", member, R"({"widget":{"name":"new"}})").status, 200u);
    auto const stored = fake.store.get({"toy.widget", "w1", 0});
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->body.at("from_the_future").as_int64(), 42);
    EXPECT_EQ(json::text(stored->body.at("name")), "new");
}

TEST_F(Widgets, ALenientServiceTakesWhatOlderClientsSend) {
    auto lenient = traits;
    lenient.lenient = lenient.ignores_unknown_keys = true;
    Service forgiving(fake.host(), lenient);
    service::HttpRequest http;
    http.route = "POST /v1/widgets";
    http.path = "/v1/widgets";
    auto const reply =
        fake.send(forgiving, http, &member, R"({"widget":{"name":5,"weight":"7","shared":"True","wings":2}})");
    ASSERT_EQ(reply.status, 201u) << reply.text;
    EXPECT_EQ(json::text(reply.body().at("widget").at("name")), "5");
    EXPECT_EQ(reply.body().at("widget").at("weight").as_int64(), 7);
    EXPECT_TRUE(reply.body().at("widget").at("shared").as_bool());
    EXPECT_EQ(fake.send(forgiving, http, &member, R"({"widget":{"name":"a","weight":"7x"}})").status, 400u);
}

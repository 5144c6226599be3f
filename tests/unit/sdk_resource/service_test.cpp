#include "widget_service.hpp"

using namespace sdk_resource::toy;

TEST_F(Widgets, AVersionBringsFieldsViewsAndShapes) {
    auto const id = created("ada", 50);
    auto at = [&](std::string const& asked) {
        version = asked;
        return shown(id, member).body().at("widget").as_object();
    };
    EXPECT_FALSE(at("1.1").contains("note"));
    EXPECT_TRUE(at("1.2").at("note").is_null());
    EXPECT_EQ(json::text(at("1.4").at("colour")), "grey");
    EXPECT_EQ(json::text(at("1.5").at("colour")), "GREY");
    EXPECT_FALSE(at("1.8").contains("heavy"));
    EXPECT_TRUE(at("latest").at("heavy").as_bool());
}

TEST_F(Widgets, BothVersionHeadersAreEchoedOnErrorsToo) {
    for (auto const& reply : {shown("gone", member), shown(created("a"), member)}) {
        EXPECT_THAT(reply.header("OpenStack-API-Version"), testing::ElementsAre("toys 1.1"));
        EXPECT_THAT(reply.header("X-OpenStack-Toy-API-Version"), testing::ElementsAre("1.1"));
        EXPECT_THAT(reply.header("Vary"), testing::ElementsAre("OpenStack-API-Version", "X-OpenStack-Toy-API-Version"));
        EXPECT_THAT(reply.header("x-toy-request-id"), testing::ElementsAre("req-1"));
    }
}

TEST(Versions, AreReadInEveryFormThatClientsSend) {
    EXPECT_EQ(version_asked(traits, "", ""), version_from("1.1"));
    EXPECT_EQ(version_asked(traits, "toys 1.10", ""), version_from("1.10"));
    EXPECT_EQ(version_asked(traits, "compute 2.3, toys  1.4 ", ""), version_from("1.4"));
    EXPECT_EQ(version_asked(traits, "compute 2.3", " 1.5"), version_from("1.5"));
    EXPECT_EQ(version_asked(traits, "toys latest", "1.2"), version_from("1.10"));
    EXPECT_EQ(to_string(version_from("2.96")), "2.96");
    EXPECT_GT(version_from("1.10"), version_from("1.9"));
    for (auto const* bad : {"toys x", "toys 1", "toys 1.x", "toys 1.2.3", "toys -1.2", "toys 1.99999", "toys ."})
        EXPECT_THROW(version_asked(traits, bad, ""), Error) << bad;
}

TEST_F(Widgets, AVersionOutOfRangeIs406AndNamesTheBounds) {
    version = "1.11";
    auto const reply = listed();
    EXPECT_EQ(reply.status, 406u);
    EXPECT_THAT(fault(reply), testing::AllOf(testing::HasSubstr("1.1 "), testing::HasSubstr("1.10")));
    version = "nonsense";
    EXPECT_EQ(listed().status, 400u);
}

TEST_F(Widgets, AForeignAndAMissingIdGetTheSameAnswer) {
    auto const id = created("ada");
    auto const foreign = shown(id, other), missing = shown("gone", other);
    EXPECT_EQ(foreign.status, 404u);
    EXPECT_EQ(fault(foreign), "Widget " + id + " could not be found.");
    EXPECT_EQ(fault(missing), "Widget gone could not be found.");
    EXPECT_EQ(shown(id, admin).status, 200u);
    EXPECT_EQ(shown(std::string(300, 'x'), member).status, 404u);
    EXPECT_EQ(send("DELETE /v1/widgets/{widget_id}", id, other).status, 404u);
    EXPECT_EQ(send("DELETE /v1/widgets/{widget_id}", id, member).status, 204u);
    EXPECT_EQ(send("DELETE /v1/widgets/{widget_id}", id, member).status, 404u);
}

TEST_F(Widgets, WhoLacksTheRoleIsRefusedWhateverIsThere) {
    auto const id = created("ada");
    auto const reader = testkit::member_of("p1", "user-2", {"reader"});
    for (auto const& reply : {shown(id, reader), shown("gone", reader)}) {
        EXPECT_EQ(reply.status, 403u);
        EXPECT_EQ(fault(reply), "Policy doesn't allow widget:show to be performed.");
    }
}

TEST_F(Widgets, AFieldWithAPolicyIsSeenAndSetByWhoMay) {
    auto const id = created("ada");
    EXPECT_FALSE(shown(id, member).body().at("widget").as_object().contains("toy:host"));
    EXPECT_TRUE(shown(id, admin).body().at("widget").as_object().contains("toy:host"));
    auto set = [&](Context const& as) {
        return send("PATCH /v1/widgets/{widget_id}", id, as, R"({"widget":{"toy:host":"h1"}})").status;
    };
    EXPECT_EQ(set(member), 403u);
    EXPECT_EQ(set(admin), 200u);
}

TEST_F(Widgets, ToNameAnotherProjectNeedsTheRuleForThatProject) {
    EXPECT_EQ(create(R"({"widget":{"name":"a","project_id":"p1"}})").status, 201u);
    EXPECT_EQ(create(R"({"widget":{"name":"b","tenant_id":"p2"}})").status, 403u);
    EXPECT_EQ(send("POST /v1/widgets", "", admin, R"({"widget":{"name":"b","tenant_id":"p2"}})").status, 201u);
}

TEST_F(Widgets, ThePolicyIsAskedOnceForAListOfOneProject) {
    for (auto const* name : {"a", "b", "c"}) created(name);
    fake.policy_questions = 0;
    EXPECT_EQ(names(listed()), "a b c ");
    EXPECT_EQ(fake.policy_questions, 2u); // the route, and the field with a rule for all rows together
}

TEST_F(Widgets, ThePolicyIsToldOfATargetWhatItsRulesRead) {
    auto const id = created("ada");
    fake.policy_reads = std::vector<std::string>{"project_id"};
    EXPECT_EQ(shown(id, member).status, 200u); // learns
    EXPECT_EQ(shown(id, other).status, 404u);
    EXPECT_EQ(fake.policy_question.target, (json::object{{"project_id", "p1"}}));
    EXPECT_EQ(shown(id, member).status, 200u);
    EXPECT_EQ(fake.policy_question.target, (json::object{{"project_id", "p1"}}));
}

TEST_F(Widgets, RulesThatReadMoreThanTheyDidAreToldTheWhole) {
    auto const id = created("ada");
    fake.policy_reads = std::vector<std::string>{"project_id"};
    EXPECT_EQ(shown(id, member).status, 200u);
    fake.policy_reads = std::vector<std::string>{"project_id", "target.widget.name"};
    bool saw_name = false;
    fake.decides = [&](std::string const& rule, Context const&, json::object const& target) {
        if (rule == "widget:show") saw_name = json::find(target, "target.widget.name");
        return true;
    };
    for (int i = 0; i < 2; ++i) {
        saw_name = false;
        EXPECT_EQ(shown(id, member).status, 200u);
        EXPECT_TRUE(saw_name);
    }
}

TEST_F(Widgets, AServiceWithoutPolicyAsksNobody) {
    auto open = traits;
    open.asks_policy = false;
    Service there(fake.host(), open);
    auto const id = created("ada");
    fake.policy_questions = 0;
    service::HttpRequest http;
    http.route = "GET /v1/widgets/{widget_id}";
    http.path = "/v1/widgets/" + id;
    http.parameters["widget_id"] = id;
    EXPECT_EQ(fake.send(there, http, &member).status, 200u);
    EXPECT_EQ(fake.send(there, http, &other).status, 404u);
    EXPECT_EQ(fake.policy_questions, 0u);
}

TEST_F(Widgets, WhereForbiddenHidesOnlyWhoMaySeeAllLearnsThatNothingIsThere) {
    auto hiding = traits;
    hiding.hides_as = Code::forbidden;
    Service there(fake.host(), hiding);
    service::HttpRequest http;
    http.route = "GET /v1/widgets/{widget_id}";
    http.path = "/v1/widgets/gone";
    http.parameters["widget_id"] = "gone";
    EXPECT_EQ(fake.send(there, http, &other).status, 403u);
    EXPECT_EQ(fake.send(there, http, &admin).status, 404u);
}

TEST_F(Widgets, AnInternalErrorTellsTheRequestIdAndNothingElse) {
    auto const reply = send("POST /v1/widgets/crash", "", member, "{}");
    EXPECT_EQ(reply.status, 500u);
    EXPECT_EQ(reply.text.find("secret"), std::string::npos);
    EXPECT_THAT(fault(reply), testing::HasSubstr("req-1"));
    EXPECT_THAT(fake.logged, testing::Contains(testing::HasSubstr("/var/lib/toy")));
}

TEST_F(Widgets, TheCloudItselfMayDoEverything) {
    auto const id = created("ada");
    service::HttpRequest http;
    http.route = "GET /v1/widgets/{widget_id}";
    http.path = "/v1/widgets/" + id;
    http.parameters["widget_id"] = id;
    EXPECT_EQ(fake.send(service, http, nullptr).status, 200u);
}

TEST_F(Widgets, AnAbsolutePathStandsWithoutThePrefixes) {
    EXPECT_EQ(json::text(send("GET /about", "", testkit::nobody()).body().at("base")), "https://cloud.test/toy/v1");
}

TEST_F(Widgets, ARefusalOfTheGatewayHasTheServicesForm) {
    testkit::FakeCall call;
    Call wrapped(&call.table);
    service::Refusal refusal{{}, "not_found", 405, "Method Not Allowed"};
    auto const reply = json::decode<service::HttpReply>(
        json::parse(service.answer(wrapped, service::contract.name, "refuse", json::print(refusal))));
    EXPECT_EQ(reply.status, 405u);
    EXPECT_EQ(call.output.bytes, R"({"badMethod":{"code":405,"message":"Method Not Allowed"}})");
}

TEST_F(Widgets, AnUpdateThatLostARaceReadsAgain) {
    int tries = 0;
    EXPECT_EQ(retry_on_conflict([&] {
                  if (++tries < 3) throw Error(Code::precondition, "another was faster");
                  return tries;
              }),
              3);
    EXPECT_THROW(retry_on_conflict([]() -> int { throw Error(Code::precondition, "always"); }), Error);
    EXPECT_THROW(retry_on_conflict([&]() -> int { throw Error(Code::conflict, "not again"); }), Error);
}

TEST_F(Widgets, PutExpectsTheRevisionThatWasRead) {
    testkit::FakeCall call;
    Call wrapped(&call.table);
    Store store(fake.host(), wrapped);
    Widget widget;
    widget.id = "w1";
    widget.project_id = "p1";
    widget.name = "ada";
    store.save(widget);
    EXPECT_GT(widget.stored_revision, 0u);
    auto mine = store.require<Widget>("w1"), theirs = store.require<Widget>("w1");
    mine.weight = 1;
    store.apply(put(mine));
    theirs.weight = 2;
    EXPECT_THROW(store.apply(put(theirs)), Error);
    EXPECT_EQ(store.find<Widget>(where("name", "ada"))->weight, 1);
    EXPECT_EQ(store.count<Widget>(where("weight", 1)), 1u);
    EXPECT_EQ(store.all<Widget>().size(), 1u);
    fake.store.limits[{"p1", "widgets"}] = 1;
    store.apply(claim("p1", "widgets", "w1", 1) + start_task("toy.make", 1, "toy.widget", "w1", {}));
    EXPECT_EQ(fake.store.tasks.size(), 1u);
    EXPECT_THROW(store.apply(claim("p1", "widgets", "w2", 1)), Error);
    store.apply(remove(store.require<Widget>("w1")) + release("w1"));
    EXPECT_FALSE(store.get<Widget>("w1"));
    EXPECT_EQ(fake.store.used("p1", "widgets"), 0);
}

// ---- the walks ----

TEST_F(Widgets, EveryRouteRefusesTheAnonymousCaller) {
    testkit::Walk walk;
    walk.manifest = manifest_json();
    auto send_as_nobody = [&](service::HttpRequest const& http, std::string const& body) {
        auto const caller = testkit::nobody();
        auto reply = fake.send(service, http, &caller, body);
        return testkit::WalkedReply{reply.status, reply.text};
    };
    EXPECT_THAT(testkit::walk_anonymous(walk, send_as_nobody), testing::IsEmpty());
}

TEST_F(Widgets, NoRouteTellsAnotherTenantWhatIsThere) {
    testkit::Walk walk;
    walk.manifest = manifest_json();
    walk.captures = {{"widget_id", created("ada")}, {"project_id", "p1"}};
    walk.bodies = {{"PATCH /v1/widgets/{widget_id}", R"({"widget":{"name":"b"}})"},
                   {"POST /v1/widgets/{widget_id}/action", R"({"paint":{"colour":"red"}})"}};
    auto send_as_other = [&](service::HttpRequest const& http, std::string const& body) {
        auto reply = fake.send(service, http, &other, body);
        return testkit::WalkedReply{reply.status, reply.text};
    };
    EXPECT_THAT(testkit::walk_other_tenant(walk, send_as_other), testing::IsEmpty());
}

TEST_F(Widgets, TheWalksFindAServiceThatTellsTooMuch) {
    testkit::Walk walk;
    walk.manifest = manifest_json();
    walk.captures = {{"widget_id", created("ada")}};
    auto open = [&](service::HttpRequest const& http, std::string const& body) {
        auto reply = fake.send(service, http, &admin, body);
        return testkit::WalkedReply{reply.status, reply.text};
    };
    EXPECT_THAT(testkit::walk_anonymous(walk, open), testing::Contains(testing::HasSubstr("add the word `anonymous`")));
    EXPECT_THAT(testkit::walk_other_tenant(walk, open),
                testing::Contains(testing::HasSubstr("request.require<T>(id)")));
}

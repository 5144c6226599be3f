#include "widget_service.hpp"

using namespace sdk_resource::toy;

namespace {

// Creates with a key, and a look at what the store remembers of them.
struct Keyed : Widgets {
    testkit::Answer keyed(std::vector<std::string> const& keys, std::string const& body, Context const& as,
                          std::string const& route = "POST /v1/widgets") {
        service::HttpRequest http;
        http.route = route;
        http.method = "POST";
        http.path = "/v1/widgets";
        http.base = "https://cloud.test/toy";
        for (auto const& key : keys) http.headers.push_back({"idempotency-key", key});
        if (!version.empty()) http.headers.push_back({"openstack-api-version", "toys " + version});
        return fake.send(service, http, &as, body);
    }
    testkit::Answer keyed(std::string const& key, std::string const& body) { return keyed({key}, body, member); }

    std::vector<store::Document> all(std::string const& kind) {
        store::Query query;
        query.kind = kind;
        return fake.store.query(query).documents;
    }
    std::size_t widgets() { return all("toy.widget").size(); }
    std::vector<store::Document> remembered() { return all("toy.create_key"); }

    // As it stands after a crash between the apply that made the widget and the one that keeps the answer.
    void lose_the_answer() {
        auto document = remembered().at(0);
        document.body.erase("answer");
        store::Apply apply;
        apply.put.push_back({document.kind, document.id, document.body});
        fake.store.apply(apply);
    }
};

std::string const ada = R"({"widget":{"name":"ada"}})";
std::string const bob = R"({"widget":{"name":"bob"}})";

} // namespace

TEST_F(Keyed, ACreateThatIsRepeatedGetsTheFirstAnswerAndMakesNothing) {
    auto const first = keyed("k1", ada);
    ASSERT_EQ(first.status, 201u) << first.text;
    EXPECT_THAT(first.header("Idempotent-Replayed"), testing::IsEmpty());
    auto const id = json::text(first.body().at("widget").at("id"));
    send("PATCH /v1/widgets/{widget_id}", id, member, R"({"widget":{"name":"changed"}})");
    auto const again = keyed("k1", ada);
    EXPECT_EQ(again.status, 201u);
    EXPECT_EQ(again.text, first.text);
    EXPECT_THAT(again.header("Idempotent-Replayed"), testing::ElementsAre("true"));
    EXPECT_EQ(widgets(), 1u);
}

TEST_F(Keyed, WhatWasMadeAndTheKeyAreOneApply) {
    auto const first = keyed("k1", ada);
    ASSERT_EQ(first.status, 201u) << first.text;
    ASSERT_EQ(remembered().size(), 1u);
    EXPECT_EQ(remembered()[0].revision, all("toy.widget")[0].revision);
}

TEST_F(Keyed, AKeyThatComesWithAnotherRequestIs422) {
    keyed("k1", ada);
    for (auto const& reply : {keyed("k1", bob), keyed("k1", R"({"widget":{"name":"ada","weight":7}})")}) {
        EXPECT_EQ(reply.status, 422u) << reply.text;
        EXPECT_THAT(fault(reply), testing::HasSubstr("another request"));
    }
    version = "1.5"; // another version is another answer
    EXPECT_EQ(keyed("k1", ada).status, 422u);
    EXPECT_EQ(widgets(), 1u);
}

TEST_F(Keyed, AKeyIsOfOneUserInOneProject) {
    EXPECT_EQ(keyed("k1", ada).status, 201u);
    auto const colleague = testkit::member_of("p1", "user-2");
    EXPECT_EQ(keyed({"k1"}, bob, colleague).status, 201u);
    EXPECT_EQ(keyed({"k1"}, ada, other).status, 201u);
    EXPECT_EQ(widgets(), 3u);
}

TEST_F(Keyed, WhatIsNoKeyIs400) {
    for (auto const& bad : {std::string(), std::string("\"\""), std::string("a b"), std::string("caf\xc3\xa9"),
                            std::string("tab\t"), std::string(256, 'x')})
        EXPECT_EQ(keyed(bad, ada).status, 400u) << bad;
    EXPECT_EQ(keyed({"k1", "k2"}, ada, member).status, 400u);
    EXPECT_EQ(widgets(), 0u);
    EXPECT_EQ(keyed(std::string(255, 'x'), ada).status, 201u);
}

TEST_F(Keyed, TheQuotedFormIsTheSameKey) {
    auto const first = keyed("\"k1\"", ada);
    EXPECT_EQ(keyed("k1", ada).text, first.text);
    EXPECT_EQ(widgets(), 1u);
}

TEST_F(Keyed, ARefusedCreateIsNotRemembered) {
    EXPECT_EQ(keyed("k1", R"({"widget":{"name":"far too long a name"}})").status, 400u);
    EXPECT_TRUE(remembered().empty());
    EXPECT_EQ(keyed("k1", ada).status, 201u);
    fake.store.unique("toy.widget", {"project_id", "name"});
    EXPECT_EQ(keyed("k2", ada).status, 409u);
    EXPECT_EQ(remembered().size(), 1u);
}

TEST_F(Keyed, AfterALostAnswerTheRepeatIsToldWhatWasMade) {
    auto const first = keyed("k1", ada);
    lose_the_answer();
    auto const again = keyed("k1", ada);
    EXPECT_EQ(again.status, 201u);
    EXPECT_EQ(again.body(), first.body());
    EXPECT_EQ(widgets(), 1u);
    EXPECT_EQ(keyed("k1", bob).status, 422u);
}

TEST_F(Keyed, AfterALostAnswerABulkIsToldAsABulk) {
    auto const both = R"({"widgets":[{"name":"ada"},{"name":"bob"}]})";
    auto const first = keyed("k1", both);
    ASSERT_EQ(first.status, 201u) << first.text;
    lose_the_answer();
    EXPECT_EQ(keyed("k1", both).body(), first.body());
    EXPECT_EQ(widgets(), 2u);
}

TEST_F(Keyed, WhatWasMadeAndIsGoneIsNotMadeAgain) {
    auto const first = keyed("k1", ada);
    send("DELETE /v1/widgets/{widget_id}", json::text(first.body().at("widget").at("id")), admin);
    EXPECT_EQ(keyed("k1", ada).text, first.text);
    lose_the_answer();
    auto const again = keyed("k1", ada);
    EXPECT_EQ(again.status, 409u);
    EXPECT_THAT(fault(again), testing::HasSubstr("gone"));
    EXPECT_EQ(widgets(), 0u);
}

TEST_F(Keyed, NeitherKeyNorAnswerNorRequestStandInTheClear) {
    auto const first = keyed("my-very-own-key", R"({"widget":{"name":"ada","password":"pa55word"}})");
    ASSERT_EQ(first.status, 201u) << first.text;
    auto const document = remembered().at(0);
    auto const stored = document.id + json::print(document.body);
    for (auto const* secret : {"my-very-own-key", "pa55word", "ada", "user-1"})
        EXPECT_EQ(stored.find(secret), std::string::npos) << stored;
}

TEST_F(Keyed, AnAnswerThatWasTamperedWithIsNotBelieved) {
    auto const first = keyed("k1", ada);
    auto document = remembered().at(0);
    auto sealed = json::text(document.body.at("answer"));
    sealed[sealed.size() / 2] = sealed[sealed.size() / 2] == 'A' ? 'B' : 'A';
    document.body["answer"] = json::string(sealed);
    store::Apply apply;
    apply.put.push_back({document.kind, document.id, document.body});
    fake.store.apply(apply);
    EXPECT_EQ(keyed("k1", ada).body(), first.body()); // from what was made
}

TEST_F(Keyed, AfterADayTheKeyIsFreeAndOldOnesAreForgottenWithNewOnes) {
    keyed("k1", ada);
    keyed("k2", bob);
    for (auto document : remembered()) {
        document.body["expires_at"] = 1;
        store::Apply apply;
        apply.put.push_back({document.kind, document.id, document.body});
        fake.store.apply(apply);
    }
    EXPECT_EQ(keyed("k1", R"({"widget":{"name":"cleo"}})").status, 201u);
    EXPECT_EQ(remembered().size(), 1u); // k2's went on the way
    EXPECT_EQ(widgets(), 3u);
}

TEST_F(Keyed, OtherMethodsAndTheCloudItselfNeedNoKey) {
    auto const id = created("ada");
    service::HttpRequest http;
    http.route = "PATCH /v1/widgets/{widget_id}";
    http.method = "PATCH";
    http.path = "/v1/widgets/" + id;
    http.parameters["widget_id"] = id;
    http.headers.push_back({"idempotency-key", "k1"});
    EXPECT_EQ(fake.send(service, http, &member, R"({"widget":{"name":"x"}})").status, 200u);
    EXPECT_EQ(fake.send(service, http, &member, R"({"widget":{"name":"y"}})").status, 200u);
    EXPECT_TRUE(remembered().empty());
}

TEST(CreateKeys, TheManifestDeclaresTheirKindAndTheIndexThatFindsOldOnes) {
    auto const kinds = json::decode<std::vector<store::Kind>>(json::parse(manifest_json()).at("kinds"));
    ASSERT_EQ(kinds.back().name, "toy.create_key");
    ASSERT_EQ(kinds.back().lists.size(), 1u);
    EXPECT_THAT(kinds.back().lists[0].sorts, testing::ElementsAre("expires_at"));
}

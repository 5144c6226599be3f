#include "widget_service.hpp"

using namespace volutus;

namespace {

// A resource whose create lets a test in, between the look at the key and the apply.
struct Gadget : Stored {
    std::string id, project_id, name;
};
volutus::Resource const& resource_of(Gadget const*);

std::function<void(Request&)>& meanwhile() {
    static std::function<void(Request&)> does;
    return does;
}

Reply make_gadget(Request& request, Gadget const& wanted) {
    return retry_on_conflict([&] {
        auto gadget = wanted;
        stamp(request, gadget);
        if (auto const does = std::exchange(meanwhile(), nullptr)) does(request);
        request.apply(put(gadget));
        return request.shown(gadget);
    });
}

constexpr auto gadgets = resource<Gadget>(
    "gadget", "gadgets", kind("shop.gadget"), field<&Gadget::id>("id"), field<&Gadget::project_id>("project_id"),
    field<&Gadget::name>("name", required_on_create), create<make_gadget>("/gadgets", "gadget:create"));
volutus::Resource const& resource_of(Gadget const*) { return erased<gadgets>(); }

constexpr ServiceTraits shop{.name = "shop", .type = "shop", .prefixes = {"/v1"}, .errors = errors::simple};

struct Shop : ServicePlugin {
    explicit Shop(Host host) : ServicePlugin(host, shop) { serve<gadgets>(*this); }
};

struct RacingKeys : testing::Test {
    testkit::FakeHost fake;
    Shop here{fake.host()}, there{fake.host()}; // as two processes on one store
    Context member = testkit::member_of("p1");

    ~RacingKeys() override { meanwhile() = nullptr; }

    testkit::Answer create(Shop& shop, std::string const& name) {
        service::HttpRequest http;
        http.route = "POST /v1/gadgets";
        http.method = "POST";
        http.path = "/v1/gadgets";
        http.headers.push_back({"idempotency-key", "k1"});
        return fake.send(shop, http, &member, R"({"gadget":{"name":")" + name + R"("}})");
    }
    std::vector<store::Document> all(std::string const& kind) {
        store::Query query;
        query.kind = kind;
        return fake.store.query(query).documents;
    }
};

} // namespace

TEST_F(RacingKeys, ARepeatWhileTheFirstRunsIs409) {
    testkit::Answer repeat;
    meanwhile() = [&](Request&) { repeat = create(here, "a"); };
    EXPECT_EQ(create(here, "a").status, 201u);
    EXPECT_EQ(repeat.status, 409u) << repeat.text;
    EXPECT_THAT(repeat.text, testing::HasSubstr("IdempotencyKeyInUse"));
    EXPECT_EQ(create(here, "a").status, 201u); // it has ended
    EXPECT_EQ(all("shop.gadget").size(), 1u);
}

TEST_F(RacingKeys, OfTwoProcessesWithOneKeyTheStoreRefusesOne) {
    testkit::Answer other;
    meanwhile() = [&](Request&) { other = create(there, "a"); };
    EXPECT_EQ(create(here, "a").status, 409u);
    EXPECT_EQ(other.status, 201u);
    EXPECT_EQ(create(here, "a").text, other.text);
    EXPECT_EQ(all("shop.gadget").size(), 1u);
}

TEST_F(RacingKeys, AConflictOverSomethingElseIsTriedAgainWithTheKey) {
    meanwhile() = [&](Request&) { throw Error(Code::precondition, "another was faster"); };
    EXPECT_EQ(create(here, "a").status, 201u);
    EXPECT_EQ(all("shop.create_key").size(), 1u);
}

TEST_F(RacingKeys, WhatACreatePreparesIsNotWhatItMade) {
    meanwhile() = [&](Request& request) {
        Gadget first;
        first.id = "first";
        first.name = "default";
        request.store().prepare(put(first));
    };
    auto const made = create(here, "a");
    auto document = all("shop.create_key").at(0);
    document.body.erase("answer");
    store::Apply apply;
    apply.put.push_back({document.kind, document.id, document.body});
    fake.store.apply(apply);
    EXPECT_EQ(create(here, "a").body(), made.body());
}

TEST_F(RacingKeys, AKeyIsFreeAgainAfterAFailure) {
    meanwhile() = [&](Request&) { throw Error(Code::unavailable, "the disk is full"); };
    EXPECT_EQ(create(here, "a").status, 503u);
    EXPECT_EQ(create(here, "a").status, 201u);
}

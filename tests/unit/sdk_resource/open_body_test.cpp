// A resource that keeps what clients add of their own, and whose rules are about the object.
#include "widget_service.hpp"

using namespace sdk_resource::toy;

namespace {

struct Gadget : Stored {
    std::string id, user_id, name;
    json::object rest;
};
constexpr auto gadgets = resource<Gadget>(
    "gadget", "gadgets", kind("toy.gadget"), unscoped, field<&Gadget::id>("id"), field<&Gadget::user_id>("user_id"),
    field<&Gadget::name>("name", writable, required_on_create), field<&Gadget::rest>("rest", keeps_rest),
    create("/gadgets", policy("gadget:create", "@")),
    show("/gadgets/{gadget_id}", policy("gadget:show", "user_id:%(target.gadget.user_id)s"), asks_of_object),
    update("/gadgets/{gadget_id}", policy("gadget:update", "@"), by("PATCH")));

constexpr ServiceTraits gadget_traits{.name = "toy",
                                      .type = "toys",
                                      .prefixes = {"/v1"},
                                      .errors = errors::titled,
                                      .hides_as = Code::forbidden,
                                      .ignores_unknown_keys = true,
                                      .plain_ids = true};

class GadgetService : public ServicePlugin {
public:
    explicit GadgetService(Host host) : ServicePlugin(host, gadget_traits) { serve<gadgets>(*this); }
};

struct Gadgets : testing::Test {
    testkit::FakeHost fake;
    GadgetService service{fake.host()};
    Context member = testkit::member_of("p1", "ada"), other = testkit::member_of("p1", "eve");

    Gadgets() {
        fake.decides = [](std::string const& rule, Context const& caller, json::object const& target) {
            if (rule != "gadget:show" || testkit::has_role(caller, "admin")) return true;
            auto const* owner = json::find(target, "target.gadget.user_id");
            return owner && json::text(*owner) == caller.user->id;
        };
    }
    testkit::Answer send(std::string const& method, std::string const& id, Context const& as, std::string body = {}) {
        service::HttpRequest http;
        http.route = method + (id.empty() ? " /v1/gadgets" : " /v1/gadgets/{gadget_id}");
        http.method = method;
        http.path = "/v1/gadgets" + (id.empty() ? "" : "/" + id);
        http.parameters["gadget_id"] = id;
        return fake.send(service, http, &as, std::move(body));
    }
    json::object made(std::string const& body) {
        auto const reply = send("POST", "", member, body);
        EXPECT_EQ(reply.status, 201u) << reply.text;
        return reply.body().at("gadget").as_object();
    }
};

} // namespace

TEST_F(Gadgets, WhatNoRowNamesIsKeptAndShownBesideTheRows) {
    auto const gadget = made(R"({"gadget":{"name":"a","colour":"red","size":{"w":1},"id":"mine","rest":{"id":"x"}}})");
    EXPECT_EQ(json::text(gadget.at("colour")), "red");
    EXPECT_NE(json::text(gadget.at("id")), "mine");
    EXPECT_FALSE(gadget.contains("rest"));
    auto const changed =
        send("PATCH", json::text(gadget.at("id")), member, R"({"gadget":{"colour":null,"shape":"round"}})").body();
    auto const& shown = changed.at("gadget").as_object();
    EXPECT_FALSE(shown.contains("colour"));
    EXPECT_EQ(json::text(shown.at("shape")), "round");
    EXPECT_EQ(shown.at("size").at("w").as_int64(), 1);
}

TEST_F(Gadgets, IdsAreMadeWithoutHyphensWhereTheServiceSaysSo) {
    auto const id = json::text(made(R"({"gadget":{"name":"a"}})").at("id"));
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find('-'), id.npos);
}

TEST_F(Gadgets, ARuleAboutTheObjectIsAskedWhenTheObjectIsRead) {
    auto const id = json::text(made(R"({"gadget":{"name":"a"}})").at("id"));
    EXPECT_EQ(send("GET", id, member).status, 200u);
    auto const foreign = send("GET", id, other), missing = send("GET", "gone", other);
    EXPECT_EQ(foreign.status, 403u);
    EXPECT_EQ(foreign.text, missing.text);
    EXPECT_EQ(send("GET", "gone", testkit::admin_of("p0")).status, 404u);
}

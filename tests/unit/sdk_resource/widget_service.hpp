// A toy service with one resource, and what its tests share.
#pragma once

#include <testkit/fake_host.hpp>
#include <testkit/route_walk.hpp>
#include <volutus/formats.hpp>
#include <volutus/service.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdk_resource::toy {

using namespace volutus;

struct Size {
    std::int64_t width = 0, height = 0;
};
constexpr auto size_rows =
    rows(field<&Size::width>("width", required_field, at_least(1)), field<&Size::height>("height", fallback("1")));
constexpr Fields rows_of(Size const*) { return fields_of(size_rows); }

struct Widget : Stored {
    std::string id, project_id, name, colour = "grey", created_at, updated_at, host, password;
    std::int64_t weight = 0;
    bool shared = false;
    std::optional<std::string> note;
    std::optional<Size> size;
    std::vector<std::string> tags;
};

struct Paint {
    std::string colour;
};
constexpr auto paint_rows = rows(field<&Paint::colour>("colour", required_field, one_of("red", "green", "grey")));
constexpr Fields rows_of(Paint const*) { return fields_of(paint_rows); }

volutus::Resource const& resource_of(Widget const*);

inline json::array links_of(Request& request, Widget const& widget) {
    return {json::object{{"rel", "self"}, {"href", request.link("/widgets/" + widget.id)}}};
}
inline std::string colour_in_capitals(Request&, Widget const& widget) {
    std::string out = widget.colour;
    for (auto& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}
inline void newest_shape(Request&, Widget const& widget, json::object& shown) { shown["heavy"] = widget.weight > 10; }

class Service;
Reply paint(Request& request, Paint const& how);
inline Reply crash(Request&) { throw Error(Code::internal, "the secret path /var/lib/toy is gone"); }
inline Reply melt(Request& request) { return request.reply(); }
inline Reply about(Request& request) { return request.reply(json::object{{"base", request.link("//v1")}}); }

inline constexpr auto widgets = resource<Widget>(
    "widget", "widgets", kind("toy.widget"), tombstones(1), schema(2),
    unique_in("toy.widget.name", "project_id", "name"), rule("toy_owner", "project_id:%(project_id)s"),
    field<&Widget::id>("id"), field<&Widget::project_id>("project_id", on_create, also_as("tenant_id")),
    field<&Widget::name>("name", writable, required_on_create, max_length(10)),
    field<&Widget::weight>("weight", writable, at_least(0), at_most(100), fallback("5")),
    field<&Widget::colour>("colour", view<colour_in_capitals>(since("1.5"))),
    field<&Widget::shared>("shared", writable), field<&Widget::note>("note", writable, since("1.2")),
    field<&Widget::size>("size", writable), field<&Widget::tags>("tags", on_create, max_length(2)),
    field<&Widget::host>("toy:host", field_policy(policy("widget:host", "rule:admin_api")), writable),
    field<&Widget::password>("password", secret, on_create), field<&Widget::created_at>("created_at"),
    field<&Widget::updated_at>("updated_at"), computed<links_of>("links"), view<newest_shape>(since("1.9")),
    list("/widgets", "widget:list",
         filters("name", "weight", "shared", "tags", filter("owner", "project_id", since("1.4"))),
         sorts("name", "weight"), sorted_by("name"),
         sees_all(policy("widget:list_all", "rule:admin_api"), "all_projects")),
    show("/widgets/{widget_id}", "widget:show"), create("/widgets", "widget:create", quota("widgets"), bulk),
    update("/widgets/{widget_id}", "widget:update", by("PATCH")),
    remove("/widgets/{widget_id}", policy("widget:delete", "rule:toy_owner")),
    action<paint>("/widgets/{widget_id}/action", "paint", "widget:paint"),
    action<melt>("/widgets/{widget_id}/action", "melt", "widget:melt", since("1.3"), checks_itself),
    route<crash>("POST", "/widgets/crash", "widget:crash", status(202)), route<about>("GET", "//about", {}, anonymous));
inline volutus::Resource const& resource_of(Widget const*) { return erased<widgets>(); }

inline Reply paint(Request& request, Paint const& how) {
    auto widget = request.require<Widget>();
    widget.colour = how.colour;
    request.apply(put(widget) + note("toy.painted", {{"colour", how.colour}}));
    return request.reply();
}

inline constexpr ServiceTraits traits{
    .name = "toy",
    .type = "toys",
    .aliases = {"toy"},
    .prefixes = {"/v1", "/v1/{project_id}"},
    .versions = {"toys", "X-OpenStack-Toy-API-Version", "1.1", "1.10"},
    .errors = errors::fault,
    .error_key = "toyFault",
    .statuses = {{{Code::over_quota, 403}}},
    .pages = Pages::key_links,
    .page_limit = 3,
    .request_id_header = "x-toy-request-id",
};

class Service : public ServicePlugin {
public:
    explicit Service(Host host, ServiceTraits const& with = traits) : ServicePlugin(host, with) {
        serve<widgets>(*this);
    }
};

inline constexpr auto manifest = volutus::manifest("toy", "0.1.0", serves(traits, widgets));
inline constexpr auto manifest_text = manifest_bytes<manifest>();
inline std::string manifest_json() { return {manifest_text.data(), manifest_text.size()}; }

// A service on a fake host, and short words to talk to it.
struct Widgets : testing::Test {
    testkit::FakeHost fake;
    Service service{fake.host()};
    Context member = testkit::member_of("p1"), other = testkit::member_of("p2"), admin = testkit::admin_of("p0");
    std::string version;

    Widgets() { fake.admin_rules = {"widget:host", "widget:list_all"}; }

    // path as in the manifest's id, with the id filled in: "/v1/widgets/<id>" of "GET /v1/widgets/{widget_id}".
    testkit::Answer send(std::string const& route, std::string const& id, Context const& as, std::string body = {},
                         std::vector<service::Pair> query = {}) {
        service::HttpRequest http;
        http.route = route;
        http.method = route.substr(0, route.find(' '));
        http.path = route.substr(route.find(' ') + 1);
        if (auto const open = http.path.find("{widget_id}"); open != std::string::npos) {
            http.path.replace(open, 11, id);
            http.parameters["widget_id"] = id;
        }
        http.query = std::move(query);
        http.base = "https://cloud.test/toy";
        if (!version.empty()) http.headers.push_back({"openstack-api-version", "toys " + version});
        return fake.send(service, http, &as, std::move(body));
    }
    testkit::Answer create(std::string const& body) { return send("POST /v1/widgets", "", member, body); }
    std::string created(std::string const& name, std::int64_t weight = 5) {
        auto const reply = create(R"({"widget":{"name":")" + name + R"(","weight":)" + std::to_string(weight) + "}}");
        EXPECT_EQ(reply.status, 201u) << reply.text;
        return json::text(reply.body().at("widget").at("id"));
    }
    testkit::Answer shown(std::string const& id, Context const& as) {
        return send("GET /v1/widgets/{widget_id}", id, as);
    }
    testkit::Answer listed(std::vector<service::Pair> query = {}) {
        return send("GET /v1/widgets", "", member, {}, std::move(query));
    }
    static std::string names(testkit::Answer const& reply) {
        std::string out;
        auto const body = reply.body();
        for (auto const& row : body.at("widgets").as_array()) out += json::text(row.at("name")) + " ";
        return out;
    }
    static std::string fault(testkit::Answer const& reply) {
        auto const body = reply.body();
        return json::text(body.as_object().begin()->value().at("message"));
    }
};

} // namespace sdk_resource::toy

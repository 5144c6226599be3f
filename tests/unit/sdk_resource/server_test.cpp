#include "server_resource.hpp"

#include <testkit/fake_host.hpp>
#include <volutus/service.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdk_resource {

json::object shown_addresses(Request&, Server const& server) {
    json::object out;
    for (auto const& address : server.addresses) {
        auto& list = out[address.network];
        if (!list.is_array()) list = json::array();
        list.get_array().push_back(json::object{{"addr", json::string(address.addr)},
                                                {"version", address.version},
                                                {"OS-EXT-IPS:type", json::string(address.type)},
                                                {"OS-EXT-IPS-MAC:mac_addr", json::string(address.mac)}});
    }
    return out;
}
json::object flavor_reference(Request& request, Server const& server) {
    return {{"id", json::string(server.flavor.id)},
            {"links",
             json::array{json::object{{"rel", "bookmark"}, {"href", request.link("/flavors/" + server.flavor.id)}}}}};
}
json::object embedded_flavor(Request&, Server const& server) {
    auto out = volutus::encode(rows_of(&server.flavor), &server.flavor);
    out.erase("id");
    return out;
}
json::value shown_image(Request&, Server const& server) {
    if (server.image_id.empty()) return "";
    return json::object{{"id", json::string(server.image_id)}};
}
json::array server_links(Request& request, Server const& server) {
    return {json::object{{"rel", "self"}, {"href", request.link("/servers/" + server.id)}}};
}
std::string shown_config_drive(Request&, Server const& server) { return server.config_drive ? "True" : ""; }
std::string host_status(Request&, Server const& server) { return server.host ? "UP" : ""; }
std::string guest_hostname(Request&, Server const& server) { return server.hostname; }
json::array no_volumes(Request&, Server const&) { return {}; }
std::optional<json::array> shown_groups(Request&, Server const& server) {
    if (server.security_groups.empty()) return std::nullopt;
    json::array out;
    for (auto const& group : server.security_groups) out.push_back(json::object{{"name", json::string(group.name)}});
    return out;
}

Reply create_server(Request& request, NewServer const& wanted) {
    if (request.since("2.37") && !wanted.networks.is_array() && wanted.networks != json::value("auto") &&
        wanted.networks != json::value("none"))
        throw Error(Code::invalid, "networks is a list, auto or none");
    Server server;
    server.id = new_uuid();
    server.name = wanted.name;
    server.project_id = request.project();
    server.user_id = request.user();
    server.metadata = wanted.metadata;
    server.security_groups = wanted.security_groups;
    server.tags = wanted.tags;
    server.description = wanted.description;
    server.created_at = server.updated_at = timestamp_now();
    server.flavor = {wanted.flavor_ref, "small", 1, 512, 1, 0, 0, {}};
    server.image_id = wanted.image_ref.value_or("");
    server.addresses = {{"private", "10.0.0.3", "fixed", "fa:16:3e:00:00:01", 4}};
    request.apply(put(server) + claim(request.project(), "instances", server.id, 1) +
                  start_task("server.create", 1, "compute.server", server.id, {}));
    auto reply = request.shown(server);
    reply.body->at("server").as_object()["adminPass"] = wanted.admin_password.value_or("generated");
    return reply.header("Location", request.link("/servers/" + server.id)), reply;
}
Reply reboot_server(Request& request, Reboot const& how) {
    auto server = request.require<Server>();
    server.task_state = how.type == "HARD" ? "rebooting_hard" : "rebooting";
    request.apply(put(server));
    return request.reply();
}
Reply stop_server(Request& request) {
    request.require<Server>();
    return request.reply();
}
Reply lock_server(Request& request) {
    auto server = request.require<Server>();
    server.locked = true;
    request.apply(put(server));
    return request.reply();
}

namespace {

constexpr ServiceTraits compute{.name = "compute",
                                .type = "compute",
                                .prefixes = {"/v2.1", "/v2.1/{project_id}"},
                                .versions = {"compute", "X-OpenStack-Nova-API-Version", "2.1", "2.96"},
                                .errors = errors::fault,
                                .statuses = {{{Code::over_quota, 403}}},
                                .pages = Pages::key_links,
                                .lenient = true};
constexpr auto compute_manifest = volutus::manifest("compute", "0.1.0", serves(compute, servers));
constexpr auto compute_manifest_text = manifest_bytes<compute_manifest>();

class Compute : public ServicePlugin {
public:
    explicit Compute(Host host) : ServicePlugin(host, compute) { serve<servers>(*this); }
};

struct Servers : testing::Test {
    testkit::FakeHost fake;
    Compute service{fake.host()};
    Context member = testkit::member_of("p1"), admin = testkit::admin_of("p0");

    Servers() {
        fake.admin_rules = {"os_compute_api:os-extended-server-attributes", "os_compute_api:servers:show:host_status"};
    }

    testkit::Answer send(std::string const& route, std::string const& id, std::string const& version, Context const& as,
                         std::string body = {}) {
        service::HttpRequest http;
        http.route = route;
        http.base = "http://cloud";
        http.path = route.substr(route.find(' ') + 1);
        if (auto const at = http.path.find("{server_id}"); at != std::string::npos) {
            http.path.replace(at, 11, id);
            http.parameters["server_id"] = id;
        }
        http.headers.push_back({"x-openstack-nova-api-version", version});
        return fake.send(service, http, &as, std::move(body));
    }
    std::string boot() {
        auto const reply = send(
            "POST /v2.1/servers", "", "2.1", member,
            R"({"server":{"name":"s","flavorRef":"f1","imageRef":"i1","min_count":"1","security_groups":[{"name":"default"}]}})");
        EXPECT_EQ(reply.status, 202u) << reply.text;
        return json::text(reply.body().at("server").at("id"));
    }
    std::vector<std::string> keys(std::string const& id, std::string const& version, Context const& as) {
        auto const body = send("GET /v2.1/servers/{server_id}", id, version, as).body();
        std::vector<std::string> out;
        for (auto const& [key, value] : body.at("server").as_object()) out.emplace_back(key);
        return out;
    }
};

std::vector<std::string> const base_keys{"id",
                                         "name",
                                         "status",
                                         "tenant_id",
                                         "user_id",
                                         "metadata",
                                         "hostId",
                                         "image",
                                         "flavor",
                                         "created",
                                         "updated",
                                         "addresses",
                                         "accessIPv4",
                                         "accessIPv6",
                                         "links",
                                         "progress",
                                         "OS-DCF:diskConfig",
                                         "OS-EXT-AZ:availability_zone",
                                         "config_drive",
                                         "key_name",
                                         "OS-SRV-USG:launched_at",
                                         "OS-SRV-USG:terminated_at",
                                         "security_groups",
                                         "OS-EXT-STS:task_state",
                                         "OS-EXT-STS:vm_state",
                                         "OS-EXT-STS:power_state",
                                         "os-extended-volumes:volumes_attached"};

std::vector<std::string> with(std::vector<std::string> keys, std::vector<std::string> const& more) {
    keys.insert(keys.end(), more.begin(), more.end());
    return keys;
}

} // namespace

TEST_F(Servers, EachVersionHasExactlyItsFields) {
    auto const id = boot();
    using testing::UnorderedElementsAreArray;
    EXPECT_THAT(keys(id, "2.1", member), UnorderedElementsAreArray(base_keys));
    EXPECT_THAT(keys(id, "2.8", member), UnorderedElementsAreArray(base_keys));
    EXPECT_THAT(keys(id, "2.9", member), UnorderedElementsAreArray(with(base_keys, {"locked"})));
    EXPECT_THAT(keys(id, "2.19", member), UnorderedElementsAreArray(with(base_keys, {"locked", "description"})));
    EXPECT_THAT(keys(id, "2.26", member),
                UnorderedElementsAreArray(with(base_keys, {"locked", "description", "tags"})));
    EXPECT_THAT(keys(id, "2.96", member), UnorderedElementsAreArray(with(
                                              base_keys, {"locked", "description", "tags", "trusted_image_certificates",
                                                          "locked_reason", "OS-EXT-SRV-ATTR:hostname"})));
}

TEST_F(Servers, ExtendedAttributesAreForOperators) {
    auto const id = boot();
    EXPECT_THAT(keys(id, "2.1", admin),
                testing::IsSupersetOf(
                    {"OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname", "OS-EXT-SRV-ATTR:instance_name"}));
    EXPECT_THAT(keys(id, "2.1", admin), testing::Not(testing::Contains("OS-EXT-SRV-ATTR:hostname")));
    EXPECT_THAT(keys(id, "2.3", admin),
                testing::IsSupersetOf({"OS-EXT-SRV-ATTR:hostname", "OS-EXT-SRV-ATTR:user_data"}));
    EXPECT_THAT(keys(id, "2.16", admin), testing::Contains("host_status"));
    EXPECT_THAT(keys(id, "2.3", member), testing::Not(testing::Contains("OS-EXT-SRV-ATTR:hostname")));
    EXPECT_THAT(keys(id, "2.90", member), testing::Contains("OS-EXT-SRV-ATTR:hostname"));
}

TEST_F(Servers, TheFlavorIsALinkAndFrom247Embedded) {
    auto const id = boot();
    auto flavor = [&](std::string const& version) {
        return send("GET /v2.1/servers/{server_id}", id, version, member).body().at("server").at("flavor");
    };
    EXPECT_EQ(json::text(flavor("2.46").at("id")), "f1");
    EXPECT_EQ(json::text(flavor("2.47").at("original_name")), "small");
    EXPECT_FALSE(flavor("2.47").as_object().contains("id"));
}

TEST_F(Servers, ACreateAnswersWithItsShortShape) {
    auto const reply = send("POST /v2.1/servers", "", "2.1", member,
                            R"({"server":{"name":"s","flavorRef":"f1"},"os:scheduler_hints":{}})");
    ASSERT_EQ(reply.status, 202u) << reply.text;
    std::vector<std::string> keys;
    auto const body = reply.body();
    for (auto const& [key, value] : body.at("server").as_object()) keys.emplace_back(key);
    EXPECT_THAT(keys, testing::UnorderedElementsAre("id", "links", "OS-DCF:diskConfig", "adminPass"));
    EXPECT_EQ(reply.header("Location").size(), 1u);
    EXPECT_EQ(fake.store.tasks.size(), 1u);
    EXPECT_EQ(fake.store.used("p1", "instances"), 1);
}

TEST_F(Servers, NetworksAreNeededFrom237) {
    auto create = [&](std::string const& version, std::string const& more) {
        return send("POST /v2.1/servers", "", version, member,
                    R"({"server":{"name":"s","flavorRef":"f1")" + more + "}}")
            .status;
    };
    EXPECT_EQ(create("2.36", ""), 202u);
    EXPECT_EQ(create("2.37", ""), 400u);
    EXPECT_EQ(create("2.37", R"(,"networks":"auto")"), 202u);
    EXPECT_EQ(create("2.37", R"(,"networks":"maybe")"), 400u);
    EXPECT_EQ(create("2.18", R"(,"description":"d")"), 400u);
    EXPECT_EQ(create("2.19", R"(,"description":"d")"), 202u);
}

TEST_F(Servers, AListIsShortAndItsDetailIsNot) {
    boot();
    auto const brief = send("GET /v2.1/servers", "", "2.1", member).body(),
               detail = send("GET /v2.1/servers/detail", "", "2.1", member).body();
    EXPECT_EQ(brief.at("servers").at(0).as_object().size(), 3u);
    EXPECT_EQ(detail.at("servers").at(0).as_object().size(), base_keys.size());
}

TEST_F(Servers, ActionsKeepTheirShapes) {
    auto const id = boot();
    auto act = [&](std::string const& version, std::string const& body) {
        return send("POST /v2.1/servers/{server_id}/action", id, version, member, body).status;
    };
    EXPECT_EQ(act("2.1", R"({"reboot":{"type":"HARD"}})"), 202u);
    EXPECT_EQ(act("2.1", R"({"reboot":{"type":"hard"}})"), 400u);
    EXPECT_EQ(act("2.1", R"({"os-stop":null})"), 202u);
    EXPECT_EQ(act("2.16", R"({"trigger_crash_dump":null})"), 400u);
    EXPECT_EQ(act("2.17", R"({"trigger_crash_dump":null})"), 202u);
}

TEST_F(Servers, TheirTableFitsInAManifest) {
    EXPECT_NO_THROW(json::parse({compute_manifest_text.data(), compute_manifest_text.size()}));
}

} // namespace sdk_resource

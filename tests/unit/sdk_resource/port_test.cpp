#include "port_resource.hpp"

#include <testkit/fake_host.hpp>
#include <volutus/service.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sdk_resource {

Reply create_ports(Request& request, std::vector<Port> const& wanted) {
    Writes writes;
    auto made = wanted;
    for (auto& port : made) {
        port.id = new_uuid();
        if (port.project_id.empty()) port.project_id = request.project();
        if (port.mac_address.empty())
            port.mac_address =
                "fa:16:3e:" + port.id.substr(0, 2) + ":" + port.id.substr(2, 2) + ":" + port.id.substr(4, 2);
        for (auto const& ip : port.fixed_ips) {
            if (ip.subnet_id) port.fixed_subnets.push_back(*ip.subnet_id);
            if (ip.ip_address) port.fixed_addresses.push_back(*ip.ip_address);
        }
        port.created_at = port.updated_at = timestamp_now();
        writes += put(port) + claim(port.project_id, "port", port.id, 1);
    }
    request.apply(std::move(writes));
    return request.shown_all(made);
}

namespace {

constexpr ServiceTraits network{.name = "network",
                                .type = "network",
                                .prefixes = {"/v2.0"},
                                .errors = errors::typed,
                                .error_key = "NeutronError",
                                .statuses = {{{Code::over_quota, 409}}},
                                .unknown_marker = Code::not_found,
                                .pages = Pages::key_links_both,
                                .whole_lists = true,
                                .lenient = true};
constexpr auto network_manifest = volutus::manifest("network", "0.1.0", serves(network, ports));
constexpr auto network_manifest_text = manifest_bytes<network_manifest>();

class Network : public ServicePlugin {
public:
    explicit Network(Host host) : ServicePlugin(host, network) { serve<ports>(*this); }
};

constexpr char some_network[] = "11111111-1111-4111-8111-111111111111";
constexpr char some_subnet[] = "22222222-2222-4222-8222-222222222222";

struct Ports : testing::Test {
    testkit::FakeHost fake;
    Network service{fake.host()};
    Context member = testkit::member_of("p1"), admin = testkit::admin_of("p0");

    Ports() {
        for (auto const* field : {"host_id", "profile", "vif_type", "vif_details"})
            for (auto const* verb : {"get_port:binding:", "create_port:binding:", "update_port:binding:"})
                fake.admin_rules.insert(std::string(verb) + field);
        fake.admin_rules.insert(
            {"create_port:mac_address", "update_port:mac_address", "get_port:all", "create_port:project_id"});
    }
    testkit::Answer send(std::string const& route, std::string const& id, Context const& as, std::string body = {},
                         std::vector<service::Pair> query = {}) {
        service::HttpRequest http;
        http.route = route;
        http.path = route.substr(route.find(' ') + 1);
        if (auto const at = http.path.find("{port_id}"); at != std::string::npos) {
            http.path.replace(at, 9, id);
            http.parameters["port_id"] = id;
        }
        http.query = std::move(query);
        return fake.send(service, http, &as, std::move(body));
    }
    testkit::Answer create(std::string const& rest, Context const& as) {
        return send("POST /v2.0/ports", "", as,
                    R"({"port":{"network_id":")" + std::string(some_network) + "\"" + rest + "}}");
    }
};

} // namespace

TEST_F(Ports, APortHasBothNamesOfItsProjectAndItsBindingsForOperatorsOnly) {
    auto const reply = create(R"(,"fixed_ips":[{"subnet_id":")" + std::string(some_subnet) +
                                  R"(","ip_address":"10.0.0.5"}],"admin_state_up":"True")",
                              member);
    ASSERT_EQ(reply.status, 201u) << reply.text;
    auto const port = reply.body().at("port").as_object();
    EXPECT_EQ(json::text(port.at("project_id")), "p1");
    EXPECT_EQ(json::text(port.at("tenant_id")), "p1");
    EXPECT_FALSE(port.contains("binding:host_id"));
    EXPECT_TRUE(port.contains("binding:vnic_type"));
    EXPECT_FALSE(port.contains("fixed_subnets"));
    EXPECT_EQ(json::print(port.at("fixed_ips")),
              R"([{"subnet_id":")" + std::string(some_subnet) + R"(","ip_address":"10.0.0.5"}])");
    EXPECT_EQ(json::print(port.at("extra_dhcp_opts")), "[]");
    auto const seen = send("GET /v2.0/ports/{port_id}", json::text(port.at("id")), admin).body().at("port").as_object();
    EXPECT_TRUE(seen.contains("binding:host_id") && seen.contains("binding:profile") &&
                seen.contains("binding:vif_details"));
}

TEST_F(Ports, AFieldForOperatorsIsRefusedToOthersAndOnesOwnProjectIsNot) {
    EXPECT_EQ(create(R"(,"binding:host_id":"h")", member).status, 403u);
    EXPECT_EQ(create(R"(,"binding:host_id":"h")", admin).status, 201u);
    EXPECT_EQ(create(R"(,"tenant_id":"p1")", member).status, 201u);
    EXPECT_EQ(create(R"(,"tenant_id":"p2")", member).status, 403u);
    EXPECT_EQ(json::text(create(R"(,"tenant_id":"p2")", admin).body().at("port").at("project_id")), "p2");
}

TEST_F(Ports, NestedValuesAreCheckedWhereTheyStand) {
    EXPECT_THAT(create(R"(,"allowed_address_pairs":[{"mac_address":"fa:16:3e:00:00:01"}])", member).text,
                testing::HasSubstr("allowed_address_pairs[0].ip_address"));
    EXPECT_EQ(create(R"(,"allowed_address_pairs":[{"ip_address":"10.0.0.0/24"}])", member).status, 201u);
    EXPECT_EQ(create(R"(,"extra_dhcp_opts":[{"opt_name":"mtu","opt_value":null}])", member).status, 201u);
    EXPECT_THAT(create(R"(,"fixed_ips":[{"ip_address":"10.0.0"}])", member).text,
                testing::HasSubstr("fixed_ips[0].ip_address"));
    EXPECT_THAT(create(R"(,"fixed_ips":[{"ip":"10.0.0.1"}])", member).text, testing::HasSubstr("fixed_ips[0].ip"));
    EXPECT_EQ(send("POST /v2.0/ports", "", member, R"({"port":{}})").status, 400u);
}

TEST_F(Ports, ManyAreMadeAtOnceOrNone) {
    auto const one = R"({"network_id":")" + std::string(some_network) + "\"}";
    auto const reply = send("POST /v2.0/ports", "", member, R"({"ports":[)" + one + "," + one + "]}");
    ASSERT_EQ(reply.status, 201u) << reply.text;
    EXPECT_EQ(reply.body().at("ports").as_array().size(), 2u);
    fake.store.limits[{"p1", "port"}] = 3;
    auto const over = send("POST /v2.0/ports", "", member, R"({"ports":[)" + one + "," + one + "]}");
    EXPECT_EQ(over.status, 409u);
    EXPECT_THAT(over.text, testing::HasSubstr("OverQuota"));
    EXPECT_EQ(fake.store.used("p1", "port"), 2);
}

TEST_F(Ports, ListsFilterByEitherNameAndGiveTheFieldsAsked) {
    create(R"(,"name":"a","device_id":"d1")", member);
    create(R"(,"name":"b")", member);
    auto listed = [&](std::vector<service::Pair> query) {
        return send("GET /v2.0/ports", "", member, {}, std::move(query)).body().at("ports").as_array();
    };
    EXPECT_EQ(listed({}).size(), 2u);
    EXPECT_EQ(listed({{"tenant_id", "p1"}}).size(), 2u);
    EXPECT_EQ(listed({{"tenant_id", "p2"}}).size(), 0u);
    EXPECT_EQ(json::print(listed({{"device_id", "d1"}, {"fields", "name"}})), R"([{"name":"a"}])");
    EXPECT_EQ(send("GET /v2.0/ports/{port_id}", "nope", member).text,
              R"({"NeutronError":{"type":"PortNotFound","message":"Port nope could not be found.","detail":""}})");
}

TEST_F(Ports, TheirTableFitsInAManifest) {
    auto const kinds = json::decode<std::vector<store::Kind>>(
        json::parse({network_manifest_text.data(), network_manifest_text.size()}).at("kinds"));
    ASSERT_EQ(kinds.size(), 2u);
    EXPECT_EQ(kinds[0].references.size(), 2u);
    EXPECT_TRUE(kinds[0].references[0].owned);
}

} // namespace sdk_resource

// Hosts, quotas, limits, consoles, the documents of guests, the prover, and the walks over every route.
#include "compute_cloud.hpp"

#include "plugins/compute/drivers/simulator/faults.hpp"

#include <testkit/refusal.hpp>
#include <testkit/route_walk.hpp>
#include <volutus/contract/prover.hpp>

using namespace compute_tests;
using testkit::refusal;

namespace {

template <auto const& Contract, auto Method, class... Arguments>
auto call(Cloud& cloud, Arguments const&... arguments) {
    kernel::plugin::CallContext context;
    context.deadline = world::now() + std::chrono::seconds(30);
    kernel::plugin::CallFrame frame(context);
    Call root(&frame);
    return Client<Contract>(cloud.registry().host()).template call<Method>(root, arguments...);
}

metadata::Reply guest_asks(Cloud& cloud, std::string const& path, std::string const& method = "GET",
                           std::string const& body = {}) {
    return call<metadata::contract, &metadata::Metadata::answer>(
        cloud, metadata::Request{network_id, "10.0.0.5", method, path, body});
}

std::vector<prover::Difference> differences(Cloud& cloud) {
    return call<prover::contract, &prover::Prover::verify>(cloud).differences;
}

} // namespace

TEST(Hosts, AreShownInTheFormOfTheVersion) {
    Cloud cloud;
    cloud.wait_until(cloud.make_server("one"), "ACTIVE");
    EXPECT_EQ(cloud.get("/v2.1/os-hypervisors").status, 403u);
    auto const old = cloud.as_admin("GET", "/v2.1/os-hypervisors/detail").body().at("hypervisors").at(0);
    EXPECT_TRUE(old.at("id").is_int64());
    EXPECT_TRUE(old.at("cpu_info").is_string());
    EXPECT_EQ(old.at("running_vms"), json::value(1));
    EXPECT_EQ(old.at("vcpus_used"), json::value(1));
    EXPECT_EQ(json::text(old.at("state")), "up");
    auto const newer = cloud.as_admin("GET", "/v2.1/os-hypervisors/detail", {}, "2.53").body().at("hypervisors").at(0);
    EXPECT_TRUE(newer.at("id").is_string());
    EXPECT_TRUE(newer.at("cpu_info").is_object());
    auto const id = json::text(newer.at("id"));
    EXPECT_EQ(cloud.as_admin("GET", "/v2.1/os-hypervisors/" + id, {}, "2.53").status, 200u);
    EXPECT_EQ(cloud.as_admin("GET", "/v2.1/os-hypervisors/" + json::print(old.at("id"))).status, 200u);
    EXPECT_EQ(cloud.as_admin("GET", "/v2.1/os-hypervisors/simulated-1").status, 404u);
    EXPECT_EQ(cloud.as_admin("GET", "/v2.1/os-hypervisors/statistics").body().at("hypervisor_statistics").at("count"),
              json::value(2));
    auto const page = cloud.as_admin("GET", "/v2.1/os-hypervisors?limit=1", {}, "2.53").body();
    EXPECT_EQ(page.at("hypervisors").as_array().size(), 1u);
    EXPECT_TRUE(page.as_object().contains("hypervisors_links"));
}

TEST(Hosts, ADisabledOneTakesNoServers) {
    Cloud cloud;
    auto const services = cloud.as_admin("GET", "/v2.1/os-services", {}, "2.53").body().at("services").as_array();
    ASSERT_EQ(services.size(), 2u);
    auto const id = json::text(services[0].at("id"));
    EXPECT_EQ(
        cloud.as_admin("PUT", "/v2.1/os-services/" + id, R"({"status":"disabled","disabled_reason":"repair"})", "2.53")
            .status,
        200u);
    for (auto const* name : {"a", "b"}) {
        auto const server = cloud.make_server(name);
        cloud.wait_until(server, "ACTIVE");
        EXPECT_EQ(json::text(cloud.shown(server).at("OS-EXT-SRV-ATTR:host")), "simulated-2");
    }
    EXPECT_EQ(
        cloud.as_admin("PUT", "/v2.1/os-services/enable", R"({"host":"simulated-1","binary":"nova-compute"})").status,
        200u);
    EXPECT_EQ(cloud.as_admin("PUT", "/v2.1/os-services/" + id, R"({})", "2.53").status, 400u);
}

TEST(Hosts, AreInTheirZone) {
    Cloud cloud;
    EXPECT_EQ(cloud.get("/v2.1/os-availability-zone").text,
              R"({"availabilityZoneInfo":[{"zoneName":"nova","zoneState":{"available":true},"hosts":null}]})");
    EXPECT_TRUE(cloud.as_admin("GET", "/v2.1/os-availability-zone/detail")
                    .body()
                    .at("availabilityZoneInfo")
                    .at(0)
                    .at("hosts")
                    .as_object()
                    .contains("simulated-2"));
}

TEST(Quotas, AreSetReadAndReset) {
    Cloud cloud;
    auto const path = std::string("/v2.1/os-quota-sets/p1");
    EXPECT_EQ(cloud.get(path).body().at("quota_set").at("cores"), json::value(20));
    EXPECT_EQ(cloud.get("/v2.1/os-quota-sets/p2").status, 403u);
    EXPECT_EQ(cloud.ask({"PUT", path, R"({"quota_set":{"cores":30}})", cloud.member}).status, 403u);
    auto const set = cloud.as_admin("PUT", path, R"({"quota_set":{"cores":30}})");
    EXPECT_EQ(set.status, 200u) << set.text;
    EXPECT_EQ(set.body().at("quota_set").at("cores"), json::value(30));
    EXPECT_FALSE(set.body().at("quota_set").as_object().contains("id"));
    EXPECT_EQ(cloud.get(path + "/defaults").body().at("quota_set").at("cores"), json::value(20));
    EXPECT_FALSE(cloud.get(path, "2.36").body().at("quota_set").as_object().contains("floating_ips"));
    EXPECT_TRUE(cloud.get(path, "2.36").body().at("quota_set").as_object().contains("injected_files"));
    EXPECT_FALSE(cloud.get(path, "2.57").body().at("quota_set").as_object().contains("injected_files"));
    for (auto const* bad : {R"({"quota_set":{"cores":-2}})", R"({"quota_set":{"cores":"many"}})",
                            R"({"quota_set":{"stars":1}})", R"({})"})
        EXPECT_EQ(cloud.as_admin("PUT", path, bad).status, 400u) << bad;

    cloud.wait_until(cloud.make_server("a"), "ACTIVE");
    EXPECT_EQ(cloud.as_admin("PUT", path, R"({"quota_set":{"instances":0}})").status, 400u);
    EXPECT_EQ(cloud.as_admin("PUT", path, R"({"quota_set":{"instances":0,"force":true}})").status, 200u);
    EXPECT_EQ(cloud.get(path + "/detail").body().at("quota_set").at("instances"),
              (json::value{{"limit", 0}, {"in_use", 1}, {"reserved", 0}}));
    auto const limits = cloud.get("/v2.1/limits").body().at("limits").at("absolute").as_object();
    EXPECT_EQ(limits.at("maxTotalInstances"), json::value(0));
    EXPECT_EQ(limits.at("totalRAMUsed"), json::value(128));
    EXPECT_EQ(limits.size(), 19u);
    EXPECT_EQ(cloud.as_admin("DELETE", path).status, 202u);
    EXPECT_EQ(cloud.get(path).body().at("quota_set").at("instances"), json::value(10));
    EXPECT_EQ(cloud.get(path).body().at("quota_set").at("cores"), json::value(20));
}

TEST(Guests, ReadWhatTheyAreFromTheMetadataService) {
    Cloud cloud;
    cloud.post("/v2.1/os-keypairs", R"({"keypair":{"name":"k"}})");
    auto const id =
        cloud.make_server("Web 1.example", R"(,"key_name":"k","user_data":"aGVsbG8=","metadata":{"a":"b"})");
    cloud.wait_until(id, "ACTIVE");
    auto const document = json::parse(guest_asks(cloud, "/openstack/latest/meta_data.json").body);
    EXPECT_EQ(json::text(document.at("uuid")), id);
    EXPECT_EQ(json::text(document.at("hostname")), "web-1-example");
    EXPECT_EQ(document.at("meta"), (json::value{{"a", "b"}}));
    EXPECT_TRUE(document.at("public_keys").as_object().contains("k"));
    EXPECT_EQ(guest_asks(cloud, "/openstack/2013-10-17/user_data").body, "hello");
    auto const network = json::parse(guest_asks(cloud, "/openstack/latest/network_data.json").body);
    EXPECT_EQ(json::text(network.at("networks").at(0).at("netmask")), "255.255.255.0");
    EXPECT_EQ(guest_asks(cloud, "/latest/meta-data/public-ipv4").body, "203.0.113.9");
    EXPECT_EQ(guest_asks(cloud, "/latest/meta-data/local-ipv4").body, "10.0.0.5");
    EXPECT_EQ(guest_asks(cloud, "/latest/meta-data/public-keys/").body, "0=k");
    EXPECT_THAT(guest_asks(cloud, "/2009-04-04/meta-data/public-keys/0/openssh-key").body,
                testing::StartsWith("ssh-rsa "));
    EXPECT_THAT(guest_asks(cloud, "/latest/meta-data/").body, testing::HasSubstr("public-keys/"));
    EXPECT_EQ(guest_asks(cloud, "/latest/user-data").body, "hello");
    for (auto const* none :
         {"/latest/none", "/openstack/1999-01-01/meta_data.json", "/openstack/latest/a/b", "/latest/user-data/x"})
        EXPECT_EQ(guest_asks(cloud, none).status, 404u) << none;
    EXPECT_EQ(guest_asks(cloud, "/latest", "DELETE").status, 405u);
}

TEST(Guests, PostOnePassword) {
    Cloud cloud;
    auto const id = cloud.make_server("w");
    cloud.wait_until(id, "ACTIVE");
    auto const path = "/openstack/2013-10-17/password";
    EXPECT_EQ(guest_asks(cloud, path, "POST", std::string(1021, 'x')).status, 400u);
    EXPECT_EQ(guest_asks(cloud, path, "POST", "secret").status, 200u);
    EXPECT_EQ(guest_asks(cloud, path, "POST", "other").status, 409u);
    EXPECT_EQ(cloud.get("/v2.1/servers/" + id + "/os-server-password").text, R"({"password":"secret"})");
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/servers/" + id + "/os-server-password", {}, cloud.member}).status, 204u);
    EXPECT_EQ(guest_asks(cloud, path).body, "");
}

TEST(Guests, OneThatShutsItselfDownIsShutOff) {
    Cloud cloud({{"hosts", 1}, {"powers_off", json::array{"brief"}}});
    auto const id = cloud.make_server("brief");
    wait_for("the guest to be seen off", [&] { return cloud.state_of(id) == "SHUTOFF"; });
    EXPECT_THAT(differences(cloud), testing::IsEmpty());
}

TEST(Guests, OneThatCrashesIsShutOffAndStartsAgain) {
    Cloud cloud;
    auto const id = cloud.make_server("w");
    cloud.wait_until(id, "ACTIVE");
    auto const crash = [&](std::string const& guest) {
        namespace simulator = compute::simulator;
        call<simulator::faults, &simulator::Faults::end_guest>(cloud, simulator::End{guest, true});
    };
    crash(id);
    cloud.wait_until(id, "SHUTOFF");
    EXPECT_EQ(cloud.shown(id).at("OS-EXT-STS:power_state"), json::value(6));
    EXPECT_THAT(differences(cloud), testing::IsEmpty());
    EXPECT_EQ(refusal([&] { crash(id); }).code(), Code::conflict) << "it does not run";
    EXPECT_EQ(refusal([&] { crash(network_id); }).code(), Code::not_found);

    EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", R"({"os-start":null})").status, 202u);
    cloud.wait_until(id, "ACTIVE");
    EXPECT_EQ(cloud.shown(id).at("OS-EXT-STS:power_state"), json::value(1));
}

TEST(Consoles, AUrlCarriesATokenThatNobodyCanGuess) {
    Cloud cloud;
    auto const id = cloud.make_server("w");
    cloud.wait_until(id, "ACTIVE");
    auto const made = cloud.post("/v2.1/servers/" + id + "/remote-consoles",
                                 R"({"remote_console":{"protocol":"vnc","type":"novnc"}})", "2.8");
    ASSERT_EQ(made.status, 200u) << made.text;
    EXPECT_THAT(json::text(made.body().at("remote_console").at("url")),
                testing::MatchesRegex("http://cloud.test/compute/console\\?token=[0-9a-f]{48}"));
    EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", R"({"os-getVNCConsole":{"type":"novnc"}})").status, 200u);
    EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", R"({"os-getVNCConsole":{"type":"novnc"}})", "2.6").status,
              400u);
    for (auto const* query : {"", "?token=", "?token=0123", "?path=%3Ftoken%3Dx"})
        EXPECT_EQ(cloud.ask({"GET", std::string("/console") + query, {}, testkit::nobody()}).status, 403u) << query;
}

TEST(Prover, FindsWhatDoesNotAgree) {
    Cloud cloud;
    auto const id = cloud.make_server("w");
    cloud.wait_until(id, "ACTIVE");
    EXPECT_THAT(differences(cloud), testing::IsEmpty());
    volutus::store::Apply lost;
    lost.release.push_back({"", "", id});
    lost.claim.push_back({cloud.placement.providers.begin()->second.id, "MEMORY_MB", "nobody", 7, {}});
    cloud.store().apply("compute_service", lost);
    EXPECT_THAT(differences(cloud), testing::Not(testing::IsEmpty()));
}

TEST(Versions, DocumentsNeedNoToken) {
    Cloud cloud;
    auto const root = cloud.ask({"GET", "/", {}, testkit::nobody()});
    EXPECT_EQ(root.status, 200u) << root.text;
    auto const version = cloud.ask({"GET", "/v2.1", {}, testkit::nobody()}).body().at("version");
    EXPECT_EQ(json::text(version.at("id")), "v2.1");
    EXPECT_EQ(json::text(version.at("min_version")), "2.1");
    EXPECT_EQ(json::text(version.at("version")), "2.85");
    EXPECT_EQ(cloud.get("/v2.1/servers", "2.86").status, 406u);
}

TEST(Routes, EveryOneRefusesTheAnonymousCaller) {
    Cloud cloud;
    testkit::Walk walk;
    walk.manifest = cloud.manifest_json();
    auto const send = [&](service::HttpRequest const& http, std::string const& body) {
        auto const reply = cloud.ask({http.method, http.path, body, testkit::nobody()});
        return testkit::WalkedReply{reply.status, reply.text};
    };
    EXPECT_THAT(testkit::walk_anonymous(walk, send), testing::IsEmpty());
}

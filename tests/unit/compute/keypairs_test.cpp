#include "compute_cloud.hpp"

using namespace compute_tests;

namespace {

struct Keypairs : testing::Test {
    Cloud cloud;
    testkit::Answer create(std::string const& body, std::string const& version = "2.10") {
        return cloud.post("/v2.1/os-keypairs", R"({"keypair":)" + body + "}", version);
    }
};

} // namespace

TEST_F(Keypairs, AMadeKeyIsHandedOverOnce) {
    auto const made = create(R"({"name":"mine"})");
    ASSERT_EQ(made.status, 201u) << made.text;
    auto const keypair = made.body().at("keypair").as_object();
    EXPECT_THAT(json::text(keypair.at("private_key")), testing::StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
    EXPECT_THAT(json::text(keypair.at("public_key")), testing::StartsWith("ssh-rsa AAAA"));
    EXPECT_THAT(json::text(keypair.at("fingerprint")), testing::MatchesRegex("([0-9a-f]{2}:){15}[0-9a-f]{2}"));
    auto const shown = cloud.get("/v2.1/os-keypairs/mine", "2.10").body().at("keypair").as_object();
    EXPECT_FALSE(shown.contains("private_key"));
    EXPECT_EQ(shown.at("fingerprint"), keypair.at("fingerprint"));
    EXPECT_TRUE(shown.at("id").is_int64());
    EXPECT_EQ(shown.at("deleted"), json::value(false));

    auto const imported = create(R"({"name":"again","public_key":")" + json::text(keypair.at("public_key")) + "\"}");
    EXPECT_EQ(imported.body().at("keypair").at("fingerprint"), keypair.at("fingerprint"));
    EXPECT_FALSE(imported.body().at("keypair").as_object().contains("private_key"));
}

TEST_F(Keypairs, CodesAndFieldsFollowTheVersion) {
    auto const old = create(R"({"name":"old"})", "2.1");
    EXPECT_EQ(old.status, 200u);
    EXPECT_FALSE(old.body().at("keypair").as_object().contains("type"));
    EXPECT_EQ(json::text(create(R"({"name":"new"})", "2.2").body().at("keypair").at("type")), "ssh");
    EXPECT_EQ(cloud.get("/v2.1/os-keypairs").body().at("keypairs").at(0).at("keypair").as_object().size(), 3u);
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/os-keypairs/old", {}, cloud.member, "2.1"}).status, 202u);
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/os-keypairs/new", {}, cloud.member, "2.2"}).status, 204u);
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/os-keypairs/new", {}, cloud.member, "2.2"}).status, 404u);
    EXPECT_EQ(create(R"({"name":"x","type":"ssh"})", "2.1").status, 400u);
}

TEST_F(Keypairs, ACertificateIsAKeyToo) {
    auto const made = create(R"({"name":"windows","type":"x509"})");
    ASSERT_EQ(made.status, 201u) << made.text;
    auto const keypair = made.body().at("keypair").as_object();
    EXPECT_THAT(json::text(keypair.at("public_key")), testing::StartsWith("-----BEGIN CERTIFICATE-----"));
    EXPECT_EQ(
        create(json::print(json::object{{"name", "w2"}, {"type", "x509"}, {"public_key", keypair.at("public_key")}}))
            .status,
        201u);
    EXPECT_EQ(create(R"({"name":"w3","type":"x509","public_key":"ssh-rsa AAAA"})").status, 400u);
}

TEST_F(Keypairs, WhatIsNoKeyIsRefused) {
    for (std::string const body :
         {R"({})", R"({"name":""})", R"({"name":"key/1"})", R"({"name":"a@b"})", R"({"name":" x"})",
          R"({"name":"x","public_key":"ssh-rsa"})", R"({"name":"x","public_key":"ssh-rsa %%% me"})",
          R"({"name":"x","public_key":"ssh-rsa AAAA me"})", R"({"name":"x","public_key":""})",
          R"({"name":"x","type":"pgp"})"})
        EXPECT_EQ(create(body).status, 400u) << body;
    EXPECT_EQ(create(R"({"name":")" + std::string(256, 'x') + "\"}").status, 400u);
}

TEST_F(Keypairs, ANameIsGivenOnceToAUserAndTheQuotaHolds) {
    Cloud small({{"hosts", 1}}, {{"quota_key_pairs", 2}});
    auto const send = [&](char const* name, Context const& as) {
        return small.ask(
            {"POST", "/v2.1/os-keypairs", R"({"keypair":{"name":")" + std::string(name) + R"("}})", as, "2.2"});
    };
    EXPECT_EQ(send("k", small.member).status, 201u);
    EXPECT_EQ(send("k", small.member).status, 409u);
    EXPECT_EQ(send("k", small.other).status, 201u);
    EXPECT_EQ(send("l", small.member).status, 201u);
    auto const refused = send("m", small.member);
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(json::text(refused.body().at("forbidden").at("message")), "Quota exceeded, too many key pairs.");
    small.ask({"DELETE", "/v2.1/os-keypairs/k", {}, small.member});
    EXPECT_EQ(send("m", small.member).status, 201u);
}

TEST_F(Keypairs, OnlyOperatorsNameAnotherUser) {
    create(R"({"name":"mine"})");
    EXPECT_EQ(cloud.ask({"GET", "/v2.1/os-keypairs/mine?user_id=user-1", {}, cloud.other, "2.10"}).status, 403u);
    EXPECT_EQ(cloud.ask({"GET", "/v2.1/os-keypairs/mine", {}, cloud.other, "2.10"}).status, 404u);
    EXPECT_EQ(cloud.as_admin("GET", "/v2.1/os-keypairs/mine?user_id=user-1", {}, "2.10").status, 200u);
}

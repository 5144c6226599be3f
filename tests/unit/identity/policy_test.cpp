// Who may ask for what: over every route.
#include "identity_fixture.hpp"

using namespace identity_tests;

namespace {
struct Policy : Identity {
    testkit::Walk walk() {
        auto const ada = tenant("ada");
        testkit::Walk out;
        out.manifest = manifest();
        auto first = [this](std::string const& path, std::string const& key) {
            return json::text(done(admin, "GET", path).at(key).as_array().at(0).at("id"));
        };
        out.captures = {
            {"user_id", ada.user},
            {"project_id", ada.project},
            {"domain_id", "default"},
            {"role_id", role("member")},
            {"prior_role_id", role("member")},
            {"implied_role_id", role("reader")},
            {"region_id", "RegionOne"},
            {"service_id", first("/v3/services", "services")},
            {"endpoint_id", first("/v3/endpoints", "endpoints")},
            {"policy_id", id_of_new("/v3/policies", R"({"policy":{"type":"t","blob":"b"}})")},
            {"group_id", id_of_new("/v3/groups", R"({"group":{"name":"g"}})")},
            {"credential_id",
             id_of_new("/v3/credentials", R"({"credential":{"type":"t","blob":"b","user_id":")" + ada.user + "\"}}")}};
        auto const trust =
            done(ada.context, "POST", "/v3/OS-TRUST/trusts",
                 R"({"trust":{"trustor_user_id":")" + ada.user + R"(","trustee_user_id":")" + admin_id +
                     R"(","impersonation":false,"roles":[{"name":"member"}],"project_id":")" + ada.project + "\"}}");
        out.captures["trust_id"] = json::text(trust.at("trust").at("id"));
        out.why_public = {{"GET /v3/regions/{region_id}", "regions are everybody's to see"},
                          {"GET /v3/domains/{domain_id}", "a domain is seen by those whose project is in it"}};
        return out;
    }
    testkit::Send as(Context const& who) {
        return [this, who](service::HttpRequest const& request, std::string const& body) -> testkit::WalkedReply {
            auto const answer = fake.send(service, request, &who, body);
            return {answer.status, answer.text};
        };
    }
};
} // namespace

TEST_F(Policy, WithoutATokenNothingButLoginsAndVersionsIsAnswered) {
    for (auto const& problem : testkit::walk_anonymous(walk(), as(testkit::nobody()))) ADD_FAILURE() << problem;
}

TEST_F(Policy, AnotherTenantLearnsNothingAboutWhatIsNotItsOwn) {
    auto const all = walk();
    auto const eve = tenant("eve");
    for (auto const& problem : testkit::walk_other_tenant(all, as(eve.context))) ADD_FAILURE() << problem;
}

TEST_F(Policy, AMemberIsRefusedTheListsOfTheCloudInOneForm) {
    auto const ada = tenant("ada");
    for (std::string const noun : {"users", "projects", "domains", "groups", "roles", "services", "endpoints",
                                   "policies", "role_assignments", "role_inferences"}) {
        auto const reply = ask(ada.context, "GET", "/v3/" + noun);
        EXPECT_EQ(reply.status, 403u) << noun;
        EXPECT_THAT(message(reply),
                    testing::StartsWith("You are not authorized to perform the requested action: identity:list_"));
    }
}

TEST_F(Policy, AUserSeesItselfItsProjectAndItsDomain) {
    auto const ada = tenant("ada", "reader"), eve = tenant("eve");
    for (auto const& path : {"users/" + ada.user, "projects/" + ada.project, std::string("domains/default")})
        EXPECT_EQ(ask(ada.context, "GET", "/v3/" + path).status, 200u) << path;
    for (auto const& path : {"users/" + eve.user, "projects/" + eve.project, "users/" + eve.user + "/projects",
                             "users/" + eve.user + "/groups", std::string("users/none"), std::string("projects/none")})
        EXPECT_EQ(ask(ada.context, "GET", "/v3/" + path).status, 403u) << path;
    EXPECT_EQ(ask(ada.context, "PATCH", "/v3/users/" + ada.user, R"({"user":{"name":"x"}})").status, 403u);
}

TEST_F(Policy, AReaderOfTheSystemSeesAllAndChangesNothing) {
    auto const user = new_user("auditor");
    grant("system", user, "reader");
    auto const auditor = caller(login("auditor", "pw", R"({"system":{"all":true}})"));
    for (std::string const path :
         {"users", "projects", "domains", "roles", "services", "role_assignments", "domains/default"})
        EXPECT_EQ(ask(auditor, "GET", "/v3/" + path).status, 200u) << path;
    EXPECT_EQ(ask(auditor, "POST", "/v3/users", R"({"user":{"name":"x"}})").status, 403u);
    EXPECT_EQ(ask(auditor, "DELETE", "/v3/users/" + user).status, 403u);
}

TEST_F(Policy, AReaderOfADomainSeesThatDomainsUsersAndProjects) {
    auto const other = id_of_new("/v3/domains", R"({"domain":{"name":"other"}})");
    auto const user = new_user("guide", R"(,"domain_id":")" + other + "\"");
    new_project("theirs", R"(,"domain_id":")" + other + "\"");
    grant("domains/" + other, user, "reader");
    auto const login_body = R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"id":")" + user +
                            R"(","password":"pw"}}},"scope":{"domain":{"id":")" + other + "\"}}}}";
    auto const guide = caller(token_of(try_login(login_body)));
    EXPECT_THAT(texts(done(guide, "GET", "/v3/users").at("users"), "name"), testing::ElementsAre("guide"));
    EXPECT_THAT(texts(done(guide, "GET", "/v3/projects").at("projects"), "name"), testing::ElementsAre("theirs"));
    EXPECT_EQ(ask(guide, "GET", "/v3/users/" + admin_id).status, 403u);
}

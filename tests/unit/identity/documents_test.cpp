// Domains, projects, users, groups and roles: made, found, changed and removed with all that belongs to them.
#include "identity_fixture.hpp"

using namespace identity_tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

namespace {
struct Documents : Identity {
    unsigned status(std::string const& method, std::string const& path, std::string const& body = {}) {
        return ask(admin, method, path, body).status;
    }
    std::string new_domain(std::string const& name) {
        return id_of_new("/v3/domains", R"({"domain":{"name":")" + name + "\"}}");
    }
};
} // namespace

TEST_F(Documents, AProjectIsShownAsKeystoneShowsIt) {
    auto const project =
        made("/v3/projects", R"({"project":{"name":"p","enabled":true,"options":{},"tags":["a"],"colour":"red"}})");
    auto const id = json::text(project.at("id"));
    EXPECT_EQ(id.size(), 32u);
    for (auto const* key : {"id", "name", "domain_id", "parent_id", "description", "enabled", "is_domain", "tags",
                            "options", "links", "colour"})
        EXPECT_TRUE(project.contains(key)) << key;
    EXPECT_EQ(project.size(), 11u);
    EXPECT_EQ(json::text(project.at("domain_id")), "default");
    EXPECT_EQ(json::text(project.at("parent_id")), "default");
    EXPECT_EQ(json::text(project.at("description")), "");
    EXPECT_EQ(json::text(project.at("links").at("self")), "https://cloud.test/identity/v3/projects/" + id);
    auto const list = done(admin, "GET", "/v3/projects?name=p");
    EXPECT_EQ(list.at("projects").as_array().at(0), json::value(project));
    EXPECT_TRUE(list.at("links").at("next").is_null());
    EXPECT_EQ(json::text(list.at("links").at("self")), "https://cloud.test/identity/v3/projects");
}

TEST_F(Documents, ASlashAtTheEndOfAPathDoesNotShowInLinks) {
    auto const body = done(admin, "GET", "/v3/projects/?name=admin");
    auto const& project = body.at("projects").as_array().at(0);
    EXPECT_EQ(json::text(project.at("links").at("self")), "https://cloud.test/identity/v3/projects/" + admin_project);
}

TEST_F(Documents, AUserShowsNoPasswordAndStoresNone) {
    auto const user = made("/v3/users", R"({"user":{"name":"ada","password":"pw","email":"a@b.c","options":{}}})");
    EXPECT_FALSE(user.contains("password"));
    EXPECT_FALSE(user.contains("description"));
    EXPECT_TRUE(user.at("password_expires_at").is_null());
    EXPECT_EQ(json::text(user.at("email")), "a@b.c");
    auto const stored = fake.store.get({"identity.user", json::text(user.at("id")), 0});
    EXPECT_EQ(json::text(stored->body.at("password")), "hash of pw");
    auto const path = "/v3/users/" + json::text(user.at("id"));
    done(admin, "PATCH", path, R"({"user":{"name":"eve"}})");
    EXPECT_TRUE(lives(login("eve", "pw")));
    done(admin, "PATCH", path, R"({"user":{"password":"new"}})");
    EXPECT_EQ(try_login(password_body("eve", "pw", "")).status, 401u);
    EXPECT_TRUE(lives(login("eve", "new")));
}

TEST_F(Documents, AnUnknownIdIs404ForAnAdministratorWhoLooksNamesUpByTrial) {
    for (auto const* path : {"/v3/projects/service", "/v3/users/a b", "/v3/roles/admin", "/v3/domains/Default",
                             "/v3/groups/x", "/v3/services/compute", "/v3/endpoints/x", "/v3/regions/x",
                             "/v3/credentials/x", "/v3/policies/x", "/v3/OS-TRUST/trusts/x"}) {
        auto const reply = ask(admin, "GET", path);
        EXPECT_EQ(reply.status, 404u) << path << reply.text;
        EXPECT_THAT(message(reply), HasSubstr("Could not find ")) << path;
    }
}

TEST_F(Documents, NamesAreUniqueWithinTheirDomain) {
    auto const other = new_domain("other");
    for (auto const* noun : {"project", "user", "group", "role"}) {
        auto const path = std::string("/v3/") + noun + "s";
        auto body = [&](std::string const& more) {
            return std::string("{\"") + noun + R"(":{"name":"twin")" + more + "}}";
        };
        EXPECT_EQ(status("POST", path, body("")), 201u) << noun;
        auto const again = ask(admin, "POST", path, body(""));
        EXPECT_EQ(again.status, 409u) << noun;
        EXPECT_THAT(message(again), HasSubstr("Duplicate entry found with name twin"));
        EXPECT_EQ(status("POST", path, body(R"(,"domain_id":")" + other + "\"")), 201u) << noun;
    }
    EXPECT_EQ(status("POST", "/v3/domains", R"({"domain":{"name":"other"}})"), 409u);
}

TEST_F(Documents, BadBodiesAreRefused) {
    for (auto const* body : {"", "{}", R"({"project":{}})", R"({"project":{"name":""}})", R"({"project":{"name":7}})",
                             R"({"project":{"name":"a","enabled":"yes"}})", R"({"project":{"name":"a","tags":"b"}})",
                             R"({"project":{"name":"a","is_domain":true}})"})
        EXPECT_EQ(status("POST", "/v3/projects", body), 400u) << body;
    EXPECT_EQ(status("POST", "/v3/projects", R"({"project":{"name":")" + std::string(65, 'x') + "\"}}"), 400u);
    EXPECT_EQ(status("POST", "/v3/projects", R"({"project":{"name":"a","domain_id":"none"}})"), 404u);
    EXPECT_EQ(status("POST", "/v3/users", R"({"user":{"name":"a","password":""}})"), 400u);
}

TEST_F(Documents, AProjectWithChildrenIsNoLeafAndATreeHasAnEnd) {
    auto const top = new_project("p0");
    auto parent = top;
    for (int depth = 1; depth < 5; ++depth)
        parent = new_project("p" + std::to_string(depth), R"(,"parent_id":")" + parent + "\"");
    EXPECT_EQ(status("POST", "/v3/projects", R"({"project":{"name":"deep","parent_id":")" + parent + "\"}}"), 403u);
    EXPECT_EQ(status("DELETE", "/v3/projects/" + top), 403u);
    EXPECT_EQ(status("DELETE", "/v3/projects/" + parent), 204u);
    EXPECT_THAT(texts(done(admin, "GET", "/v3/projects?parent_id=" + top).at("projects"), "name"), ElementsAre("p1"));
}

TEST_F(Documents, ADomainIsDisabledBeforeItGoesAndTakesAllOfItWithIt) {
    auto const domain = new_domain("d");
    auto const in = R"(,"domain_id":")" + domain + "\"";
    auto const user = new_user("ada", in), project = new_project("p", in);
    auto const child = new_project("c", R"(,"parent_id":")" + project + "\"");
    auto const group = id_of_new("/v3/groups", R"({"group":{"name":"g")" + in + "}}");
    done(admin, "PUT", "/v3/groups/" + group + "/users/" + user);
    grant("projects/" + project, user, "member");
    grant("domains/" + domain, user, "reader");
    EXPECT_EQ(status("DELETE", "/v3/domains/" + domain), 403u);
    done(admin, "PATCH", "/v3/domains/" + domain, R"({"domain":{"enabled":false}})");
    EXPECT_EQ(status("DELETE", "/v3/domains/" + domain), 204u);
    for (auto const& path :
         {"domains/" + domain, "users/" + user, "projects/" + project, "projects/" + child, "groups/" + group})
        EXPECT_EQ(status("GET", "/v3/" + path), 404u) << path;
    EXPECT_EQ(done(admin, "GET", "/v3/role_assignments").at("role_assignments").as_array().size(),
              2u); // the admin's own
}

TEST_F(Documents, WhatIsMoreThanOneApplyTakesGoesInSeveral) {
    auto const domain = new_domain("d");
    for (int i = 0; i < 700; ++i) new_user("u" + std::to_string(i), R"(,"domain_id":")" + domain + "\"");
    done(admin, "PATCH", "/v3/domains/" + domain, R"({"domain":{"enabled":false}})");
    EXPECT_EQ(status("DELETE", "/v3/domains/" + domain), 204u);
    EXPECT_TRUE(done(admin, "GET", "/v3/users?domain_id=" + domain).at("users").as_array().empty());
}

TEST_F(Documents, TheRolesOfTheCloudAreImmutable) {
    auto const path = "/v3/roles/" + role("member");
    EXPECT_EQ(status("DELETE", path), 403u);
    EXPECT_EQ(status("PATCH", path, R"({"role":{"name":"x"}})"), 403u);
    EXPECT_EQ(status("PATCH", path, R"({"role":{"name":"x","options":{"immutable":false}}})"), 403u);
    EXPECT_EQ(status("PATCH", path, R"({"role":{"options":{"immutable":false}}})"), 200u);
    EXPECT_EQ(status("PATCH", path, R"({"role":{"name":"x"}})"), 200u);
}

TEST_F(Documents, GroupsHaveUsers) {
    auto const group = id_of_new("/v3/groups", R"({"group":{"name":"g"}})");
    auto const ada = new_user("ada"), eve = new_user("eve");
    auto const path = "/v3/groups/" + group + "/users";
    for (auto const& user : {ada, eve, ada}) EXPECT_EQ(status("PUT", path + "/" + user), 204u);
    auto const listed = done(admin, "GET", path).at("users");
    EXPECT_THAT(texts(listed, "name"), UnorderedElementsAre("ada", "eve"));
    for (auto const& user : listed.as_array())
        EXPECT_EQ(user, done(admin, "GET", "/v3/users/" + json::text(user.at("id"))).at("user"));
    EXPECT_EQ(status("HEAD", path + "/" + ada), 204u);
    EXPECT_EQ(status("DELETE", path + "/" + ada), 204u);
    EXPECT_EQ(status("HEAD", path + "/" + ada), 404u);
    EXPECT_EQ(status("DELETE", path + "/" + ada), 404u);
    EXPECT_EQ(status("PUT", path + "/nobody"), 404u);
    EXPECT_THAT(texts(done(admin, "GET", "/v3/users/" + eve + "/groups").at("groups"), "name"), ElementsAre("g"));
    done(admin, "DELETE", "/v3/users/" + eve);
    EXPECT_TRUE(done(admin, "GET", path).at("users").as_array().empty());
}

TEST_F(Documents, PoliciesAreKept) {
    auto const id = id_of_new("/v3/policies", R"({"policy":{"type":"t","blob":"b"}})");
    auto const changed = done(admin, "PATCH", "/v3/policies/" + id, R"({"policy":{"type":"u"}})").at("policy");
    EXPECT_EQ(json::text(changed.at("type")), "u");
    EXPECT_EQ(json::text(changed.at("blob")), "b");
    EXPECT_EQ(status("DELETE", "/v3/policies/" + id), 204u);
}

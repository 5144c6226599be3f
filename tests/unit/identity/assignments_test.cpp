#include "identity_fixture.hpp"

using namespace identity_tests;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {
struct Assignments : Identity {
    unsigned status(std::string const& method, std::string const& path) {
        return ask(admin, method, "/v3" + path).status;
    }
    json::array rows(std::string const& query) {
        return done(admin, "GET", "/v3/role_assignments?" + query).at("role_assignments").as_array();
    }
    std::vector<std::string> roles_of(std::string const& token) {
        std::vector<std::string> names;
        for (auto const& role : caller(token).roles) names.push_back(role.name);
        return names;
    }
    std::string group_of(std::string const& user) {
        auto const group = id_of_new("/v3/groups", R"({"group":{"name":"group of )" + user + "\"}}");
        done(admin, "PUT", "/v3/groups/" + group + "/users/" + user);
        return group;
    }
};
} // namespace

TEST_F(Assignments, AreMadeCheckedListedAndTakenBackEverywhere) {
    auto const user = new_user("ada"), group = group_of(user), project = new_project("p"), member = role("member");
    for (auto const& place : {"/projects/" + project, std::string("/domains/default"), std::string("/system")})
        for (auto const& actor : {"/users/" + user, "/groups/" + group}) {
            auto const roles = place + actor + "/roles";
            EXPECT_EQ(status("HEAD", roles + "/" + member), 404u) << roles;
            EXPECT_EQ(status("PUT", roles + "/" + member), 204u) << roles;
            EXPECT_EQ(status("PUT", roles + "/" + member), 204u) << roles;
            EXPECT_EQ(status("HEAD", roles + "/" + member), 204u) << roles;
            EXPECT_THAT(texts(done(admin, "GET", "/v3" + roles).at("roles"), "name"), ElementsAre("member")) << roles;
            EXPECT_EQ(status("DELETE", roles + "/" + member), 204u) << roles;
            EXPECT_EQ(status("DELETE", roles + "/" + member), 404u) << roles;
        }
}

TEST_F(Assignments, NeedWhatTheyNameToBeThere) {
    auto const user = new_user("ada"), project = new_project("p"), member = role("member");
    EXPECT_EQ(status("PUT", "/projects/none/users/" + user + "/roles/" + member), 404u);
    EXPECT_EQ(status("PUT", "/projects/" + project + "/users/none/roles/" + member), 404u);
    EXPECT_EQ(status("PUT", "/projects/" + project + "/users/" + user + "/roles/none"), 404u);
    EXPECT_EQ(status("PUT", "/projects/" + project + "/groups/none/roles/" + member), 404u);
}

TEST_F(Assignments, ReachAUserThroughItsGroups) {
    auto const user = new_user("ada"), group = group_of(user), project = new_project("p");
    done(admin, "PUT", "/v3/projects/" + project + "/groups/" + group + "/roles/" + role("reader"));
    auto const token = login("ada", "pw", scope_of_project("p"));
    EXPECT_THAT(roles_of(token), ElementsAre("reader"));
    EXPECT_THAT(resolved(token).subjects, testing::Contains("group:" + group));
    done(admin, "DELETE", "/v3/groups/" + group + "/users/" + user);
    EXPECT_FALSE(lives(token));
}

TEST_F(Assignments, AreInheritedByTheProjectsBelowAndNotByThePlaceItself) {
    auto const user = new_user("ada"), top = new_project("top");
    auto const below = new_project("below", R"(,"parent_id":")" + top + "\"");
    auto const inherit =
        "/v3/OS-INHERIT/projects/" + top + "/users/" + user + "/roles/" + role("member") + "/inherited_to_projects";
    done(admin, "PUT", inherit);
    EXPECT_EQ(ask(admin, "HEAD", inherit).status, 204u);
    EXPECT_THAT(roles_of(login("ada", "pw", scope_of_project("below"))), ElementsAre("member", "reader"));
    EXPECT_EQ(try_login(password_body("ada", "pw", scope_of_project("top"))).status, 401u);
    done(admin, "DELETE", inherit);
    EXPECT_EQ(try_login(password_body("ada", "pw", scope_of_project("below"))).status, 401u);
    done(admin, "PUT",
         "/v3/OS-INHERIT/domains/default/users/" + user + "/roles/" + role("reader") + "/inherited_to_projects");
    EXPECT_THAT(texts(done(admin, "GET", "/v3/users/" + user + "/projects").at("projects"), "name"),
                ElementsAre("admin", "below", "service", "top"));
    EXPECT_EQ(try_login(password_body("ada", "pw", R"({"domain":{"id":"default"}})")).status, 401u);
}

TEST_F(Assignments, RolesImplyOthersAndNeverThemselves) {
    auto const ada = tenant("ada", "member");
    auto const auditor = id_of_new("/v3/roles", R"({"role":{"name":"auditor"}})");
    auto const path = "/v3/roles/" + role("member") + "/implies/" + auditor;
    auto const reply = ask(admin, "PUT", path);
    EXPECT_EQ(reply.status, 201u);
    EXPECT_EQ(json::text(reply.body().at("role_inference").at("implies").at("name")), "auditor");
    auto const token = login("ada", "pw", scope_of_project("ada"));
    EXPECT_THAT(roles_of(token), ElementsAre("auditor", "member", "reader"));
    EXPECT_EQ(ask(admin, "PUT", "/v3/roles/" + auditor + "/implies/" + role("admin")).status, 403u);
    EXPECT_EQ(ask(admin, "HEAD", path).status, 204u);
    EXPECT_EQ(ask(admin, "GET", path).status, 200u);
    auto const implied =
        done(admin, "GET", "/v3/roles/" + role("member") + "/implies").at("role_inference").at("implies");
    EXPECT_THAT(texts(implied, "name"), UnorderedElementsAre("auditor", "reader"));
    EXPECT_EQ(done(admin, "GET", "/v3/role_inferences").at("role_inferences").as_array().size(), 3u);
    EXPECT_EQ(ask(admin, "DELETE", path).status, 204u);
    EXPECT_EQ(ask(admin, "DELETE", path).status, 404u);
    EXPECT_THAT(roles_of(token), ElementsAre("member", "reader"));
}

TEST_F(Assignments, ARoleOfADomainStandsForWhatItImpliesAndIsForThatDomainOnly) {
    auto const domain = id_of_new("/v3/domains", R"({"domain":{"name":"d"}})");
    auto const own = id_of_new("/v3/roles", R"({"role":{"name":"own","domain_id":"default"}})");
    done(admin, "PUT", "/v3/roles/" + own + "/implies/" + role("reader"));
    auto const user = new_user("ada"), project = new_project("p");
    EXPECT_EQ(status("PUT", "/domains/" + domain + "/users/" + user + "/roles/" + own), 403u);
    EXPECT_EQ(status("PUT", "/projects/" + project + "/users/" + user + "/roles/" + own), 204u);
    EXPECT_THAT(roles_of(login("ada", "pw", scope_of_project("p"))), ElementsAre("reader"));
    EXPECT_THAT(texts(done(admin, "GET", "/v3/roles?domain_id=default").at("roles"), "name"), ElementsAre("own"));
    EXPECT_TRUE(done(admin, "GET", "/v3/roles/" + role("reader")).at("role").at("domain_id").is_null());
}

TEST_F(Assignments, AreListedByFiltersAndWithNames) {
    auto const ada = tenant("ada");
    auto const all = rows("user.id=" + ada.user + "&include_names=True");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(json::text(all[0].at("user").at("name")), "ada");
    EXPECT_EQ(json::text(all[0].at("user").at("domain").at("name")), "Default");
    EXPECT_EQ(json::text(all[0].at("role").at("name")), "member");
    EXPECT_EQ(json::text(all[0].at("scope").at("project").at("name")), "ada");
    EXPECT_EQ(json::text(all[0].at("links").at("assignment")), "https://cloud.test/identity/v3/projects/" +
                                                                   ada.project + "/users/" + ada.user + "/roles/" +
                                                                   role("member"));
    EXPECT_FALSE(rows("user.id=" + ada.user)[0].at("user").as_object().contains("name"));
    EXPECT_EQ(rows("scope.project.id=" + ada.project).size(), 1u);
    EXPECT_EQ(rows("role.id=" + role("member")).size(), 1u);
    EXPECT_EQ(rows("scope.system=all").size(), 1u);
    EXPECT_THAT(rows("scope.domain.id=default"), IsEmpty());
    EXPECT_THAT(rows("user.id=nobody"), IsEmpty());
    EXPECT_EQ(ask(admin, "GET", "/v3/role_assignments?scope.system=all&scope.domain.id=default").status, 400u);
    EXPECT_EQ(ask(admin, "GET", "/v3/role_assignments?user.id=a&group.id=b").status, 400u);
}

TEST_F(Assignments, EffectiveOnesAreOfUsersOnProjectsWithImpliedRoles) {
    auto const user = new_user("ada"), group = group_of(user), project = new_project("p");
    auto const below = new_project("below", R"(,"parent_id":")" + project + "\"");
    done(admin, "PUT", "/v3/projects/" + project + "/groups/" + group + "/roles/" + role("member"));
    done(admin, "PUT",
         "/v3/OS-INHERIT/projects/" + project + "/users/" + user + "/roles/" + role("reader") +
             "/inherited_to_projects");
    auto const effective = rows("effective=True&include_names=True&user.id=" + user);
    std::vector<std::string> told;
    for (auto const& row : effective)
        told.push_back(json::text(row.at("role").at("name")) + " on " +
                       json::text(row.at("scope").at("project").at("name")));
    EXPECT_THAT(told, UnorderedElementsAre("member on p", "reader on p", "reader on below"));
    EXPECT_EQ(rows("effective=0&scope.project.id=" + project).size(), 2u);
    EXPECT_THAT(rows("effective&scope.project.id=" + below), testing::SizeIs(1));
    EXPECT_EQ(rows("scope.OS-INHERIT:inherited_to=projects").size(), 1u);
}

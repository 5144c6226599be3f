#include "identity_fixture.hpp"

using namespace identity_tests;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {
struct Tokens : Identity {
    json::object token(testkit::Answer const& reply) { return reply.body().at("token").as_object(); }
    testkit::Answer about(Context const& as, std::string const& method, std::string const& subject) {
        return ask(as, method, "/v3/auth/tokens", {}, {{"x-subject-token", subject}});
    }
};
} // namespace

TEST_F(Tokens, OfAProjectNameUserProjectRolesAndCatalog) {
    auto const reply = try_login(password_body("admin", "secret", scope_of_project("admin")));
    EXPECT_THAT(reply.header("Vary"), ElementsAre("X-Auth-Token"));
    auto const shown = token(reply);
    EXPECT_EQ(json::text(shown.at("project").at("domain").at("name")), "Default");
    EXPECT_EQ(json::text(shown.at("user").at("name")), "admin");
    EXPECT_TRUE(shown.at("user").at("password_expires_at").is_null());
    EXPECT_FALSE(shown.at("is_domain").as_bool());
    EXPECT_THAT(texts(shown.at("roles"), "name"), ElementsAre("admin", "manager", "member", "reader"));
    EXPECT_THAT(json::text(shown.at("expires_at")), testing::EndsWith("Z"));
    EXPECT_EQ(shown.at("audit_ids").as_array().size(), 1u);
    EXPECT_EQ(shown.at("catalog").as_array().size(), 2u);
}

TEST_F(Tokens, MayBeUnscopedOrOfADomainOrTheSystem) {
    auto const user = new_user("ada");
    grant("domains/default", user, "reader");
    auto const unscoped = token(try_login(password_body("ada", "pw", "\"unscoped\"")));
    EXPECT_FALSE(unscoped.contains("project"));
    EXPECT_FALSE(unscoped.contains("catalog"));
    EXPECT_FALSE(unscoped.contains("roles"));
    auto const domain = token(try_login(password_body("ada", "pw", R"({"domain":{"name":"Default"}})")));
    EXPECT_EQ(json::text(domain.at("domain").at("id")), "default");
    EXPECT_EQ(try_login(password_body("ada", "pw", R"({"system":{"all":true}})")).status, 401u);
    auto const system = token(try_login(password_body("admin", "secret", R"({"system":{"all":true}})")));
    EXPECT_TRUE(system.at("system").at("all").as_bool());
}

TEST_F(Tokens, TheDefaultProjectIsTheScopeWhereNoneIsSaid) {
    auto const project = new_project("home");
    auto const user = new_user("ada", R"(,"default_project_id":")" + project + "\"");
    EXPECT_FALSE(token(try_login(password_body("ada", "pw", ""))).contains("project")); // no role there yet
    grant("projects/" + project, user, "member");
    EXPECT_EQ(json::text(token(try_login(password_body("ada", "pw", ""))).at("project").at("id")), project);
    EXPECT_FALSE(token(try_login(password_body("ada", "pw", R"({"unscoped":{}})"))).contains("project"));
}

TEST_F(Tokens, WhateverIsWrongWithALoginTheAnswerIsTheSame) {
    auto const user = new_user("ada"), off = new_user("off", R"(,"enabled":false)");
    auto const refusal = try_login(password_body("ada", "wrong-word", "")).text;
    EXPECT_THAT(refusal, HasSubstr("The request you have made requires authentication."));
    std::vector<std::string> const bodies{
        password_body("nobody", "pw", ""),
        password_body("off", "pw", ""),
        password_body("ada", "pw", scope_of_project("admin")),
        password_body("ada", "pw", scope_of_project("nowhere")),
        password_body("ada", "pw", R"({"domain":{"id":"nowhere"}})"),
        password_body("ada", "pw", R"({"OS-TRUST:trust":{"id":"none"}})"),
        token_body("forged"),
        R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"ada","domain":{"name":"none"},)"
        R"("password":"pw"}}}}})",
        R"({"auth":{"identity":{"methods":["crystal_ball"]}}})"};
    for (auto const& body : bodies) {
        auto const reply = try_login(body);
        EXPECT_EQ(reply.status, 401u) << body;
        EXPECT_EQ(reply.text, refusal) << body;
    }
    EXPECT_THAT(fake.logged, Contains(HasSubstr("refused")));
    EXPECT_THAT(fake.logged, Not(Contains(HasSubstr("wrong-word"))));
}

TEST_F(Tokens, AnUnknownUserCostsAsMuchAsAKnownOne) {
    new_user("ada");
    for (auto const* name : {"ada", "nobody"}) {
        checks = 0;
        try_login(password_body(name, "wrong", ""));
        EXPECT_EQ(checks, 1u) << name;
    }
}

TEST_F(Tokens, AMalformedLoginIsABadRequest) {
    for (auto const* body :
         {"", "{}", "[]", R"({"auth":{}})", R"({"auth":{"identity":{"methods":[]}}})",
          R"({"auth":{"identity":{"methods":["password"]}}})", R"({"auth":{"identity":{"methods":["token"]}}})",
          R"({"auth":{"identity":{"methods":"password"}}})",
          R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"password":"x"}}}}})",
          R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"a","password":"x"}}}}})"})
        EXPECT_EQ(try_login(body).status, 400u) << body;
    for (auto const* scope : {"7", "{}", R"({"project":{}})", R"({"moon":{"id":"1"}})", R"({"project":{"name":"a"}})",
                              R"({"project":{"id":"a"},"domain":{"id":"b"}})"})
        EXPECT_EQ(try_login(password_body("admin", "secret", scope)).status, 400u) << scope;
}

TEST_F(Tokens, FromATokenLiveNoLongerAndRememberTheFirst) {
    auto const first = login("admin", "secret");
    auto const before = caller(first);
    auto const scoped = caller(token_of(try_login(token_body(first, scope_of_project("admin")))));
    EXPECT_EQ(scoped.expires, before.expires);
    EXPECT_THAT(scoped.methods, testing::UnorderedElementsAre("password", "token"));
    ASSERT_EQ(scoped.audit_ids.size(), 2u);
    EXPECT_EQ(scoped.audit_ids[1], before.audit_ids[0]);
    EXPECT_NE(scoped.audit_ids[0], before.audit_ids[0]);
}

TEST_F(Tokens, AreShownToTheirUserToServicesAndToAdministrators) {
    auto const ada = tenant("ada"), eve = tenant("eve"), nova = tenant("nova", "service");
    auto const subject = login("ada", "pw", scope_of_project("ada"));
    for (auto const& who : {ada.context, nova.context, admin}) {
        auto const reply = about(who, "GET", subject);
        EXPECT_EQ(reply.status, 200u) << reply.text;
        EXPECT_THAT(reply.header("X-Subject-Token"), ElementsAre(subject));
    }
    EXPECT_EQ(about(eve.context, "GET", subject).status, 403u);
    EXPECT_EQ(about(admin, "HEAD", subject).status, 200u);
    for (auto const* bad : {"", "forged"}) EXPECT_EQ(about(admin, "GET", bad).status, 404u);
}

TEST_F(Tokens, ARevokedTokenIsDeadAndTheKernelIsTold) {
    auto const subject = login("admin", "secret"), other = login("admin", "secret");
    auto const audit = caller(subject).audit_ids[0];
    EXPECT_THAT(resolved(subject).subjects, Contains("token:" + audit));
    EXPECT_EQ(about(admin, "DELETE", subject).status, 204u);
    EXPECT_EQ(fake.store.notes.back().topic, auth::changed_topic);
    EXPECT_THAT(json::print(fake.store.notes.back().body), HasSubstr("token:" + audit));
    EXPECT_FALSE(lives(subject));
    EXPECT_TRUE(lives(other));
    EXPECT_EQ(about(admin, "DELETE", subject).status, 404u);
    EXPECT_EQ(try_login(token_body(subject)).status, 401u);
}

TEST_F(Tokens, WhatRevocationsOfExpiredTokensLeaveGoesWithTheNextOne) {
    store::Apply old;
    old.put.push_back({"identity.revoked_token", "long-ago", {{"id", "long-ago"}, {"expires", 1}}});
    fake.store.apply(old);
    about(admin, "DELETE", login("admin", "secret"));
    EXPECT_FALSE(fake.store.get({"identity.revoked_token", "long-ago", 0}));
}

TEST_F(Tokens, DieWithWhatTheyRestOn) {
    auto set = [this](std::string const& path, std::string const& body) { done(admin, "PATCH", "/v3/" + path, body); };
    auto const roles = [this](Tenant const& who) {
        return "/v3/projects/" + who.project + "/users/" + who.user + "/roles/" + role("member");
    };
    std::vector<std::pair<std::string, std::function<void(Tenant const&)>>> const ends{
        {"password", [&](auto& who) { set("users/" + who.user, R"({"user":{"password":"new"}})"); }},
        {"disabled", [&](auto& who) { set("users/" + who.user, R"({"user":{"enabled":false}})"); }},
        {"returned",
         [&](auto& who) {
             set("users/" + who.user, R"({"user":{"enabled":false}})");
             set("users/" + who.user, R"({"user":{"enabled":true}})");
         }},
        {"project-disabled", [&](auto& who) { set("projects/" + who.project, R"({"project":{"enabled":false}})"); }},
        {"project-gone", [&](auto& who) { done(admin, "DELETE", "/v3/projects/" + who.project); }},
        {"user-gone", [&](auto& who) { done(admin, "DELETE", "/v3/users/" + who.user); }},
        {"role-taken", [&](auto& who) { done(admin, "DELETE", roles(who)); }}};
    for (auto const& [name, end] : ends) {
        auto const who = tenant(name);
        auto const token = login(name, "pw", scope_of_project(name));
        auto const subjects = resolved(token).subjects;
        auto const notes = fake.store.notes.size();
        end(who);
        EXPECT_FALSE(lives(token)) << name;
        bool told = false;
        for (std::size_t i = notes; i < fake.store.notes.size(); ++i)
            for (auto const& changed : fake.store.notes[i].body.at("subjects").as_array())
                told = told || std::count(subjects.begin(), subjects.end(), json::text(changed));
        EXPECT_TRUE(told) << name << ": no note names what the token rests on";
    }
}

TEST_F(Tokens, APasswordIsChangedByWhoKnowsTheOldOne) {
    auto const user = new_user("ada");
    auto change = [&](std::string const& old) {
        return ask(testkit::nobody(), "POST", "/v3/users/" + user + "/password",
                   R"({"user":{"password":"new","original_password":")" + old + "\"}}");
    };
    EXPECT_EQ(change("wrong").status, 401u);
    auto const before = login("ada", "pw");
    EXPECT_EQ(change("pw").status, 204u);
    EXPECT_FALSE(lives(before));
    EXPECT_TRUE(lives(login("ada", "new")));
    EXPECT_EQ(ask(testkit::nobody(), "POST", "/v3/users/nobody/password",
                  R"({"user":{"password":"new","original_password":"x"}})")
                  .status,
              401u);
}

TEST_F(Tokens, TheirHoldersAskWhereTheyMayGo) {
    auto const ada = tenant("ada");
    EXPECT_THAT(texts(done(ada.context, "GET", "/v3/auth/projects").at("projects"), "name"), ElementsAre("ada"));
    EXPECT_THAT(texts(done(ada.context, "GET", "/v3/users/" + ada.user + "/projects").at("projects"), "name"),
                ElementsAre("ada"));
    EXPECT_TRUE(done(ada.context, "GET", "/v3/auth/domains").at("domains").as_array().empty());
    EXPECT_TRUE(done(ada.context, "GET", "/v3/auth/system").at("system").as_array().empty());
    EXPECT_EQ(done(admin, "GET", "/v3/auth/system").at("system").as_array().size(), 1u);
    EXPECT_EQ(done(ada.context, "GET", "/v3/auth/catalog").at("catalog").as_array().size(), 2u);
    EXPECT_EQ(ask(caller(login("ada", "pw", "\"unscoped\"")), "GET", "/v3/auth/catalog").status, 403u);
}

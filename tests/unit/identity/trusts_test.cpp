// Trusts and credentials: what users hand to each other, and what they keep for themselves.
#include "identity_fixture.hpp"

using namespace identity_tests;
using testing::ElementsAre;

namespace {
struct Trusts : Identity {
    Tenant ada = tenant("ada"), eve = tenant("eve"), mallory = tenant("mallory");

    std::string body(std::string const& more = R"(,"expires_at":null)", std::string const& name = "member") {
        return R"({"trust":{"trustor_user_id":")" + ada.user + R"(","trustee_user_id":")" + eve.user +
               R"(","project_id":")" + ada.project + R"(","impersonation":true,"roles":[{"name":")" + name + "\"}]" +
               more + "}}";
    }
    json::object trust(std::string const& more = {}) {
        return done(ada.context, "POST", "/v3/OS-TRUST/trusts", body(more)).at("trust").as_object();
    }
    static std::string scope(std::string const& id) { return R"({"OS-TRUST:trust":{"id":")" + id + "\"}}"; }
};
} // namespace

TEST_F(Trusts, AreMadeByTheTrustorOnlyAndOnlyWithItsOwnRoles) {
    auto const made = trust();
    auto const id = json::text(made.at("id"));
    EXPECT_TRUE(made.at("impersonation").as_bool());
    EXPECT_TRUE(made.at("expires_at").is_null());
    EXPECT_THAT(texts(made.at("roles"), "name"), ElementsAre("member"));
    EXPECT_EQ(json::text(made.at("links").at("self")), "https://cloud.test/identity/v3/OS-TRUST/trusts/" + id);
    EXPECT_EQ(ask(eve.context, "POST", "/v3/OS-TRUST/trusts", body()).status, 403u);
    EXPECT_EQ(ask(ada.context, "POST", "/v3/OS-TRUST/trusts", body("", "admin")).status, 404u);
    for (auto const* bad : {R"(,"expires_at":"bad.123Z")", R"(,"expires_at":"2001-01-01T00:00:00Z")",
                            R"(,"remaining_uses":0)", R"(,"expires_at":"2101-01-01T00:00:00+02:00")"})
        EXPECT_EQ(ask(ada.context, "POST", "/v3/OS-TRUST/trusts", body(bad)).status, 400u) << bad;
    EXPECT_EQ(json::text(trust(R"(,"expires_at":"2101-02-03T04:05:06Z")").at("expires_at")),
              "2101-02-03T04:05:06.000000Z");
}

TEST_F(Trusts, AreSeenByBothPartiesAndByAdministrators) {
    auto const id = json::text(trust().at("id"));
    for (auto const* who : {&ada.context, &eve.context, &admin}) {
        EXPECT_EQ(ask(*who, "GET", "/v3/OS-TRUST/trusts/" + id).status, 200u);
        EXPECT_EQ(ask(*who, "GET", "/v3/OS-TRUST/trusts/" + id + "/roles").status, 200u);
        EXPECT_EQ(ask(*who, "HEAD", "/v3/OS-TRUST/trusts/" + id + "/roles/" + role("member")).status, 200u);
        EXPECT_EQ(ask(*who, "GET", "/v3/OS-TRUST/trusts/" + id + "/roles/" + role("admin")).status, 404u);
    }
    EXPECT_EQ(ask(mallory.context, "GET", "/v3/OS-TRUST/trusts/" + id).status, 404u);
    EXPECT_EQ(done(admin, "GET", "/v3/OS-TRUST/trusts").at("trusts").as_array().size(), 1u);
    EXPECT_EQ(ask(ada.context, "GET", "/v3/OS-TRUST/trusts").status, 403u);
    EXPECT_EQ(
        done(ada.context, "GET", "/v3/OS-TRUST/trusts?trustor_user_id=" + ada.user).at("trusts").as_array().size(), 1u);
    EXPECT_EQ(
        done(eve.context, "GET", "/v3/OS-TRUST/trusts?trustee_user_id=" + eve.user).at("trusts").as_array().size(), 1u);
    EXPECT_EQ(ask(eve.context, "GET", "/v3/OS-TRUST/trusts?trustor_user_id=" + ada.user).status, 403u);
    EXPECT_EQ(ask(eve.context, "DELETE", "/v3/OS-TRUST/trusts/" + id).status, 403u);
    EXPECT_EQ(ask(ada.context, "DELETE", "/v3/OS-TRUST/trusts/" + id).status, 204u);
    EXPECT_EQ(ask(ada.context, "GET", "/v3/OS-TRUST/trusts/" + id).status, 404u);
    EXPECT_EQ(ask(admin, "GET", "/v3/OS-TRUST/trusts/" + id).status, 404u);
}

TEST_F(Trusts, TheTrusteeActsAsTheTrustorWithTheRolesOfTheTrust) {
    auto const id = json::text(trust(R"(,"remaining_uses":1)").at("id"));
    auto const reply = try_login(password_body("eve", "pw", scope(id)));
    auto const shown = reply.body().at("token").at("OS-TRUST:trust");
    EXPECT_TRUE(shown.at("impersonation").as_bool());
    EXPECT_EQ(json::text(shown.at("trustor_user").at("id")), ada.user);
    auto const token = token_of(reply);
    auto const context = caller(token);
    EXPECT_EQ(context.user->id, ada.user);
    EXPECT_EQ(context.project->id, ada.project);
    EXPECT_EQ(context.trust->trustee_user_id, eve.user);
    EXPECT_EQ(try_login(password_body("eve", "pw", scope(id))).status, 403u); // its one use is gone
    EXPECT_EQ(try_login(token_body(token, scope_of_project("ada"))).status, 403u);
    EXPECT_EQ(ask(context, "POST", "/v3/OS-TRUST/trusts", body()).status, 403u);
    EXPECT_EQ(try_login(password_body("mallory", "pw", scope(id))).status, 401u);
    done(admin, "DELETE", "/v3/projects/" + ada.project + "/users/" + ada.user + "/roles/" + role("member"));
    EXPECT_FALSE(lives(token));
}

TEST_F(Trusts, ATokenLivesNoLongerThanItsTrust) {
    auto const soon = timestamp(world::wall_now() + std::chrono::minutes(5));
    auto const id = json::text(trust(R"(,"expires_at":")" + soon + "\"").at("id"));
    auto const token = try_login(password_body("eve", "pw", scope(id))).body().at("token");
    EXPECT_EQ(json::text(token.at("expires_at")).substr(0, 19), soon.substr(0, 19));
}

TEST_F(Trusts, EndWithTheirUsersAndProjects) {
    auto const id = json::text(trust().at("id"));
    auto const token = token_of(try_login(password_body("eve", "pw", scope(id))));
    done(admin, "DELETE", "/v3/users/" + ada.user);
    EXPECT_FALSE(lives(token));
    EXPECT_EQ(ask(admin, "GET", "/v3/OS-TRUST/trusts/" + id).status, 404u);
}

TEST_F(Trusts, CredentialsAreTheirUsersOwn) {
    auto body = [](std::string const& user) {
        return R"({"credential":{"user_id":")" + user + R"(","type":"totp","blob":"b"}})";
    };
    auto const id = json::text(done(ada.context, "POST", "/v3/credentials", body(ada.user)).at("credential").at("id"));
    EXPECT_EQ(ask(ada.context, "POST", "/v3/credentials", body(eve.user)).status, 403u);
    EXPECT_EQ(ask(ada.context, "GET", "/v3/credentials/" + id).status, 200u);
    EXPECT_EQ(ask(eve.context, "GET", "/v3/credentials/" + id).status, 403u);
    EXPECT_EQ(ask(eve.context, "GET", "/v3/credentials/none").status, 403u);
    EXPECT_TRUE(done(eve.context, "GET", "/v3/credentials").at("credentials").as_array().empty());
    EXPECT_EQ(done(ada.context, "GET", "/v3/credentials").at("credentials").as_array().size(), 1u);
    auto const path = "/v3/credentials/" + id;
    EXPECT_EQ(ask(ada.context, "PATCH", path, R"({"credential":{"user_id":")" + eve.user + "\"}}").status, 403u);
    auto const changed =
        done(admin, "PATCH", path, R"({"credential":{"type":"ec2","blob":"c","project_id":")" + eve.project + "\"}}");
    EXPECT_EQ(json::text(changed.at("credential").at("project_id")), eve.project);
    EXPECT_EQ(ask(admin, "POST", "/v3/credentials", R"({"credential":{"type":"ec2","blob":"c"}})").status, 400u);
    done(admin, "DELETE", "/v3/users/" + ada.user);
    EXPECT_EQ(ask(admin, "GET", path).status, 404u);
}

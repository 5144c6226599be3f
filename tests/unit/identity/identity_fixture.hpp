// The identity service on a fake host, with the kernel's own policy and a fake of its tokens.
#pragma once

#include "plugins/identity/service/identity_service.hpp"

#include <kernel/auth/base_rules.hpp>
#include <kernel/auth/context.hpp>
#include <kernel/auth/policy.hpp>
#include <testkit/fake_host.hpp>
#include <testkit/route_walk.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/contract/tokens.hpp>
#include <volutus/formats.hpp>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

extern "C" vlt_str volutus_manifest_1_identity_service();

namespace identity_tests {

using namespace volutus;

inline std::string manifest() {
    auto const text = volutus_manifest_1_identity_service();
    return {text.data, text.size};
}

// The rules as the kernel compiles them from the manifest.
inline kernel::auth::Policy const& policy() {
    static auto const made = [] {
        static auto const document = boost::json::parse(manifest());
        auto rules = kernel::auth::base_rules();
        for (auto const& row : document.at("policies").as_array())
            rules.push_back(
                {json::view(row.at("rule").as_string()), json::view(row.at("check").as_string()), 0, {}, {}});
        return kernel::auth::Policy(rules);
    }();
    return made;
}

struct Identity : testing::Test {
    testkit::TemporaryFolder folder;
    testkit::FakeHost fake;
    identity_service::IdentityService service{fake.host()};
    std::size_t hashes = 0, checks = 0;
    std::vector<cloud::Service> loaded{{"identity", "identity", "", "/identity/v3", {}},
                                       {"compute", "compute", "servers", "/compute/v2.1", {}}};
    Context admin; // of the project admin
    std::string admin_id, admin_project;

    Identity() {
        fake.store.declare(manifest());
        fake.decides = [](std::string const& rule, Context const& caller, json::object const& target) {
            return bool(policy().decide(rule, kernel::auth::credentials_of(caller), target));
        };
        fake.contracts[std::string(tokens::contract.name)] = [this](auto name, auto request) {
            return sealing(name, json::parse(request));
        };
        fake.contracts[std::string(cloud::contract.name)] = [this](auto, auto) {
            return json::encode(cloud::Services{loaded});
        };
        std::ofstream(password_file()) << "secret\n";
        start();
        admin = caller(login("admin", "secret", scope_of_project("admin")));
        admin_id = admin.user->id;
        admin_project = admin.project->id;
    }

    std::string password_file() const { return folder / "admin.password"; }

    void start(identity_service::IdentityService& which, json::object more = {}) {
        testkit::FakeCall call;
        Call wrapped(&call.table);
        more["admin_password_file"] = password_file();
        which.configure(wrapped, more);
        which.start(wrapped);
    }
    void start(json::object more = {}) { start(service, std::move(more)); }

    json::value sealing(std::string_view name, json::value const& request) {
        constexpr std::int64_t hour = 3600 * 1000000LL;
        if (name == "seal") {
            auto claims = json::decode<tokens::Seal>(request).claims;
            if (claims.expires == 0) claims.expires = claims.issued + hour;
            return json::encode(tokens::Sealed{"sealed:" + json::print(claims), claims});
        }
        if (name == "open") {
            auto const text = json::decode<tokens::Open>(request).text;
            if (text.rfind("sealed:", 0) != 0) throw Error(Code::unauthenticated, "malformed");
            return json::encode(json::decode<auth::Claims>(json::parse(text.substr(7))));
        }
        if (name == "context") return json::encode(caller(json::decode<tokens::Open>(request).text));
        if (name == "hash") {
            ++hashes;
            return json::encode(tokens::Hash{"hash of " + json::decode<tokens::Password>(request).text});
        }
        ++checks;
        auto const asked = json::decode<tokens::Check>(request);
        return json::encode(tokens::Checked{asked.hash == "hash of " + asked.password, false});
    }

    // A request as the gateway would pass it on: its route and captures are found in the manifest.
    static service::HttpRequest request(std::string const& method, std::string const& target) {
        service::HttpRequest http;
        http.method = method;
        http.path = target.substr(0, target.find('?'));
        http.base = "https://cloud.test/identity";
        if (auto const at = target.find('?'); at != target.npos)
            for (std::size_t from = at + 1; from < target.size();) {
                auto const pair = target.substr(from, target.find('&', from) - from);
                auto const equals = std::min(pair.find('='), pair.size());
                http.query.push_back({pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))});
                from += pair.size() + 1;
            }
        auto const have = segments(http.path);
        for (auto const& route : testkit::walking::routes_of(manifest())) {
            auto const want = segments(route.path);
            std::map<std::string, std::string> captures;
            bool same = route.method == (method == "HEAD" ? "GET" : method) && want.size() == have.size();
            for (std::size_t i = 0; same && i < want.size(); ++i) {
                if (want[i].front() == '{')
                    captures[want[i].substr(1, want[i].size() - 2)] = have[i];
                else
                    same = want[i] == have[i];
            }
            if (!same || (!http.route.empty() && captures.size() >= http.parameters.size())) continue;
            http.route = route.id; // of several the one with the fewest captures
            http.parameters = captures;
        }
        EXPECT_NE(http.route, "") << method << " " << target;
        return http;
    }
    static std::vector<std::string> segments(std::string const& path) {
        std::vector<std::string> out;
        for (std::size_t at = 1; at < path.size();) {
            auto const end = std::min(path.find('/', at), path.size());
            out.push_back(path.substr(at, end - at));
            at = end + 1;
        }
        return out;
    }

    testkit::Answer ask(Context const& as, std::string const& method, std::string const& target, std::string body = {},
                        std::vector<service::Pair> headers = {}) {
        auto http = request(method, target);
        http.headers = std::move(headers);
        return fake.send(service, http, &as, std::move(body));
    }
    json::object done(Context const& as, std::string const& method, std::string const& target, std::string body = {}) {
        auto const answer = ask(as, method, target, std::move(body));
        EXPECT_LT(answer.status, 300u) << method << " " << target << ": " << answer.text;
        return answer.text.empty() ? json::object() : answer.body().as_object();
    }
    // What is in the envelope.
    json::object made(std::string const& path, std::string const& body) {
        auto reply = done(admin, "POST", path, body);
        return reply.empty() ? json::object() : reply.begin()->value().as_object();
    }
    std::string id_of_new(std::string const& path, std::string const& body) {
        return json::text(made(path, body).at("id"));
    }
    std::string new_user(std::string const& name, std::string const& more = {}) {
        return id_of_new("/v3/users", R"({"user":{"name":")" + name + R"(","password":"pw")" + more + "}}");
    }
    std::string new_project(std::string const& name, std::string const& more = {}) {
        return id_of_new("/v3/projects", R"({"project":{"name":")" + name + "\"" + more + "}}");
    }
    std::string role(std::string const& name) {
        auto const found = done(admin, "GET", "/v3/roles?name=" + name).at("roles").as_array();
        return json::text(found.at(0).at("id"));
    }
    void grant(std::string const& place, std::string const& user, std::string const& role_name) {
        done(admin, "PUT", "/v3/" + place + "/users/" + user + "/roles/" + role(role_name));
    }
    // A user with one role on a project of its own.
    struct Tenant {
        std::string user, project;
        Context context;
    };
    Tenant tenant(std::string const& name, std::string const& role_name = "member") {
        Tenant made{new_user(name), new_project(name), {}};
        grant("projects/" + made.project, made.user, role_name);
        made.context = caller(login(name, "pw", scope_of_project(name)));
        return made;
    }

    static std::string scope_of_project(std::string const& name) {
        return R"({"project":{"name":")" + name + R"(","domain":{"id":"default"}}})";
    }
    static std::string password_body(std::string const& user, std::string const& password, std::string const& scope) {
        return R"({"auth":{"identity":{"methods":["password"],"password":{"user":{"name":")" + user +
               R"(","domain":{"id":"default"},"password":")" + password + R"("}}})" +
               (scope.empty() ? "" : ",\"scope\":" + scope) + "}}";
    }
    static std::string token_body(std::string const& token, std::string const& scope = {}) {
        return R"({"auth":{"identity":{"methods":["token"],"token":{"id":)" + json::print(json::string(token)) + "}}" +
               (scope.empty() ? "" : ",\"scope\":" + scope) + "}}";
    }
    testkit::Answer try_login(std::string const& body) {
        return ask(testkit::nobody(), "POST", "/v3/auth/tokens", body);
    }
    std::string token_of(testkit::Answer const& reply) {
        EXPECT_EQ(reply.status, 201u) << reply.text;
        auto const header = reply.header("X-Subject-Token");
        return header.empty() ? std::string() : header.front();
    }
    std::string login(std::string const& user, std::string const& password, std::string const& scope = {}) {
        return token_of(try_login(password_body(user, password, scope)));
    }
    // What the kernel would make of a token; throws unauthenticated.
    auth::Resolved resolved(std::string const& token) {
        auto const claims = sealing("open", json::encode(tokens::Open{token, false}));
        testkit::FakeCall call;
        Call wrapped(&call.table);
        return json::decode<auth::Resolved>(
            json::parse(service.answer(wrapped, auth::contract.name, "resolve", json::print(claims))));
    }
    Context caller(std::string const& token) { return resolved(token).context; }
    bool lives(std::string const& token) {
        try {
            resolved(token);
            return true;
        } catch (Error const& error) {
            EXPECT_EQ(error.code(), Code::unauthenticated);
            return false;
        }
    }
    static std::vector<std::string> texts(json::value const& items, std::string_view key) {
        std::vector<std::string> out;
        for (auto const& item : items.as_array()) out.push_back(json::text(item.at(key)));
        return out;
    }
    static std::string message(testkit::Answer const& reply) {
        return json::text(reply.body().at("error").at("message"));
    }
};

} // namespace identity_tests

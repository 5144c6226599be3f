#include "disk_bytes.hpp"

#include "plugins/image/service/image_service.hpp"

#include <testkit/fake_host.hpp>
#include <testkit/route_walk.hpp>

#include <gmock/gmock.h>

extern "C" vlt_str volutus_manifest_1_image_service();

using namespace volutus;
using testing::IsEmpty;

namespace {

struct ImageApi : testing::Test {
    testkit::FakeHost fake;
    image_service::ImageService service{fake.host()};
    Context owner = testkit::member_of("p1"), other = testkit::member_of("p2"), nobody = testkit::nobody();
    std::map<std::string, std::string> data; // what the store keeps
    std::optional<Error> save_fails;         // after it has read
    std::function<void()> before_save;

    ImageApi() {
        fake.admin_rules = {"context_is_admin", "publicize_image"};
        fake.streaming[std::string(image_store::contract.name)] = [this](auto name, auto request, auto in, auto out) {
            return keep(name, request, in, out);
        };
        testkit::FakeCall call;
        Call configuring(&call.table);
        service.configure(configuring, {{"size_limit", 1 << 20}, {"quota_count", 10}, {"quota_mib", 100}});
    }

    json::value keep(std::string_view name, std::string_view request, Stream in, Stream out) {
        auto const id = json::text(json::parse(request).at("id"));
        if (name == "save") {
            std::string all, piece(1000, '\0');
            while (auto const count = in.read(piece.data(), piece.size())) all.append(piece, 0, count);
            if (before_save) before_save();
            if (save_fails) throw *save_fails;
            data[id] = all;
            return json::encode(image_store::Object{id, all.size()});
        }
        if (name == "load") out.write(data.at(id).data(), data.at(id).size());
        if (name == "remove") data.erase(id);
        return json::object();
    }

    testkit::Answer send(std::string const& method, std::string const& path,
                         std::map<std::string, std::string> captures, std::string body, std::string const& type,
                         Context const* caller) {
        service::HttpRequest http;
        http.route = method + " " + path;
        http.method = method;
        http.path = path;
        http.base = "http://cloud.test";
        http.headers = {{"content-type", type}};
        http.parameters = std::move(captures);
        return fake.send(service, http, caller, std::move(body));
    }
    std::string made(std::string const& more = "") {
        auto const reply =
            send("POST", "/v2/images", {}, R"({"disk_format": "raw", "container_format": "bare")" + more + "}",
                 "application/json", &owner);
        EXPECT_EQ(reply.status, 201u) << reply.text;
        return json::text(reply.body().at("id"));
    }
    testkit::Answer upload(std::string const& id, std::string bytes) {
        return send("PUT", "/v2/images/{image_id}/file", {{"image_id", id}}, std::move(bytes),
                    "application/octet-stream", &owner);
    }
    json::object shown(std::string const& id) {
        auto const reply = send("GET", "/v2/images/{image_id}", {{"image_id", id}}, "", "", &owner);
        EXPECT_EQ(reply.status, 200u) << reply.text;
        return reply.body().as_object();
    }
    std::string status(std::string const& id) { return json::text(shown(id).at("status")); }
    tasks::StepOutcome step(std::string const& name, std::string const& step, std::string const& id) {
        testkit::FakeCall call;
        Call wrapped(&call.table);
        tasks::RunStep run;
        run.task = "t";
        run.name = name;
        run.step = step;
        run.kind = fake.store.tasks.back().kind;
        run.resource = name == "image.watch" ? fake.store.tasks.back().resource : id;
        auto outcome = json::decode<tasks::StepOutcome>(
            json::parse(service.answer(wrapped, tasks::contract.name, "run", json::print(run))));
        fake.store.apply(outcome.apply);
        return outcome;
    }
    testkit::Walk walk(std::string const& id) const {
        auto const manifest = volutus_manifest_1_image_service();
        testkit::Walk out;
        out.manifest.assign(manifest.data, manifest.size);
        out.captures = {{"image_id", id}, {"member_id", "p3"}, {"tag", "walked-tag"}};
        out.bodies = {{"POST /v2/images/{image_id}/members", R"({"member": "p3"})"},
                      {"PUT /v2/images/{image_id}/members/{member_id}", R"({"status": "accepted"})"},
                      {"PATCH /v2/images/{image_id}", "[]"}};
        return out;
    }
};

} // namespace

TEST_F(ImageApi, EveryRouteRefusesTheAnonymousCaller) {
    auto send_as_nobody = [&](service::HttpRequest const& http, std::string const& body) {
        auto const reply = fake.send(service, http, &nobody, body);
        return testkit::WalkedReply{reply.status, reply.text};
    };
    EXPECT_THAT(testkit::walk_anonymous(walk(made()), send_as_nobody), IsEmpty());
}

TEST_F(ImageApi, NoRouteTellsAnotherTenantWhatIsThere) {
    auto const id = made(R"(, "visibility": "private", "tags": ["walked-tag"])");
    auto send_as_other = [&](service::HttpRequest http, std::string const& body) {
        http.headers = {{"content-type", http.method == "PATCH" ? "application/openstack-images-v2.1-json-patch"
                                                                : "application/octet-stream"}};
        auto const reply = fake.send(service, http, &other, body);
        return testkit::WalkedReply{reply.status, reply.text};
    };
    EXPECT_THAT(testkit::walk_other_tenant(walk(id), send_as_other), IsEmpty());
}

TEST_F(ImageApi, AnUploadMakesItActiveAndHoldsQuota) {
    auto const id = made();
    EXPECT_EQ(upload(id, std::string(1000, 'x')).status, 204u);
    auto const image = shown(id);
    EXPECT_EQ(json::text(image.at("status")), "active");
    EXPECT_EQ(image.at("size").as_int64(), 1000);
    EXPECT_EQ(data[id].size(), 1000u);
    EXPECT_EQ(fake.store.used("p1", "image_count_total"), 1);
    EXPECT_EQ(fake.store.used("p1", "image_size_total"), 1);
    auto const reply = send("GET", "/v2/images/{image_id}/file", {{"image_id", id}}, "", "", &owner);
    EXPECT_EQ(reply.text, data[id]);
    EXPECT_THAT(reply.header("Content-MD5"), testing::ElementsAre(json::text(image.at("checksum"))));
}

TEST_F(ImageApi, ADeletionGivesEverythingBackAndErasesByATask) {
    auto const id = made();
    upload(id, "bytes");
    EXPECT_EQ(send("DELETE", "/v2/images/{image_id}", {{"image_id", id}}, "", "", &owner).status, 204u);
    EXPECT_EQ(fake.store.used("p1", "image_count_total") + fake.store.used("p1", "image_size_total"), 0);
    ASSERT_EQ(fake.store.tasks.back().name, "image.erase");
    step("image.erase", "erase", id);
    EXPECT_THAT(data, IsEmpty());
    step("image.erase", "erase", id); // it may run twice
}

TEST_F(ImageApi, WhatTheDriverRefusesLeavesAQueuedImage) {
    auto const id = made();
    save_fails = Error(Code::exhausted, "the disk is full");
    EXPECT_EQ(upload(id, "bytes").status, 409u);
    EXPECT_EQ(status(id), "queued");
    save_fails.reset();
    EXPECT_EQ(upload(id, image_test::qcow2()).status, 400u);
    EXPECT_EQ(status(id), "queued");
    EXPECT_EQ(upload(id, "bytes").status, 204u);
}

TEST_F(ImageApi, AnUploadThatNobodyKnowsTheOutcomeOfIsEndedByItsTask) {
    auto const id = made();
    save_fails = Error(Code::unknown_outcome, "the driver's process died");
    EXPECT_EQ(upload(id, "bytes").status, 503u);
    EXPECT_EQ(status(id), "saving");
    ASSERT_EQ(fake.store.tasks.back().name, "image.watch");
    data[id] = "byt";
    step("image.watch", "watch", id);
    EXPECT_EQ(status(id), "killed");
    EXPECT_THAT(data, IsEmpty());
    EXPECT_EQ(upload(id, "again").status, 409u);
}

TEST_F(ImageApi, TheTaskLetsAnUploadGoOnAndLooksAgain) {
    auto const id = made();
    std::optional<std::uint64_t> again;
    before_save = [&] { again = step("image.watch", "watch", id).again_after; };
    EXPECT_EQ(upload(id, "bytes").status, 204u);
    EXPECT_TRUE(again);
    EXPECT_FALSE(step("image.watch", "watch", id).again_after);
    EXPECT_EQ(status(id), "active");
}

TEST_F(ImageApi, AnImageDeletedDuringItsUploadLeavesNothing) {
    auto const id = made();
    before_save = [&] { send("DELETE", "/v2/images/{image_id}", {{"image_id", id}}, "", "", &owner); };
    EXPECT_EQ(upload(id, "bytes").status, 410u);
    EXPECT_THAT(data, IsEmpty());
}

TEST_F(ImageApi, DataBeyondTheQuotaIsNotKept) {
    auto const id = made();
    fake.store.limits[{"p1", "image_size_total"}] = 0;
    EXPECT_EQ(upload(id, "bytes").status, 413u);
    EXPECT_EQ(status(id), "queued");
    EXPECT_THAT(data, IsEmpty());
}

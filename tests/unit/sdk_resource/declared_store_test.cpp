// The fake store keeps the references and unique keys of a manifest, as the kernel's own does.
#include <testkit/fake_store.hpp>
#include <testkit/refusal.hpp>

#include <gtest/gtest.h>

using namespace volutus;

namespace {
struct DeclaredStore : testing::Test {
    testkit::FakeStore store;

    DeclaredStore() {
        store.declare(R"({"kinds":[{"name":"zoo.cage","schema":1,"tombstone_seconds":0},{"name":"zoo.bird",
            "schema":1,"tombstone_seconds":0,
            "unique":[{"space":"zoo.bird.name","fields":["cage_id","name"]}],
            "references":[{"field":"cage_id","kind":"zoo.cage","owned":true}]}]})");
    }
    void put(std::string kind, std::string id, json::object body = {}) {
        store::Apply apply;
        apply.put.push_back({std::move(kind), std::move(id), std::move(body)});
        store.apply(apply);
    }
    Code refusal(store::Apply const& apply) {
        return testkit::refusal([&] { store.apply(apply); }).code();
    }
};
} // namespace

TEST_F(DeclaredStore, RefusesAReferenceToNothingAndTheRemovalOfWhatIsReferredTo) {
    EXPECT_THROW(put("zoo.bird", "b1", {{"cage_id", "c1"}, {"name", "ada"}}), Error);
    put("zoo.cage", "c1");
    put("zoo.bird", "b1", {{"cage_id", "c1"}, {"name", "ada"}});
    store::Apply removal;
    removal.remove.push_back({"zoo.cage", "c1"});
    EXPECT_EQ(refusal(removal), Code::conflict);
    removal.remove.push_back({"zoo.bird", "b1"});
    EXPECT_EQ(refusal(removal), Code::ok);
}

TEST_F(DeclaredStore, TellsWhoRefers) {
    put("zoo.cage", "c1");
    put("zoo.bird", "b1", {{"cage_id", "c1"}, {"name", "ada"}});
    store::Referrers question;
    question.kind = "zoo.cage";
    question.id = "c1";
    auto const page = store.referrers(question);
    ASSERT_EQ(page.referrers.size(), 1u);
    EXPECT_EQ(page.referrers[0].id, "b1");
    EXPECT_TRUE(page.referrers[0].owned);
}

TEST_F(DeclaredStore, AnEmptyTextIsAValueOfAUniqueKeyAndNullIsNone) {
    put("zoo.bird", "b1", {{"cage_id", ""}, {"name", "ada"}});
    EXPECT_THROW(put("zoo.bird", "b2", {{"cage_id", ""}, {"name", "ada"}}), Error);
    put("zoo.bird", "b3", {{"cage_id", nullptr}, {"name", "ada"}});
    put("zoo.bird", "b4", {{"cage_id", nullptr}, {"name", "ada"}});
}

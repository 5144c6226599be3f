// The fake keeps the promises of the store that services are tested against.
#include "widget_service.hpp"

#include <testkit/refusal.hpp>

namespace sdk_resource::toy {

namespace {
store::Apply one_claim(std::string const& consumer, std::int64_t amount, std::optional<std::int64_t> limit = {}) {
    store::Apply apply;
    apply.claim.push_back({"p1", "widgets", consumer, amount, limit});
    return apply;
}
Code refused(testkit::FakeStore& store, store::Apply const& apply) {
    return testkit::refusal([&] { store.apply(apply); }).code();
}
store::Account only_account(testkit::FakeStore& store) {
    store::AccountQuery question;
    question.account = "p1";
    auto const page = json::decode<store::Accounts>(store.answer("accounts", json::print(question)));
    return page.accounts.at(0);
}
} // namespace

TEST(FakeStore, AClaimsLimitHoldsUntilSomebodySetsOneAndAgainAfterItsReset) {
    testkit::FakeStore store;
    EXPECT_EQ(refused(store, one_claim("w1", 2, 2)), Code::ok);
    EXPECT_EQ(refused(store, one_claim("w2", 1, 2)), Code::over_quota);
    EXPECT_TRUE(only_account(store).inherited);
    store.apply(set_quota("p1", "widgets", 3).apply);
    EXPECT_EQ(refused(store, one_claim("w2", 2, 100)), Code::over_quota);
    EXPECT_EQ(refused(store, one_claim("w2", 1, 0)), Code::ok);
    EXPECT_FALSE(only_account(store).inherited);
    store.apply(reset_quota("p1", "widgets").apply);
    EXPECT_EQ(refused(store, one_claim("w3", 1, 4)), Code::ok);
    EXPECT_EQ(only_account(store).total, 4);
    EXPECT_EQ(only_account(store).used, 4);
}

TEST(FakeStore, ATakenValueIsWrittenIntoWhatIsPut) {
    testkit::FakeStore store;
    Widget widget;
    widget.id = "w1";
    widget.name = "?";
    auto const applied =
        store.apply((put(widget) + take_into(into(widget, "/name", "10.0.0.0"), "pool", "w1", 2, 9)).apply);
    EXPECT_EQ(applied.taken, std::vector<std::int64_t>{2});
    EXPECT_EQ(json::text(store.get({"toy.widget", "w1", 0})->body.at("name")), "10.0.0.2");
    widget.id = "w2";
    auto const wrong = put(widget) + take_into(into(widget, "/nowhere"), "pool", "w2", 2, 9);
    EXPECT_EQ(refused(store, wrong.apply), Code::invalid);
    EXPECT_EQ(refused(store, take_into(into(widget, "/name"), "pool", "w2", 2, 9).apply), Code::invalid);
    EXPECT_EQ(store.apply(take("pool", "w3", 2, 9).apply).taken, std::vector<std::int64_t>{3});
}

} // namespace sdk_resource::toy

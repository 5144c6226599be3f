#include "store_fixture.hpp"

#include <atomic>

namespace volutus::kernel::store {

namespace {
class StoreLedger : public StoreContract {
protected:
    contract::Account account(std::string const& name, std::string const& resource = "VCPU") {
        return store_->accounts({.account = name, .resource = resource}).accounts.at(0);
    }
    Refusal claim(std::string const& account, std::string const& consumer, std::int64_t amount) {
        return refusal([&] { apply({.claim = {{account, "VCPU", consumer, amount}}}); });
    }
    Refusal claim_within(std::string const& account, std::string const& consumer, std::int64_t amount,
                         std::int64_t limit) {
        return refusal([&] { apply({.claim = {{account, "VCPU", consumer, amount, limit}}}); });
    }
    void set(contract::SetAccount wanted) {
        wanted.resource = "VCPU";
        apply({.set = {wanted}});
    }
};
VOLUTUS_STORE_ENGINES(StoreLedger);
} // namespace

TEST_P(StoreLedger, CapacityIsWhatIsNotReservedTimesTheRatioRoundedDown) {
    EXPECT_EQ(ledger::capacity({.total = 11, .reserved = 1, .ratio = 1.55}), 15);
    EXPECT_EQ(ledger::capacity({.total = 1, .reserved = 5, .ratio = 16}), 0);
    EXPECT_EQ(ledger::capacity({.total = (std::int64_t(1) << 53) + 1}), (std::int64_t(1) << 53) + 1);
    EXPECT_EQ(ledger::capacity({.total = -1}), std::numeric_limits<std::int64_t>::max());
}

TEST_P(StoreLedger, AClaimBeyondCapacityNamesTheAccountThatIsShort) {
    set({.account = "host", .total = 4});
    EXPECT_EQ(claim("host", "s1", 3).code, Code::ok);
    auto const refused = claim("host", "s2", 2);
    EXPECT_EQ(refused.code, Code::exhausted);
    EXPECT_EQ(json::print(refused.details), R"({"account":"host","resource":"VCPU","total":4,"used":3,"asked":2})");
    EXPECT_EQ(claim("host", "s2", 1).code, Code::ok);
    EXPECT_EQ(account("host").used, 4);
    expect_sound();
}

TEST_P(StoreLedger, AQuotaThatIsShortIsOverQuota) {
    set({.account = "project", .total = 1, .quota = true});
    EXPECT_EQ(claim("project", "s1", 2).code, Code::over_quota);
    EXPECT_TRUE(account("project").quota);
}

TEST_P(StoreLedger, AClaimHoldsAlongTheChainOfParents) {
    set({.account = "domain", .total = 5, .quota = true});
    set({.account = "p1", .total = 4, .parent = "domain", .quota = true});
    set({.account = "p2", .total = -1, .parent = "domain", .quota = true});
    EXPECT_EQ(claim("p1", "s1", 4).code, Code::ok);
    auto const refused = claim("p2", "s2", 2);
    EXPECT_EQ(refused.code, Code::over_quota);
    EXPECT_EQ(json::text(refused.details.at("account")), "domain");
    EXPECT_EQ(account("p2").used, 0);
    EXPECT_EQ(claim("p2", "s2", 1).code, Code::ok);
    EXPECT_EQ(account("domain").used, 5);
    apply({.release = {{"", "", "s1"}}});
    EXPECT_EQ(account("domain").used, 1);
    expect_sound();
}

TEST_P(StoreLedger, WhatIsUsedMovesWithItsAccountToAnotherParent) {
    set({.account = "a", .total = 9});
    set({.account = "b", .total = 9});
    set({.account = "leaf", .total = 9, .parent = "a"});
    claim("leaf", "s1", 3);
    set({.account = "leaf", .parent = "b"});
    EXPECT_EQ(account("a").used, 0);
    EXPECT_EQ(account("b").used, 3);
    EXPECT_EQ(refusal([&] { set({.account = "b", .parent = "leaf"}); }).code, Code::invalid);
    EXPECT_EQ(refusal([&] { set({.account = "b", .parent = "b"}); }).code, Code::invalid);
    EXPECT_EQ(refusal([&] { set({.account = "b", .parent = "nobody"}); }).code, Code::not_found);
    set({.account = "leaf", .parent = ""});
    EXPECT_EQ(account("b").used, 0);
    expect_sound();
}

TEST_P(StoreLedger, LoweringBelowUseIsAllowedAndRefusesNewClaimsOnly) {
    set({.account = "host", .total = 4});
    claim("host", "s1", 3);
    set({.account = "host", .total = 2});
    EXPECT_EQ(account("host").total, 2);
    EXPECT_EQ(account("host").used, 3);
    EXPECT_EQ(claim("host", "s2", 1).code, Code::exhausted);
    apply({.claim = {{"host", "VCPU", "s1", 2}}, .release = {{"host", "VCPU", "s1"}}}); // a smaller claim in its place
    EXPECT_EQ(account("host").used, 2);
    expect_sound();
}

TEST_P(StoreLedger, UnitsAndStepsBoundAClaimAsItBecomes) {
    set({.account = "host", .total = 100, .min_unit = 2, .max_unit = 8, .step_size = 2});
    EXPECT_EQ(claim("host", "s1", 1).code, Code::conflict);
    EXPECT_EQ(claim("host", "s1", 3).code, Code::conflict);
    EXPECT_EQ(claim("host", "s1", 6).code, Code::ok);
    EXPECT_EQ(claim("host", "s1", 4).code, Code::conflict);
    EXPECT_EQ(claim("host", "s1", 2).code, Code::ok);
    EXPECT_EQ(account("host").used, 8);
}

TEST_P(StoreLedger, AnAccountWithClaimsOrChildrenStays) {
    set({.account = "top", .total = 9});
    set({.account = "leaf", .total = 9, .parent = "top"});
    claim("leaf", "s1", 1);
    EXPECT_EQ(refusal([&] { set({.account = "leaf", .drop = true}); }).code, Code::conflict);
    EXPECT_EQ(refusal([&] { set({.account = "top", .drop = true}); }).code, Code::conflict);
    apply({.set = {{.account = "leaf", .resource = "VCPU", .drop = true}}, .release = {{"leaf", "", "s1"}}});
    set({.account = "top", .drop = true});
    set({.account = "top", .drop = true}); // gone already
    EXPECT_TRUE(store_->accounts({.resource = "VCPU"}).accounts.empty());
}

TEST_P(StoreLedger, WrongNumbersAreRefused) {
    auto const code = [&](contract::SetAccount const& wrong) { return refusal([&] { set(wrong); }).code; };
    EXPECT_EQ(code({.account = "new"}), Code::invalid);
    EXPECT_EQ(code({.account = "new", .total = -2}), Code::invalid);
    EXPECT_EQ(code({.account = "new", .total = 1, .reserved = -1}), Code::invalid);
    EXPECT_EQ(code({.account = "new", .total = 1, .ratio = 0}), Code::invalid);
    EXPECT_EQ(code({.account = "new", .total = 1, .ratio = std::numeric_limits<double>::infinity()}), Code::invalid);
    EXPECT_EQ(code({.account = "new", .total = 1, .step_size = 0}), Code::invalid);
    EXPECT_EQ(code({.account = "", .total = 1}), Code::invalid);
    EXPECT_EQ(claim("nobody", "s1", 1).code, Code::not_found);
    set({.account = "host", .total = -1});
    EXPECT_EQ(claim("host", "s1", 0).code, Code::invalid);
    EXPECT_EQ(claim("host", "s1", -5).code, Code::invalid);
    EXPECT_EQ(claim("host", "s1", std::int64_t(1) << 62).code, Code::ok);
    EXPECT_EQ(claim("host", "s2", 1).code, Code::invalid);
    expect_sound();
}

TEST_P(StoreLedger, AClaimWithALimitMakesTheQuotaThatNobodyHasSet) {
    EXPECT_EQ(claim_within("p1", "s1", 2, 3).code, Code::ok);
    auto const made = account("p1");
    EXPECT_TRUE(made.quota && made.inherited);
    EXPECT_EQ(made.total, 3);
    EXPECT_EQ(made.used, 2);
    auto const refused = claim_within("p1", "s2", 2, 3);
    EXPECT_EQ(refused.code, Code::over_quota);
    EXPECT_EQ(json::print(refused.details), R"({"account":"p1","resource":"VCPU","total":3,"used":2,"asked":2})");
    EXPECT_EQ(claim_within("p2", "s3", 5, 3).code, Code::over_quota);
    EXPECT_TRUE(store_->accounts({.account = "p2"}).accounts.empty()); // what is refused leaves nothing behind
    EXPECT_EQ(claim_within("p3", "s4", 1, -2).code, Code::invalid);
    EXPECT_EQ(claim_within("p3", "s4", 1'000'000, -1).code, Code::ok);
    expect_sound();
}

TEST_P(StoreLedger, AnInheritedTotalFollowsTheLimitOfTheNextClaim) {
    claim_within("p1", "s1", 2, 3);
    EXPECT_EQ(claim_within("p1", "s2", 6, 8).code, Code::ok);
    EXPECT_EQ(account("p1").total, 8);
    EXPECT_EQ(claim_within("p1", "s3", 1, 5).code, Code::over_quota);
    EXPECT_EQ(account("p1").total, 8); // of the last claim that was granted
    EXPECT_EQ(claim("p1", "s3", 1).code, Code::over_quota);
    expect_sound();
}

TEST_P(StoreLedger, ATotalThatSomebodySetHoldsUntilItIsReset) {
    claim_within("p1", "s1", 2, 3);
    set({.account = "p1", .total = 4, .quota = true});
    EXPECT_FALSE(account("p1").inherited);
    EXPECT_EQ(claim_within("p1", "s2", 3, 100).code, Code::over_quota);
    EXPECT_EQ(account("p1").total, 4);
    set({.account = "p1", .inherited = true});
    EXPECT_TRUE(account("p1").inherited);
    EXPECT_EQ(account("p1").used, 2);
    EXPECT_EQ(claim_within("p1", "s2", 3, 100).code, Code::ok);
    EXPECT_EQ(account("p1").total, 100);
    set({.account = "p1", .max_unit = 50}); // says nothing of the total
    EXPECT_TRUE(account("p1").inherited);
    expect_sound();
}

TEST_P(StoreLedger, OnlyAQuotaGoesBackToADefault) {
    set({.account = "nobody", .inherited = true});
    EXPECT_TRUE(store_->accounts({.account = "nobody"}).accounts.empty());
    set({.account = "host", .total = 4});
    EXPECT_EQ(refusal([&] { set({.account = "host", .inherited = true}); }).code, Code::invalid);
    EXPECT_EQ(claim_within("host", "s1", 5, 100).code, Code::exhausted); // a capacity is nobody's default
    EXPECT_EQ(account("host").total, 4);
}

TEST_P(StoreLedger, ADefaultThatIsMadeOrChangedIsToldInTheFeed) {
    claim_within("p1", "s1", 2, 3);
    claim_within("p1", "s2", 1, 8);
    auto const entries = store_->changes({.kinds = {"kernel.account"}, .wait = false}).entries;
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(json::print(entries[0].note), R"({"VCPU":{"total":3,"capacity":3,"used":2}})");
    EXPECT_EQ(json::print(entries[1].note), R"({"VCPU":{"total":8,"capacity":8,"used":3}})");
}

TEST_P(StoreLedger, AStoreOfTheFirstFormatIsBroughtUpToDate) {
    set({.account = "p1", .total = 4, .quota = true});
    claim("p1", "s1", 1);
    store_.reset();
    {
        auto const engine = open_engine(GetParam(), {.path = path()});
        auto const connection = engine->writer();
        connection->begin_write();
        connection->execute("ALTER TABLE ledger_accounts DROP COLUMN inherited");
        connection->execute("ALTER TABLE store_head DROP COLUMN program");
        connection->execute("UPDATE store_head SET format = 1");
        connection->commit();
    }
    reopen();
    EXPECT_EQ(account("p1").total, 4);
    EXPECT_FALSE(account("p1").inherited);
    expect_sound();
}

TEST_P(StoreLedger, OfThousandConcurrentClaimsOnFiveHundredExactlyFiveHundredWin) {
    set({.account = "host", .total = 500});
    std::atomic<int> won = 0, short_of = 0;
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back("claimer", [&, i] {
                for (int j = i; j < 1000; j += 16) {
                    auto const code = claim("host", fmt::format("c{}", j), 1).code;
                    won += code == Code::ok;
                    short_of += code == Code::exhausted;
                }
            });
    }
    EXPECT_EQ(won, 500);
    EXPECT_EQ(short_of, 500);
    EXPECT_EQ(account("host").used, 500);
    expect_sound();
}

TEST_P(StoreLedger, AccountsAndClaimsComeInPages) {
    for (auto const* name : {"a", "b", "c"}) set({.account = name, .total = 100});
    for (int i = 0; i < 7; ++i) claim("b", fmt::format("s{}", i), 1);
    claim("c", "s0", 2);
    auto const all = store_->accounts({.consumer = "s0"});
    ASSERT_EQ(all.accounts.size(), 2u);
    EXPECT_EQ(all.claims.size(), 2u);
    contract::AccountQuery query{.account = "b", .limit = 3};
    std::string consumers;
    do {
        auto const page = store_->accounts(query);
        for (auto const& claim : page.claims) consumers += claim.consumer;
        query.after = page.next_after;
    } while (query.after);
    EXPECT_EQ(consumers, "s0s1s2s3s4s5s6");
    query = {.resource = "VCPU", .limit = 2};
    auto const first = store_->accounts(query);
    EXPECT_EQ(first.accounts.size(), 2u);
    query.after = first.next_after;
    auto const second = store_->accounts(query);
    ASSERT_EQ(second.accounts.size(), 1u);
    EXPECT_EQ(second.accounts[0].account, "c");
    EXPECT_FALSE(second.next_after);
    EXPECT_EQ(refusal([&] { store_->accounts({}); }).code, Code::invalid);
    EXPECT_EQ(refusal([&] { store_->accounts({.account = "a", .after = "nonsense"}); }).code, Code::invalid);
}

} // namespace volutus::kernel::store

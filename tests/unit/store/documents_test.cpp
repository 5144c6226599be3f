#include "store_fixture.hpp"

namespace volutus::kernel::store {

VOLUTUS_STORE_ENGINES(StoreContract);

TEST_P(StoreContract, ADocumentIsReadAsItWasPut) {
    auto const revision = put_server("s1", R"({"name":"a","nested":{"x":[1,2.5,null,"é"]}})");
    auto const document = get("test.server", "s1");
    ASSERT_TRUE(document);
    EXPECT_EQ(document->revision, revision);
    EXPECT_EQ(document->schema, 1u);
    EXPECT_EQ(json::print(document->body), R"({"name":"a","nested":{"x":[1,2.5E0,null,"é"]}})");
    EXPECT_FALSE(get("test.server", "s2"));
}

TEST_P(StoreContract, EachApplyHasTheNextRevision) {
    auto const first = put_server("s1", "{}");
    EXPECT_EQ(put_server("s1", "{}"), first + 1);
    EXPECT_EQ(store_->revision(), first + 1);
}

TEST_P(StoreContract, AnExpectedRevisionThatIsGoneIsRefusedWithTheOneThatIsThere) {
    auto const seen = put_server("s1", "{}");
    auto const now = put_server("s1", R"({"name":"b"})");
    contract::Apply late;
    late.expect.push_back({"test.server", "s1", seen});
    late.put.push_back({"test.server", "s1", {}});
    auto const refused = refusal([&] { apply(late); });
    EXPECT_EQ(refused.code, Code::precondition);
    EXPECT_EQ(refused.details.at("revision").to_number<std::uint64_t>(), now);
    EXPECT_EQ(json::text(get("test.server", "s1")->body.at("name")), "b");
}

TEST_P(StoreContract, WhoExpectsNothingIsRefusedWhereSomethingIs) {
    contract::Apply create;
    create.expect.push_back({"test.server", "s1", std::nullopt});
    create.put.push_back({"test.server", "s1", {}});
    EXPECT_EQ(refusal([&] { apply(create); }).code, Code::ok);
    EXPECT_EQ(refusal([&] { apply(create); }).code, Code::precondition);
}

TEST_P(StoreContract, OfManyWhoReadTheSameRevisionOneWins) {
    auto const seen = put_server("s1", R"({"size":0})");
    std::atomic<int> won = 0, lost = 0;
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back("racer", [&, i] {
                contract::Apply race;
                race.expect.push_back({"test.server", "s1", seen});
                race.put.push_back({"test.server", "s1", {{"size", i}}});
                auto const code = refusal([&] { apply(race); }).code;
                (code == Code::ok ? won : code == Code::precondition ? lost : lost) += 1;
            });
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 15);
}

TEST_P(StoreContract, AnApplyIsAllOrNothing) {
    contract::Apply mixed;
    mixed.put.push_back({"test.server", "s1", {}});
    mixed.set.push_back({.account = "host", .resource = "VCPU", .total = 4});
    mixed.take.push_back({"vlan", "s1", 1, 10});
    mixed.put.push_back({"test.server", "s2", {{"image", "missing"}}});
    auto const before = store_->revision();
    EXPECT_EQ(refusal([&] { apply(mixed); }).code, Code::conflict);
    EXPECT_EQ(store_->revision(), before);
    EXPECT_FALSE(get("test.server", "s1"));
    EXPECT_TRUE(store_->accounts({.account = "host"}).accounts.empty());
    EXPECT_EQ(apply({.take = {{"vlan", "s2", 1, 10}}}).taken, std::vector<std::int64_t>{1});
    expect_sound();
}

TEST_P(StoreContract, RemovingWhatIsGoneSucceeds) {
    EXPECT_EQ(refusal([&] { remove("test.server", "s1"); }).code, Code::ok);
}

TEST_P(StoreContract, AUniqueKeyIsSharedByTheKindsOfItsSpace) {
    put_server("s1", R"({"project_id":"p","name":"web"})");
    auto const refused = refusal([&] { put("test.image", "i1", R"({"project_id":"p","name":"web"})"); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_EQ(json::text(refused.details.at("id")), "s1");
    EXPECT_EQ(json::text(refused.details.at("kind")), "test.server");
    put("test.image", "i1", R"({"project_id":"q","name":"web"})");
    put("test.image", "i2", R"({"project_id":"p"})"); // without a name there is no key
    expect_sound();
}

TEST_P(StoreContract, TwoDocumentsMaySwapTheirUniqueKeysInOneApply) {
    put_server("s1", R"({"project_id":"p","name":"a"})");
    put_server("s2", R"({"project_id":"p","name":"b"})");
    contract::Apply swap;
    swap.put.push_back({"test.server", "s1", {{"project_id", "p"}, {"name", "b"}}});
    swap.put.push_back({"test.server", "s2", {{"project_id", "p"}, {"name", "a"}}});
    EXPECT_EQ(refusal([&] { apply(swap); }).code, Code::ok);
    expect_sound();
}

TEST_P(StoreContract, ARemovedDocumentGivesItsUniqueKeyBack) {
    put_server("s1", R"({"project_id":"p","name":"a"})");
    contract::Apply replace;
    replace.remove.push_back({"test.server", "s1"});
    replace.put.push_back({"test.server", "s2", {{"project_id", "p"}, {"name", "a"}}});
    apply(replace);
    expect_sound();
}

TEST_P(StoreContract, AReferenceToWhatIsNotThereNamesIt) {
    auto const refused = refusal([&] { put_server("s1", R"({"image":"i9"})"); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_EQ(json::text(refused.details.at("id")), "i9");
}

TEST_P(StoreContract, WhatIsReferredToStaysUntilItsReferrerGoesToo) {
    put("test.image", "i1", "{}");
    put_server("s1", R"({"image":"i1","group":"i1"})");
    auto const refused = refusal([&] { remove("test.image", "i1"); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_EQ(json::text(refused.details.at("id")), "s1");
    auto const owned = store_->referrers({.kind = "test.image", .id = "i1", .owned = true});
    ASSERT_EQ(owned.referrers.size(), 1u);
    EXPECT_EQ(owned.referrers[0].field, "group");
    auto const first = store_->referrers({.kind = "test.image", .id = "i1", .limit = 1});
    ASSERT_TRUE(first.next_after);
    EXPECT_EQ(store_->referrers({.kind = "test.image", .id = "i1", .after = first.next_after}).referrers.at(0).field,
              "image");
    contract::Apply both;
    both.remove = {{"test.image", "i1"}, {"test.server", "s1"}};
    EXPECT_EQ(refusal([&] { apply(both); }).code, Code::ok);
    expect_sound();
}

TEST_P(StoreContract, AReferrerAndWhatItRefersToMayComeTogether) {
    contract::Apply both;
    both.put.push_back({"test.server", "s1", {{"image", "i1"}}});
    both.put.push_back({"test.image", "i1", {}});
    EXPECT_EQ(refusal([&] { apply(both); }).code, Code::ok);
    expect_sound();
}

TEST_P(StoreContract, AKindIsWrittenByItsOwnerOnly) {
    contract::Apply foreign;
    foreign.put.push_back({"test.server", "s1", {}});
    auto const refused = refusal([&] { store_->apply("other", foreign); });
    EXPECT_EQ(refused.code, Code::forbidden);
    EXPECT_EQ(refused.message, "'other' may not write the kind 'test.server'; only the plugin that declares it may");
    foreign.put[0].kind = "kernel.task";
    EXPECT_EQ(refusal([&] { apply(foreign); }).code, Code::forbidden);
    foreign.put[0].kind = "test.nothing";
    EXPECT_EQ(refusal([&] { apply(foreign); }).code, Code::not_found);
    EXPECT_EQ(refusal([&] { store_->declare("other", {server_kind()}); }).code, Code::conflict);
}

TEST_P(StoreContract, WhatIsTooLargeOrMalformedIsRefused) {
    auto const code = [&](contract::Apply const& wrong) { return refusal([&] { apply(wrong); }).code; };
    EXPECT_EQ(code({}), Code::invalid);
    EXPECT_EQ(code({.put = {{"test.server", "", {}}}}), Code::invalid);
    EXPECT_EQ(code({.put = {{"test.server", std::string("a\0b", 3), {}}}}), Code::invalid);
    EXPECT_EQ(code({.put = {{"test.server", std::string(256, 'x'), {}}}}), Code::invalid);
    EXPECT_EQ(code({.put = {{"test.server", "s1", {{"big", std::string(300 * 1024, 'x')}}}}}), Code::too_large);
    EXPECT_EQ(code({.put = {{"test.server", "s1", {{"size", "seven"}}}}}), Code::invalid);
    EXPECT_EQ(code({.put = {{"test.server", "s1", {{"name", std::string(3000, 'x')}}}}}), Code::invalid);
    EXPECT_EQ(code({.put = {{"test.server", "s1", {}}, {"test.server", "s1", {}}}}), Code::invalid);
    EXPECT_EQ(code({.notes = {{"", {}}}}), Code::invalid);
    EXPECT_EQ(code({.notes = {{"test.server", {}}}}), Code::invalid);
    contract::Apply many;
    for (int i = 0; i < 1001; ++i) many.remove.push_back({"test.server", std::to_string(i)});
    EXPECT_EQ(code(many), Code::too_large);
    EXPECT_EQ(store_->revision(), 0u);
}

TEST_P(StoreContract, EverythingIsThereAgainAfterReopening) {
    auto const revision = put_server("s1", R"({"name":"kept"})");
    reopen();
    EXPECT_EQ(store_->revision(), revision);
    EXPECT_EQ(json::text(get("test.server", "s1")->body.at("name")), "kept");
    EXPECT_EQ(put_server("s2", "{}"), revision + 1);
    expect_sound();
}

TEST_P(StoreContract, ConcurrentAppliesShareCommits) {
    auto const before = store_->statistics();
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back("writer", [&, i] {
                for (int j = 0; j < 50; ++j) put_server(fmt::format("s{}-{}", i, j), "{}");
            });
    }
    auto const after = store_->statistics();
    EXPECT_EQ(after.applies - before.applies, 800u);
    EXPECT_LT(after.commits - before.commits, 400u);
    EXPECT_EQ(store_->count({"test.server"}).count, 800u);
    expect_sound();
}

TEST_P(StoreContract, ARefusedApplyLeavesTheOthersOfItsBatchAlone) {
    put_server("held", R"({"project_id":"p","name":"held"})");
    std::atomic<int> refused = 0;
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back("writer", [&, i] {
                for (int j = 0; j < 20; ++j) {
                    auto const id = fmt::format("s{}-{}", i, j);
                    auto const name = i % 2 ? "held" : id;
                    refused += refusal([&] {
                                   put_server(id, fmt::format(R"({{"project_id":"p","name":"{}"}})", name));
                               }).code == Code::conflict;
                }
            });
    }
    EXPECT_EQ(refused, 160);
    EXPECT_EQ(store_->count({"test.server"}).count, 161u);
    expect_sound();
}

TEST_P(StoreContract, ABlobIsNamedByItsContentAndKeptByWhatRefersToIt) {
    auto const id = store_->put_blob("hello");
    EXPECT_EQ(id, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    EXPECT_EQ(store_->put_blob("hello"), id);
    EXPECT_EQ(store_->blob(id), "hello");
    EXPECT_FALSE(store_->blob("unknown"));
    put("test.image", "i1", fmt::format(R"({{"data":"{}"}})", id));
    EXPECT_EQ(refusal([&] { put("test.image", "i2", R"({"data":"unknown"})"); }).code, Code::conflict);
    EXPECT_EQ(refusal([&] { store_->put_blob(std::string(contract::blob_max + 1, 'x')); }).code, Code::too_large);
    expect_sound();
}

} // namespace volutus::kernel::store

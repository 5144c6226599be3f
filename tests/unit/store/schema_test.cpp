#include "store_fixture.hpp"

namespace volutus::kernel::store {

namespace {
using contract::FieldType;
using contract::Operator;

class StoreSchema : public StoreContract {
protected:
    Refusal declare(contract::Kind const& kind) {
        return refusal([&] { store_->declare(owner, {kind}); });
    }
};
VOLUTUS_STORE_ENGINES(StoreSchema);
} // namespace

TEST_P(StoreSchema, ANewIndexFieldIsFilledFromTheBodies) {
    for (int i = 0; i < 450; ++i)
        put_server(fmt::format("s{:03}", i), fmt::format(R"({{"zone":"z{}","labels":["l{}"]}})", i % 3, i % 5));
    auto kind = server_kind();
    kind.indexes.push_back({"zone"});
    kind.indexes.push_back({"labels", FieldType::string, true});
    kind.lists.push_back({"", {"zone"}, {"name"}});
    EXPECT_EQ(declare(kind).code, Code::ok);
    EXPECT_EQ(store_->count({"test.server", {{"zone", Operator::eq, "z1"}}}).count, 150u);
    EXPECT_EQ(store_->count({"test.server", {{"labels", Operator::eq, "l4"}}}).count, 90u);
    put_server("new", R"({"zone":"z1"})");
    EXPECT_EQ(store_->count({"test.server", {{"zone", Operator::eq, "z1"}}}).count, 151u);
    expect_sound();
}

TEST_P(StoreSchema, WhatIsNoLongerDeclaredIsDroppedAndMayComeBack) {
    put_server("s1", R"({"project_id":"p","name":"a","status":"UP"})");
    contract::Kind bare;
    bare.name = "test.server";
    EXPECT_EQ(declare(bare).code, Code::ok);
    EXPECT_EQ(refusal([&] { ids({.kind = "test.server", .where = {{"status", Operator::eq, "UP"}}}); }).code,
              Code::invalid);
    put_server("s2", R"({"project_id":"p","name":"b","status":"UP"})");
    EXPECT_EQ(declare(server_kind()).code, Code::ok);
    EXPECT_EQ(ids({.kind = "test.server", .where = {{"status", Operator::eq, "UP"}}}),
              (std::vector<std::string>{"s1", "s2"}));
    expect_sound();
}

TEST_P(StoreSchema, ANewUniqueKeyThatTheDocumentsBreakIsRefusedAndNothingChanges) {
    put_server("s1", R"({"serial":"x"})");
    put_server("s2", R"({"serial":"x"})");
    auto kind = server_kind();
    kind.indexes.push_back({"serial"});
    kind.unique.push_back({"test.serial", {"serial"}});
    EXPECT_EQ(declare(kind).code, Code::conflict);
    EXPECT_EQ(refusal([&] { ids({.kind = "test.server", .where = {{"serial", Operator::eq, "x"}}}); }).code,
              Code::invalid);
    put_server("s2", R"({"serial":"y"})");
    EXPECT_EQ(declare(kind).code, Code::ok);
    EXPECT_EQ(refusal([&] { put_server("s2", R"({"serial":"x"})"); }).code, Code::conflict);
    expect_sound();
}

TEST_P(StoreSchema, ANewReferenceMustHold) {
    put_server("s1", R"({"base":"i1"})");
    auto kind = server_kind();
    kind.references.push_back({"base", "test.image"});
    EXPECT_EQ(declare(kind).code, Code::conflict);
    put("test.image", "i1", "{}");
    EXPECT_EQ(declare(kind).code, Code::ok);
    EXPECT_EQ(refusal([&] { remove("test.image", "i1"); }).code, Code::conflict);
    expect_sound();
}

TEST_P(StoreSchema, IncompatibleDeclarationsAreRefused) {
    auto kind = server_kind();
    kind.indexes[1].type = FieldType::integer;
    EXPECT_EQ(declare(kind).code, Code::conflict);
    kind = server_kind();
    kind.schema = 2;
    EXPECT_EQ(declare(kind).code, Code::ok);
    EXPECT_EQ(declare(server_kind()).code, Code::conflict);
    put_server("s1", R"({"mixed":1})");
    kind.indexes.push_back({"mixed"});
    EXPECT_EQ(declare(kind).code, Code::conflict); // the body holds a number
}

TEST_P(StoreSchema, WrongDeclarationsAreRefused) {
    auto const wrong = [&](auto change) {
        auto kind = server_kind();
        change(kind);
        return declare(kind).code;
    };
    EXPECT_EQ(wrong([](auto& kind) { kind.name = ""; }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.name = "Bad Name"; }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.name = std::string(61, 'x'); }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.name = "kernel.blob"; }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.indexes.push_back({"x\" INT"}); }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.indexes.push_back({"name"}); }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.indexes.push_back({"n", FieldType::integer, true}); }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.lists.push_back({"", {}, {"flavor"}}); }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.lists.push_back({"", {"tags"}, {}}); }), Code::invalid);
    EXPECT_EQ(wrong([](auto& kind) { kind.unique.push_back({"space", {}}); }), Code::invalid);
}

TEST_P(StoreSchema, AKindMayBeDeclaredAnewWhileItIsWritten) {
    auto richer = server_kind();
    richer.indexes.push_back({"zone"});
    {
        std::vector<world::Thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back("writer", [&, i] {
                for (int j = 0; j < 100; ++j) put_server(fmt::format("s{}-{}", i, j), R"({"zone":"z","tags":["t"]})");
            });
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(declare(richer).code, Code::ok);
            EXPECT_EQ(declare(server_kind()).code, Code::ok);
        }
        EXPECT_EQ(declare(richer).code, Code::ok);
    }
    EXPECT_EQ(store_->count({"test.server", {{"zone", Operator::eq, "z"}}}).count, 400u);
    expect_sound();
}

} // namespace volutus::kernel::store

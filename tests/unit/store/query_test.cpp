#include "store_fixture.hpp"

#include <algorithm>

namespace volutus::kernel::store {

namespace {
using contract::Operator;
using Ids = std::vector<std::string>;

class StoreQuery : public StoreContract {
protected:
    // Names with doubles and nulls; every page size must give the same order.
    void fill() {
        put_server("a", R"({"project_id":"p","status":"ACTIVE","size":3,"tags":["x","y"],"up":true,"load":0.5})");
        put_server("b", R"({"project_id":"p","status":"ACTIVE","size":1,"tags":["y"],"load":1})");
        put_server("c", R"({"project_id":"p","status":"ERROR","tags":[]})");
        put_server("d", R"({"project_id":"p","status":"ACTIVE","size":3,"up":false})");
        put_server("e", R"({"project_id":"p","status":"ACTIVE"})");
        put_server("f", R"({"project_id":"q","status":"ACTIVE","size":2,"name":"é"})");
        put_server("g", R"({"project_id":"p","size":9007199254740993,"name":"Z"})");
    }
    Ids paged(contract::Query query) {
        Ids all;
        while (true) {
            auto const page = store_->query(query);
            for (auto const& document : page.documents) all.push_back(document.id);
            if (!page.more) return all;
            query.marker = all.back();
        }
    }
    Ids where(std::string field, Operator op, json::value value) {
        return ids({.kind = "test.server", .where = {{std::move(field), op, std::move(value)}}});
    }
};
VOLUTUS_STORE_ENGINES(StoreQuery);
} // namespace

TEST_P(StoreQuery, PagesOfAnySizeGiveTheWholeOrderWithNullsFirst) {
    fill();
    Ids const order{"c", "e", "b", "f", "a", "d", "g"};
    for (std::uint32_t limit = 1; limit <= 8; ++limit)
        EXPECT_EQ(paged({.kind = "test.server", .sort = {{"size"}}, .limit = limit}), order) << limit;
}

TEST_P(StoreQuery, ADescendingOrderIsTheReverseInPagesToo) {
    fill();
    Ids const order{"g", "d", "a", "f", "b", "e", "c"};
    for (std::uint32_t limit = 1; limit <= 8; ++limit)
        EXPECT_EQ(paged({.kind = "test.server", .sort = {{"size", true}}, .limit = limit}), order) << limit;
}

TEST_P(StoreQuery, SeveralSortsOfDifferentDirectionsPageRight) {
    fill();
    auto const whole = paged({.kind = "test.server", .sort = {{"status"}, {"size", true}}});
    EXPECT_EQ(whole, (Ids{"g", "d", "a", "f", "b", "e", "c"}));
    for (std::uint32_t limit = 1; limit <= 7; ++limit)
        EXPECT_EQ(paged({.kind = "test.server", .sort = {{"status"}, {"size", true}}, .limit = limit}), whole) << limit;
}

TEST_P(StoreQuery, FiltersCompareAsTheyAreDeclared) {
    fill();
    EXPECT_EQ(where("status", Operator::eq, "ERROR"), Ids{"c"});
    EXPECT_EQ(where("status", Operator::ne, "ACTIVE"), (Ids{"c", "g"}));
    EXPECT_EQ(where("status", Operator::eq, nullptr), Ids{"g"});
    EXPECT_EQ(where("size", Operator::gt, 2), (Ids{"a", "d", "g"}));
    EXPECT_EQ(where("size", Operator::le, 2), (Ids{"b", "f"}));
    EXPECT_EQ(where("size", Operator::eq, std::int64_t(9007199254740993)), Ids{"g"});
    EXPECT_EQ(where("size", Operator::in, json::array{1, nullptr}), (Ids{"b", "c", "e"}));
    EXPECT_EQ(where("size", Operator::in, json::array{}), Ids{});
    EXPECT_EQ(where("up", Operator::eq, false), Ids{"d"});
    EXPECT_EQ(where("load", Operator::ge, 1), Ids{"b"});
    EXPECT_EQ(where("id", Operator::gt, "e"), (Ids{"f", "g"}));
    EXPECT_EQ(where("name", Operator::prefix, "é"), Ids{"f"});
    EXPECT_EQ(where("name", Operator::prefix, ""), (Ids{"f", "g"}));
    EXPECT_EQ(where("status", Operator::prefix, "A%"), Ids{});
}

TEST_P(StoreQuery, AFieldWithSeveralValuesMatchesByAnyOfThem) {
    fill();
    EXPECT_EQ(where("tags", Operator::eq, "y"), (Ids{"a", "b"}));
    EXPECT_EQ(where("tags", Operator::in, json::array{"x", "z"}), Ids{"a"});
    EXPECT_EQ(where("tags", Operator::ne, "x"), (Ids{"b", "c", "d", "e", "f", "g"}));
    EXPECT_EQ(where("tags", Operator::ne, nullptr), (Ids{"a", "b"}));
    put_server("a", R"({"tags":["z"]})");
    EXPECT_EQ(where("tags", Operator::eq, "y"), Ids{"b"});
    expect_sound();
}

TEST_P(StoreQuery, AMarkerThatNobodyWithinTheScopeSeesIsNotFound) {
    fill();
    contract::Query query{
        .kind = "test.server", .where = {{"project_id", Operator::eq, "p"}}, .sort = {{"name"}}, .marker = "nobody"};
    EXPECT_EQ(refusal([&] { store_->query(query); }).code, Code::not_found);
    query.marker = "f"; // of another project
    EXPECT_EQ(refusal([&] { store_->query(query); }).code, Code::not_found);
    query.where.push_back({"status", Operator::eq, "ACTIVE"});
    query.marker = "c"; // its status has changed since the page before
    EXPECT_EQ(ids(query), (Ids{"d", "e"}));
}

TEST_P(StoreQuery, WrongQueriesAreRefused) {
    auto const code = [&](contract::Query const& query) { return refusal([&] { store_->query(query); }).code; };
    EXPECT_EQ(code({.kind = "test.nothing"}), Code::not_found);
    EXPECT_EQ(code({.kind = "test.server", .where = {{"flavor", Operator::eq, "x"}}}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .where = {{"size", Operator::eq, "x"}}}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .where = {{"size", Operator::lt, nullptr}}}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .where = {{"size", Operator::in, 3}}}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .where = {{"size", Operator::prefix, 3}}}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .sort = {{"tags"}}}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .limit = 0}), Code::invalid);
    EXPECT_EQ(code({.kind = "test.server", .limit = 1001}), Code::invalid);
}

TEST_P(StoreQuery, APageEndsBeforeItGrowsBeyondAReply) {
    for (auto const* id : {"a", "b", "c"})
        put_server(id, json::print(json::object{{"text", std::string(100'000, 'x')}}));
    auto const page = store_->query({.kind = "test.server"});
    EXPECT_EQ(page.documents.size(), 2u);
    EXPECT_TRUE(page.more);
    EXPECT_EQ(paged({.kind = "test.server"}), (Ids{"a", "b", "c"}));
}

TEST_P(StoreQuery, ADeclaredListNeitherScansNorSorts) {
    fill();
    for (auto const& sort : {"name", "size"})
        for (bool const filtered : {false, true})
            for (bool const descending : {false, true})
                for (bool const marked : {false, true}) {
                    contract::Query query{.kind = "test.server",
                                          .where = {{"project_id", Operator::eq, "p"}},
                                          .sort = {{sort, descending}}};
                    if (filtered) query.where.push_back({"status", Operator::eq, "ACTIVE"});
                    if (marked) query.marker = "a";
                    for (auto const& line : store_->explain(query)) {
                        EXPECT_EQ(line.find("SCAN"), line.npos) << line;
                        EXPECT_EQ(line.find("TEMP B-TREE"), line.npos) << line;
                    }
                }
    bool sorts = false; // the same look sees the sort of a combination that is not declared
    for (auto const& line : store_->explain({.kind = "test.server", .sort = {{"load"}}}))
        sorts |= line.find("TEMP B-TREE") != line.npos;
    EXPECT_TRUE(sorts);
}

TEST_P(StoreQuery, CountsStopAtTheirBound) {
    fill();
    EXPECT_EQ(store_->count({"test.server"}).count, 7u);
    EXPECT_EQ(store_->count({"test.server", {{"status", Operator::eq, "ACTIVE"}}}).count, 5u);
    EXPECT_EQ(store_->count({"test.server", {}, 3}).count, 3u);
}

TEST_P(StoreQuery, TombstonesAreSeenByThoseWhoAskOnly) {
    auto kind = server_kind();
    kind.tombstone_seconds = 3600;
    store_->declare(owner, {kind});
    fill();
    remove("test.server", "a");
    remove("test.server", "e");
    contract::Query query{
        .kind = "test.server", .where = {{"project_id", Operator::eq, "p"}}, .sort = {{"size"}}, .limit = 2};
    EXPECT_EQ(paged(query), (Ids{"c", "b", "d", "g"}));
    query.removed = true;
    EXPECT_EQ(paged(query), (Ids{"c", "e", "b", "a", "d", "g"}));
    query.where.push_back({"tags", Operator::eq, "x"});
    auto const page = store_->query(query);
    ASSERT_EQ(page.documents.size(), 1u);
    EXPECT_TRUE(page.documents[0].removed);
    expect_sound();
    put_server("a", R"({"project_id":"p"})"); // lives again
    EXPECT_EQ(store_->query(query).documents.size(), 0u);
    expect_sound();
}

TEST_P(StoreQuery, WhoAsksForARevisionThatDoesNotComeIsTold) {
    EXPECT_EQ(
        refusal([&] { store_->get({"test.server", "a", 99}, {world::now() + std::chrono::milliseconds(5)}); }).code,
        Code::deadline);
    plugin::Cancellation cancelled;
    cancelled.tell();
    EXPECT_EQ(refusal([&] { store_->get({"test.server", "a", 99}, {{}, &cancelled}); }).code, Code::cancelled);
}

} // namespace volutus::kernel::store

// The prover finds what is edited by hand behind the store's back.
#include "store_fixture.hpp"

#include <sqlite3.h>

namespace volutus::kernel::store {

namespace {
struct Planted {
    std::string name, sql, place; // `place` stands in the difference that must be found
};

void PrintTo(Planted const& planted, std::ostream* out) { *out << planted.sql; }

class PlantedDifference : public testing::TestWithParam<Planted> {
protected:
    testkit::TemporaryFolder folder_;
};

void edit(std::string const& path, std::string const& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    EXPECT_GT(sqlite3_total_changes(db), 0) << "nothing was planted";
    sqlite3_close(db);
}
} // namespace

TEST_P(PlantedDifference, IsFoundAndNamed) {
    Options options;
    options.database.path = folder_ / "store.db";
    {
        Store store(options);
        store.declare(owner, {server_kind(), image_kind()});
        contract::Apply all;
        all.put.push_back({"test.image", "i1", {{"name", "image"}}});
        all.put.push_back({"test.server",
                           "s1",
                           {{"project_id", "p"}, {"name", "web"}, {"image", "i1"}, {"tags", {"x"}}, {"size", 3}}});
        all.put.push_back({"test.server", "s2", {{"project_id", "p"}, {"name", "db"}}});
        all.set.push_back({.account = "top", .resource = "VCPU", .total = 9});
        all.set.push_back({.account = "host", .resource = "VCPU", .total = 9, .parent = "top"});
        all.claim.push_back({"host", "VCPU", "s1", 2});
        all.take = {{"pool", "s1", 1, 9}, {"pool", "s2", 1, 9}};
        all.tasks.push_back({.id = "t1", .name = "work", .kind = "test.server", .resource = "s1"});
        store.apply(owner, all);
        EXPECT_TRUE(store.verify().empty());
    }
    edit(options.database.path, GetParam().sql);
    Store store(options);
    bool found = false;
    std::string told;
    for (auto const& difference : store.verify()) {
        found |= difference.place.find(GetParam().place) != std::string::npos;
        told += difference.place + "\n";
    }
    EXPECT_TRUE(found) << told;
}

INSTANTIATE_TEST_SUITE_P(
    Sqlite, PlantedDifference,
    testing::Values(
        Planted{"UsedTooHigh", "UPDATE ledger_accounts SET used = used + 1 WHERE account = 'host'",
                "account host/VCPU"},
        Planted{"UsedOfAParent", "UPDATE ledger_accounts SET used = 0 WHERE account = 'top'", "account top/VCPU"},
        Planted{"ClaimWithoutAccount", "INSERT INTO ledger_claims VALUES ('gone', 'VCPU', 's9', 1)", "claim of s9"},
        Planted{"ParentGone", "DELETE FROM ledger_accounts WHERE account = 'top'", "account host/VCPU"},
        Planted{"KeyGone", "DELETE FROM store_unique WHERE id = 's1' AND kind = 'test.server'",
                "test.server s1, unique key"},
        Planted{"KeyTooMuch", "INSERT INTO store_unique VALUES ('test.name', 'x', 'test.server', 's1')",
                "test.server unique keys"},
        Planted{"ReferenceGone", "DELETE FROM store_refs WHERE id = 's1'", "test.server s1, reference image"},
        Planted{"TargetGone", "DELETE FROM \"d:test.image\"", "test.server s1, reference image"},
        Planted{"ColumnWrong", "UPDATE \"d:test.server\" SET \"f:size\" = 4 WHERE id = 's1'",
                "test.server s1, index field size"},
        Planted{"ColumnNull", "UPDATE \"d:test.server\" SET \"f:name\" = NULL WHERE id = 's2'",
                "test.server s2, index field name"},
        Planted{"ValueGone", "DELETE FROM \"m:test.server\"", "test.server s1, index field tags"},
        Planted{"ValueTooMuch", "INSERT INTO \"m:test.server\" VALUES ('tags', 'z', 's2')", "test.server values"},
        Planted{"BodyBroken", "UPDATE \"d:test.server\" SET body = '{' WHERE id = 's1'", "test.server s1, body"},
        Planted{"SpanWrong", "UPDATE take_spans SET last = 5", "spans of taken values"},
        Planted{"ValueTaken", "INSERT INTO take_values VALUES ('pool', 7, 's7')", "spans of taken values"},
        Planted{"FeedGone", "DELETE FROM store_feed WHERE id = 's2'", "test.server s2, feed"},
        Planted{"HeadBack", "UPDATE store_head SET revision = 0", "feed"},
        Planted{"ResourceOfATaskGone", "DELETE FROM \"d:test.server\" WHERE id = 's1'", "kernel.task t1, live task"}),
    [](auto const& info) { return info.param.name; });

} // namespace volutus::kernel::store

// What the declared kinds become in the database: tables, columns and indexes, and what a body says in them.
//
// A kind has the table "d:<kind>" (id, revision, schema, body, a column "f:<field>" for each index field with one
// value), "t:<kind>" of the same shape for its tombstones, and "m:<kind>" (field, value, id) for fields with several.
#pragma once

#include <kernel/store/engine.hpp>
#include <volutus/contract/store.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::store {

namespace contract = volutus::store;

inline constexpr std::string_view task_kind = "kernel.task";
inline constexpr std::string_view blob_kind = "kernel.blob";       // what a reference to a blob refers to; not a kind
inline constexpr std::string_view account_kind = "kernel.account"; // of feed entries; not a kind
inline constexpr std::size_t longest_name = 255;                   // ids, accounts, consumers, pools
inline constexpr std::size_t longest_value = 2000;                 // of an indexed or unique value

// An id or another name from outside: 1 to 255 bytes, no NUL. `what` begins the message of the refusal.
void check_name(std::string_view what, std::string_view name);

std::string as_identifier(std::string_view identifier);
inline std::string column_of(std::string_view field) {
    return field == "id" ? "id" : as_identifier("f:" + std::string(field));
}

// A kind with its names in the database and the statements that writing uses. Immutable.
struct KindTable {
    explicit KindTable(contract::Kind declared); // Code::invalid when the declaration is wrong

    contract::Kind kind;
    std::vector<contract::IndexField> single, several; // of kind.indexes, by name
    std::string live, tombs, values;                   // quoted table names
    std::string select, insert, update, remove, entomb, untomb;

    contract::IndexField const* find(std::string_view field) const;
    bool derives() const {
        return !several.empty() || !kind.unique.empty() || !kind.references.empty() || !kind.blobs.empty();
    }
    bool is_scope(std::string_view field) const;
    std::vector<std::string> create(Dialect const& dialect) const;
    std::string add_column(std::string_view table, contract::IndexField const& field, Dialect const& dialect) const;
    std::map<std::string, std::string> indexes() const; // quoted name -> statement that makes it
};

// The kinds that the store knows. Copied, changed and swapped whole.
using Schema = std::map<std::string, std::shared_ptr<KindTable const>, std::less<>>;

// The tables that are there whatever the kinds, in the newest format; statements that may be run again.
inline constexpr int newest_format = 3; // 2: ledger_accounts.inherited; 3: store_head.program
std::vector<std::string> system_tables(Dialect const& dialect);

struct Edge {
    std::string field, kind, id;
    bool owned = false;
    auto operator<=>(Edge const&) const = default;
};
using Pair = std::pair<std::string, std::string>;

// What a body says in the tables. All but the columns are sorted and without doubles.
struct Derived {
    std::vector<Value> columns; // in the order of KindTable::single
    std::vector<Pair> values;   // field, value
    std::vector<Pair> unique;   // space, value
    std::vector<Edge> edges;
};
// Code::invalid, naming the field, when the body does not fit the declaration.
Derived derive(KindTable const& table, std::string_view id, json::object const& body);

// A value for the column of a field; null gives null.
Value column_value(contract::IndexField const& field, json::value const* value, std::string_view where);

} // namespace volutus::kernel::store

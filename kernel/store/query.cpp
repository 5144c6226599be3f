#include <kernel/store/query.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace volutus::kernel::store {

namespace {
constexpr std::size_t most_conditions = 64, most_choices = 1000;

using contract::Operator;

// A where clause under construction, with its values.
struct Clause {
    std::vector<std::string> terms;
    std::vector<Value> values;

    std::string place(Value value) {
        values.push_back(std::move(value));
        return fmt::format("?{}", values.size());
    }
    std::string text() const { return terms.empty() ? "" : fmt::format(" WHERE {}", fmt::join(terms, " AND ")); }
};

contract::IndexField require(KindTable const& table, std::string_view field) {
    if (field == "id") return {"id", contract::FieldType::string, false};
    if (auto const* found = table.find(field)) return *found;
    throw Error(Code::invalid, fmt::format("the kind '{}' has no index field '{:.80}'", table.kind.name, field),
                json::print(json::object{{"kind", table.kind.name}, {"field", field}}));
}

// The smallest text above all that begin with the prefix; none when there is no such text. Steps by code points, so
// that it stays UTF-8.
std::optional<std::string> after_prefix(std::string prefix) {
    while (!prefix.empty()) {
        std::size_t start = prefix.size() - 1;
        while (start > 0 && (static_cast<unsigned char>(prefix[start]) & 0xc0) == 0x80) --start;
        for (auto at = prefix.size(); at-- > start;) { // add one with carry, in base 64 below the first byte
            auto const byte = static_cast<unsigned char>(prefix[at]);
            bool const first = at == start;
            if (first ? byte != 0x7f && byte != 0xdf && byte != 0xef && byte < 0xf4 : byte != 0xbf) {
                prefix[at] = static_cast<char>(byte + 1);
                return prefix;
            }
            if (!first) prefix[at] = static_cast<char>(0x80);
        }
        prefix.resize(start);
    }
    return std::nullopt;
}

std::string_view symbol(Operator op) {
    switch (op) {
    case Operator::lt: return "<";
    case Operator::le: return "<=";
    case Operator::gt: return ">";
    case Operator::ge: return ">=";
    case Operator::ne: return "IS DISTINCT FROM";
    case Operator::eq:
    case Operator::in:
    case Operator::prefix: break;
    }
    return "=";
}

std::string choices(Clause& clause, std::string const& column, contract::IndexField const& field,
                    json::value const& value) {
    auto const* items = value.if_array();
    if (!items || items->size() > most_choices)
        throw Error(Code::invalid,
                    fmt::format("'{}' in ...: an array of at most {} values is expected", field.field, most_choices));
    std::vector<std::string> places;
    bool or_null = false;
    for (auto const& item : *items) {
        if (item.is_null())
            or_null = true;
        else
            places.push_back(clause.place(column_value(field, &item, "the query")));
    }
    std::string term = places.empty() ? "1 = 0" : fmt::format("{} IN ({})", column, fmt::join(places, ", "));
    return or_null ? fmt::format("({} OR {} IS NULL)", term, column) : term;
}

// The condition on a column that holds one value a row.
std::string compare(Clause& clause, std::string const& column, contract::IndexField const& field,
                    contract::Where const& where) {
    if (where.op == Operator::in) return choices(clause, column, field, where.value);
    auto const value = column_value(field, &where.value, "the query");
    if (std::holds_alternative<std::monostate>(value)) {
        if (where.op == Operator::eq) return column + " IS NULL";
        if (where.op == Operator::ne) return column + " IS NOT NULL";
        throw Error(Code::invalid, fmt::format("'{}' can be compared with null by eq and ne only", field.field));
    }
    if (where.op != Operator::prefix) return fmt::format("{} {} {}", column, symbol(where.op), clause.place(value));
    auto const* text = std::get_if<std::string>(&value);
    if (!text) throw Error(Code::invalid, fmt::format("'{}' is no string and has no prefix", field.field));
    auto const end = after_prefix(*text);
    auto term = fmt::format("{} >= {}", column, clause.place(*text));
    return end ? fmt::format("{} AND {} < {}", term, column, clause.place(*end)) : term;
}

// A field with several values matches when any of them does; ne when none is equal.
std::string compare_any(Clause& clause, KindTable const& table, contract::IndexField const& field,
                        contract::Where where) {
    bool const none = where.op == Operator::ne || (where.op == Operator::eq && where.value.is_null());
    auto const name = clause.place(field.field);
    std::string more;
    if (where.op == Operator::ne && where.value.is_null())
        return fmt::format("id IN (SELECT id FROM {} WHERE field = {})", table.values, name);
    if (where.op == Operator::ne) where.op = Operator::eq;
    if (!where.value.is_null())
        more = fmt::format(" AND {}", compare(clause, "value", field, where));
    else if (!none)
        throw Error(Code::invalid, fmt::format("'{}' can be compared with null by eq and ne only", field.field));
    return fmt::format("id {} (SELECT id FROM {} WHERE field = {}{})", none ? "NOT IN" : "IN", table.values, name,
                       more);
}

Clause clause_of(KindTable const& table, std::vector<contract::Where> const& wheres) {
    if (wheres.size() > most_conditions)
        throw Error(Code::invalid, fmt::format("a query has at most {} conditions", most_conditions));
    Clause clause;
    for (auto const& where : wheres) {
        auto const field = require(table, where.field);
        clause.terms.push_back(field.several ? compare_any(clause, table, field, where)
                                             : compare(clause, column_of(field.field), field, where));
    }
    return clause;
}

struct Key {
    contract::IndexField field;
    std::string column;
    bool descending;
};

std::vector<Key> keys_of(KindTable const& table, contract::Query const& query) {
    std::vector<Key> keys;
    for (auto const& sort : query.sort) {
        auto const field = require(table, sort.field);
        if (field.several)
            throw Error(Code::invalid, fmt::format("'{}' has several values and cannot be sorted by", sort.field));
        auto const column = column_of(sort.field);
        if (std::ranges::find(keys, column, &Key::column) == keys.end())
            keys.push_back({field, column, sort.descending});
        if (sort.field == "id") return keys; // nothing is left to order
    }
    bool const descending = !keys.empty() && keys.back().descending;
    keys.push_back({{"id", contract::FieldType::string, false}, "id", descending});
    return keys;
}

std::string select(KindTable const& table, contract::Query const& query, Clause const& clause,
                   std::vector<Key> const& keys) {
    std::string more; // a union is ordered by what it selects
    for (auto const& key : keys)
        if (query.removed && key.column != "id") more += ", " + key.column;
    auto const part = [&](std::string const& from, int removed) {
        return fmt::format("SELECT id, revision, schema, body, {}{} FROM {}{}", removed, more, from, clause.text());
    };
    auto const sql = query.removed ? part(table.live, 0) + " UNION ALL " + part(table.tombs, 1) : part(table.live, 0);
    std::vector<std::string> order;
    for (auto const& key : keys) // the id is never null; saying where nulls go would hide the primary key
        order.push_back(key.column + (key.column == "id" ? (key.descending ? " DESC" : "")
                                                         : (key.descending ? " DESC NULLS LAST" : " ASC NULLS FIRST")));
    return fmt::format("{} ORDER BY {} LIMIT {}", sql, fmt::join(order, ", "), query.limit + 1);
}

// The marker's own keys. It must be there and within the scope, but a filter may have left it behind meanwhile.
std::vector<Value> marker_keys(Connection& connection, KindTable const& table, contract::Query const& query,
                               std::vector<Key> const& keys) {
    std::vector<contract::Where> visible;
    for (auto const& where : query.where)
        if (table.is_scope(where.field)) visible.push_back(where);
    visible.push_back({"id", Operator::eq, json::value(*query.marker)});
    auto const clause = clause_of(table, visible);
    std::vector<std::string> columns;
    for (auto const& key : keys) columns.push_back(key.column);
    auto const read = [&](std::string const& from) {
        return fmt::format("SELECT {} FROM {}{}", fmt::join(columns, ", "), from, clause.text());
    };
    std::vector<Bind> const binds(clause.values.begin(), clause.values.end());
    auto row = connection.query(query.removed ? read(table.live) + " UNION ALL " + read(table.tombs) : read(table.live),
                                std::span<Bind const>(binds));
    if (!row.next())
        throw Error(Code::not_found, fmt::format("the marker '{:.80}' is not there", *query.marker),
                    json::print(json::object{{"marker", *query.marker}}));
    std::vector<Value> values;
    for (int i = 0; i < static_cast<int>(keys.size()); ++i) {
        if (row.null(i))
            values.emplace_back();
        else if (keys[i].field.type == contract::FieldType::string)
            values.emplace_back(row.string(i));
        else if (keys[i].field.type == contract::FieldType::number)
            values.emplace_back(row.number(i));
        else
            values.emplace_back(row.integer(i));
    }
    return values;
}

// What comes after the marker falls into ranges, each one range of the index: equal in all keys but the last and beyond
// in that, then equal in all but the last two, and so on. Null is the smallest value.
std::vector<Clause> ranges_after(Clause const& base, std::vector<Key> const& keys, std::vector<Value> const& marker) {
    std::vector<Clause> ranges;
    for (std::size_t beyond = keys.size(); beyond-- > 0;) {
        auto range = base;
        for (std::size_t i = 0; i < beyond; ++i) {
            bool const null = std::holds_alternative<std::monostate>(marker[i]);
            range.terms.push_back(null ? keys[i].column + " IS NULL"
                                       : fmt::format("{} = {}", keys[i].column, range.place(marker[i])));
        }
        auto const& key = keys[beyond];
        bool const null = std::holds_alternative<std::monostate>(marker[beyond]);
        if (null && key.descending) continue; // nothing is smaller
        auto nulls = range;
        range.terms.push_back(
            null ? key.column + " IS NOT NULL"
                 : fmt::format("{} {} {}", key.column, key.descending ? "<" : ">", range.place(marker[beyond])));
        ranges.push_back(std::move(range));
        if (key.descending && key.column != "id") {
            nulls.terms.push_back(key.column + " IS NULL");
            ranges.push_back(std::move(nulls));
        }
    }
    return ranges;
}

// Revision, schema and body stand from column `at` on.
template <class Body>
contract::BasicDocument<Body> read_row(KindTable const& table, Rows const& row, int at, std::string_view id) {
    contract::BasicDocument<Body> document;
    document.kind = table.kind.name;
    document.id = id;
    document.revision = row.revision(at);
    document.schema = static_cast<std::uint32_t>(row.integer(at + 1));
    if constexpr (std::is_same_v<Body, json::Printed>)
        document.body.text = row.text(at + 2);
    else
        document.body = json::parse_object(row.text(at + 2));
    return document;
}
} // namespace

template <class Body>
std::optional<contract::BasicDocument<Body>> read_document(Connection& connection, KindTable const& table,
                                                           std::string_view id) {
    auto row = connection.query(table.select, id);
    if (!row.next()) return std::nullopt;
    return read_row<Body>(table, row, 0, id);
}
template std::optional<contract::Document> read_document(Connection&, KindTable const&, std::string_view);
template std::optional<contract::BasicDocument<json::Printed>> read_document(Connection&, KindTable const&,
                                                                             std::string_view);

std::vector<Select> plan_page(Connection& connection, KindTable const& table, contract::Query const& query) {
    if (query.limit < 1 || query.limit > 1000) throw Error(Code::invalid, "the limit of a page is 1 to 1000");
    auto const keys = keys_of(table, query);
    auto const base = clause_of(table, query.where);
    std::vector<Select> selects;
    if (!query.marker) return {{select(table, query, base, keys), base.values}};
    for (auto const& range : ranges_after(base, keys, marker_keys(connection, table, query, keys)))
        selects.push_back({select(table, query, range, keys), range.values});
    return selects;
}

template <class Body>
contract::BasicPage<Body> read_page(Connection& connection, KindTable const& table, contract::Query const& query) {
    contract::BasicPage<Body> page;
    std::size_t bytes = 0;
    for (auto const& [sql, values] : plan_page(connection, table, query)) {
        std::vector<Bind> const binds(values.begin(), values.end());
        auto rows = connection.query(sql, std::span<Bind const>(binds));
        while (rows.next()) {
            bytes += rows.text(3).size() + 400;
            if (page.documents.size() == query.limit || (bytes > contract::body_max && !page.documents.empty())) {
                page.more = true;
                return page;
            }
            auto document = read_row<Body>(table, rows, 1, rows.text(0));
            document.removed = rows.integer(4) != 0;
            page.documents.push_back(std::move(document));
        }
    }
    return page;
}
template contract::Page read_page(Connection&, KindTable const&, contract::Query const&);
template contract::BasicPage<json::Printed> read_page(Connection&, KindTable const&, contract::Query const&);

contract::ReferrerPage read_referrers(Connection& connection, contract::Referrers const& wanted) {
    if (wanted.limit < 1 || wanted.limit > 1000) throw Error(Code::invalid, "the limit of a page is 1 to 1000");
    std::vector<std::string> after(3);
    if (wanted.after) after = json::decode<std::vector<std::string>>(json::parse(*wanted.after));
    if (after.size() != 3) throw Error(Code::invalid, "`after` is not the next_after of a page of referrers");
    auto rows = connection.query(
        "SELECT kind, id, field, owned FROM store_refs WHERE to_kind = ?1 AND to_id = ?2 AND owned >= ?3 "
        "AND (kind, id, field) > (?4, ?5, ?6) ORDER BY kind, id, field LIMIT ?7",
        wanted.kind, wanted.id, wanted.owned, after[0], after[1], after[2], wanted.limit + 1);
    contract::ReferrerPage page;
    while (rows.next()) {
        if (page.referrers.size() == wanted.limit) {
            auto const& last = page.referrers.back();
            page.next_after =
                json::print(json::array{json::string(last.kind), json::string(last.id), json::string(last.field)});
            break;
        }
        page.referrers.push_back({rows.string(0), rows.string(1), rows.string(2), rows.integer(3) != 0});
    }
    return page;
}

contract::Counted count(Connection& connection, KindTable const& table, contract::Count const& wanted) {
    auto const clause = clause_of(table, wanted.where);
    std::vector<Bind> const binds(clause.values.begin(), clause.values.end());
    auto row = connection.query(fmt::format("SELECT count(*) FROM (SELECT 1 FROM {}{} LIMIT {}) AS found", table.live,
                                            clause.text(), wanted.at_most),
                                std::span<Bind const>(binds));
    row.next();
    return {row.revision(0)};
}

} // namespace volutus::kernel::store

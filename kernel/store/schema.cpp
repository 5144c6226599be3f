#include <kernel/store/schema.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace volutus::kernel::store {

namespace {
constexpr std::size_t longest_kind = 60, longest_field = 60; // with a prefix they fit an identifier of PostgreSQL
constexpr std::size_t most_indexes = 64, most_fields = 64;

bool plain(std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [more](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
    });
}

[[noreturn]] void refuse(contract::Kind const& kind, std::string const& why) {
    throw Error(Code::invalid, fmt::format("the declaration of kind '{:.80}' is wrong: {}", kind.name, why));
}

void check_field(contract::Kind const& kind, std::string const& field) {
    if (field.empty() || field.size() > longest_field || field == "id" ||
        !plain(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_.:-"))
        refuse(kind, fmt::format("'{:.80}' cannot be a field; use [A-Za-z0-9_.:-], at most {} bytes, not id", field,
                                 longest_field));
}

void check_kind(KindTable const& table) {
    auto const& kind = table.kind;
    if (kind.name.empty() || kind.name.size() > longest_kind || !plain(kind.name, "_."))
        refuse(kind, fmt::format("its name must be of [a-z0-9_.], at most {} bytes", longest_kind));
    if (kind.name == blob_kind || kind.name == account_kind) refuse(kind, "its name is the store's own");
    if (kind.schema == 0) refuse(kind, "its schema number must be at least 1");
    if (kind.indexes.size() > most_fields) refuse(kind, fmt::format("it has more than {} index fields", most_fields));
    std::set<std::string_view> seen;
    for (auto const& index : kind.indexes) {
        check_field(kind, index.field);
        if (!seen.insert(index.field).second)
            refuse(kind, fmt::format("the index field '{}' stands there twice", index.field));
        if (index.several && index.type != contract::FieldType::string)
            refuse(kind, fmt::format("the field '{}' with several values must be of type string", index.field));
    }
    for (auto const& key : kind.unique) {
        if (key.space.empty() || key.space.size() > longest_kind)
            refuse(kind, "a unique key needs the name of its space");
        if (key.fields.empty()) refuse(kind, fmt::format("the unique key '{}' has no fields", key.space));
        for (auto const& field : key.fields) check_field(kind, field);
    }
    for (auto const& reference : kind.references) {
        check_field(kind, reference.field);
        if (reference.kind.empty()) refuse(kind, fmt::format("the reference '{}' names no kind", reference.field));
    }
    for (auto const& field : kind.blobs) check_field(kind, field);
    for (auto const& state : kind.transient) check_field(kind, state.field);
    if (kind.worked_on_at) check_field(kind, kind.worked_on_at->field);
    auto listed = [&](std::string const& field) {
        auto const* found = table.find(field);
        if (!found || found->several)
            refuse(kind, fmt::format("a list uses '{}'; declare it as an index field with one value", field));
    };
    for (auto const& list : kind.lists) {
        if (!list.scope.empty()) listed(list.scope);
        for (auto const& field : list.filters) listed(field);
        for (auto const& field : list.sorts)
            if (field != "id") listed(field);
    }
    if (table.indexes().size() > 2 * most_indexes)
        refuse(kind, fmt::format("its lists need more than {} indexes, and each costs every write; declare fewer",
                                 most_indexes));
}

std::string_view type_of(contract::FieldType type, Dialect const& dialect) {
    switch (type) {
    case contract::FieldType::string: return dialect.text;
    case contract::FieldType::number: return dialect.real;
    case contract::FieldType::integer:
    case contract::FieldType::boolean: break;
    }
    return dialect.integer;
}

// A name that says nothing but is the same for the same index, so that a dropped declaration finds it again.
std::string index_name(std::string_view definition) {
    std::uint64_t hash = 14695981039346656037u; // FNV-1a
    for (unsigned char c : definition) hash = (hash ^ c) * 1099511628211u;
    return as_identifier(fmt::format("i:{:016x}", hash));
}
} // namespace

void check_name(std::string_view what, std::string_view name) {
    if (name.empty() || name.size() > longest_name || name.find('\0') != std::string_view::npos)
        throw Error(Code::invalid,
                    fmt::format("{} '{:.80}' must have 1 to {} bytes and no NUL", what, name, longest_name));
}

std::string as_identifier(std::string_view identifier) { return fmt::format("\"{}\"", identifier); }

KindTable::KindTable(contract::Kind declared) : kind(std::move(declared)) {
    for (auto const& field : kind.indexes) (field.several ? several : single).push_back(field);
    std::ranges::sort(single, {}, &contract::IndexField::field);
    std::ranges::sort(several, {}, &contract::IndexField::field);
    live = as_identifier("d:" + kind.name);
    tombs = as_identifier("t:" + kind.name);
    values = as_identifier("m:" + kind.name);
    check_kind(*this);

    std::string columns, places, sets;
    int place = 4;
    for (auto const& field : single) {
        auto const column = column_of(field.field);
        columns += ", " + column;
        places += fmt::format(", ?{}", ++place);
        sets += fmt::format(", {} = ?{}", column, place);
    }
    select = fmt::format("SELECT revision, schema, body FROM {} WHERE id = ?1", live);
    insert =
        fmt::format("INSERT INTO {} (id, revision, schema, body{}) VALUES (?1, ?2, ?3, ?4{})", live, columns, places);
    update = fmt::format("UPDATE {} SET revision = ?2, schema = ?3, body = ?4{} WHERE id = ?1", live, sets);
    remove = fmt::format("DELETE FROM {} WHERE id = ?1", live);
    entomb = fmt::format(
        "INSERT INTO {0} (id, revision, schema, body, removed_at{1}) SELECT id, ?2, schema, body, ?3{1} FROM {2} "
        "WHERE id = ?1",
        tombs, columns, live);
    untomb = fmt::format("DELETE FROM {} WHERE id = ?1", tombs);
}

contract::IndexField const* KindTable::find(std::string_view field) const {
    auto const found = std::ranges::find(kind.indexes, field, &contract::IndexField::field);
    return found == kind.indexes.end() ? nullptr : &*found;
}

bool KindTable::is_scope(std::string_view field) const {
    return std::ranges::any_of(kind.lists, [field](auto const& list) { return list.scope == field; });
}

std::vector<std::string> KindTable::create(Dialect const& dialect) const {
    std::string columns;
    for (auto const& field : single)
        columns += fmt::format(", {} {}", column_of(field.field), type_of(field.type, dialect));
    auto const table = [&](std::string const& name, std::string_view more) {
        return fmt::format("CREATE TABLE {0} (id {1} NOT NULL PRIMARY KEY, revision {2} NOT NULL, schema {2} NOT NULL, "
                           "body {1} NOT NULL{3}{4})",
                           name, dialect.text, dialect.integer, more, columns);
    };
    return {table(live, ""), table(tombs, fmt::format(", removed_at {} NOT NULL", dialect.integer)),
            fmt::format("CREATE TABLE {0} (field {1} NOT NULL, value {1} NOT NULL, id {1} NOT NULL, "
                        "PRIMARY KEY (field, value, id)){2}",
                        values, dialect.text, dialect.clustered),
            fmt::format("CREATE INDEX {} ON {} (id)", index_name(values), values),
            fmt::format("CREATE INDEX {} ON {} (removed_at)", index_name(tombs), tombs)};
}

std::string KindTable::add_column(std::string_view table, contract::IndexField const& field,
                                  Dialect const& dialect) const {
    return fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table, column_of(field.field), type_of(field.type, dialect));
}

std::map<std::string, std::string> KindTable::indexes() const {
    std::map<std::string, std::string> made;
    auto add = [&](std::vector<std::string> fields) {
        std::vector<std::string> columns;
        for (auto const& field : fields)
            if (std::ranges::find(columns, column_of(field)) == columns.end()) columns.push_back(column_of(field));
        if (columns.size() == 1) return; // the primary key serves it
        for (auto const& table : {live, tombs}) {
            auto const definition = fmt::format("ON {} ({})", table, fmt::join(columns, ", "));
            auto const name = index_name(definition);
            made.emplace(name, fmt::format("CREATE INDEX {} {}", name, definition));
        }
    };
    for (auto const& list : kind.lists) {
        auto filters = list.filters;
        filters.emplace_back();
        auto sorts = list.sorts;
        if (sorts.empty()) sorts.emplace_back("id");
        for (auto const& filter : filters)
            for (auto const& sort : sorts) {
                std::vector<std::string> fields;
                if (!list.scope.empty()) fields.push_back(list.scope);
                if (!filter.empty()) fields.push_back(filter);
                fields.push_back(sort);
                fields.emplace_back("id");
                add(std::move(fields));
            }
    }
    return made;
}

std::vector<std::string> system_tables(Dialect const& dialect) {
    auto const [text, integer, real, blob, clustered, for_update] = dialect;
    auto const table = [&](std::string_view name, std::string_view columns, std::string_view key) {
        std::string typed;
        for (std::size_t at = 0; at < columns.size();) { // "name t, name i": t text, i integer, r real, b bytes
            auto const end = std::min(columns.find(", ", at), columns.size());
            auto const column = columns.substr(at, end - at - 2);
            auto const letter = columns[end - 1];
            typed += fmt::format("{} {} NOT NULL, ", column,
                                 letter == 't'   ? text
                                 : letter == 'i' ? integer
                                 : letter == 'r' ? real
                                                 : blob);
            at = end + 2;
        }
        return fmt::format("CREATE TABLE IF NOT EXISTS {} ({}PRIMARY KEY ({})){}", name, typed, key, clustered);
    };
    return {
        table("store_head", "one i, revision i, feed_floor i, format i, fence i, program t", "one"),
        table("store_kinds", "name t, declared t", "name"),
        table("store_marks", "revision i, at i", "revision"),
        table("store_feed", "revision i, ordinal i, change i, kind t, id t, fields t, note t", "revision, ordinal"),
        table("store_unique", "space t, value t, kind t, id t", "space, value"),
        "CREATE INDEX IF NOT EXISTS store_unique_holder ON store_unique (kind, id)",
        table("store_refs", "kind t, id t, field t, to_kind t, to_id t, owned i", "kind, id, field, to_kind, to_id"),
        "CREATE INDEX IF NOT EXISTS store_refs_target ON store_refs (to_kind, to_id, owned, kind, id)",
        fmt::format("CREATE TABLE IF NOT EXISTS store_blobs (id {} NOT NULL PRIMARY KEY, stored_at {} NOT NULL, bytes "
                    "{} NOT NULL)",
                    text, integer, blob),
        "CREATE INDEX IF NOT EXISTS store_blobs_age ON store_blobs (stored_at)",
        table("take_values", "pool t, value i, consumer t", "pool, value"),
        "CREATE INDEX IF NOT EXISTS take_values_consumer ON take_values (pool, consumer, value)",
        table("take_spans", "pool t, first i, last i", "pool, first"),
        table("ledger_accounts",
              "account t, resource t, parent t, total i, reserved i, ratio r, min_unit i, max_unit i, step_size i, "
              "quota i, used i, inherited i",
              "account, resource"),
        "CREATE INDEX IF NOT EXISTS ledger_accounts_resource ON ledger_accounts (resource, account)",
        "CREATE INDEX IF NOT EXISTS ledger_accounts_parent ON ledger_accounts (parent, resource)",
        table("ledger_claims", "account t, resource t, consumer t, amount i", "account, resource, consumer"),
        "CREATE INDEX IF NOT EXISTS ledger_claims_consumer ON ledger_claims (consumer, account, resource)",
    };
}

} // namespace volutus::kernel::store

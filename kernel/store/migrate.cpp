#include <kernel/store/applier.hpp>
#include <kernel/store/backup.hpp>
#include <kernel/store/migrate.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::store {

namespace {
constexpr int filled_at_once = 200;

[[noreturn]] void refuse(KindTable const& table, std::string const& why) {
    throw Error(Code::conflict, fmt::format("the kind '{}' cannot be declared so: {}", table.kind.name, why),
                json::print(json::object{{"kind", table.kind.name}}));
}

void check_compatible(KindTable const& before, KindTable const& after) {
    if (after.kind.schema < before.kind.schema)
        refuse(after, fmt::format("its documents have schema {}, the plugin knows {}; use the newer plugin",
                                  before.kind.schema, after.kind.schema));
    for (auto const& field : before.kind.indexes) {
        auto const* now = after.find(field.field);
        if (now && (now->type != field.type || now->several != field.several))
            refuse(after,
                   fmt::format("the index field '{}' changes its type; give the new one another name", field.field));
    }
}

// Adds and drops columns; a dropped one is used by no index any more.
void change_columns(Connection& connection, Dialect const& dialect, KindTable const& before, KindTable const& after) {
    for (auto const& table : {after.live, after.tombs}) {
        for (auto const& field : before.single)
            if (!after.find(field.field))
                connection.execute(fmt::format("ALTER TABLE {} DROP COLUMN {}", table, column_of(field.field)));
        for (auto const& field : after.single) {
            if (before.find(field.field)) continue;
            connection.execute(after.add_column(table, field, dialect));
        }
    }
}

void fill_row(Connection& connection, KindTable const& table, std::string const& of, std::string const& id,
              Derived const& derived) {
    std::string sets;
    std::vector<Bind> binds{id};
    for (std::size_t i = 0; i < table.single.size(); ++i) {
        sets += fmt::format("{}{} = ?{}", i ? ", " : "", column_of(table.single[i].field), i + 2);
        binds.emplace_back(derived.columns[i]);
    }
    if (!sets.empty())
        connection.execute(fmt::format("UPDATE {} SET {} WHERE id = ?1", of, sets), std::span<Bind const>(binds));
    for (auto const& value : derived.values) insert_value(connection, table, id, value);
}

// Calls each(id, derived) for all documents of a table.
template <class Each>
void each_document(Connection& connection, KindTable const& table, std::string const& of, Each each) {
    std::string last;
    while (true) {
        std::vector<Pair> page; // read whole before anything is written
        {
            auto rows = connection.query(
                fmt::format("SELECT id, body FROM {} WHERE id > ?1 ORDER BY id LIMIT {}", of, filled_at_once), last);
            while (rows.next()) page.emplace_back(rows.string(0), rows.string(1));
        }
        if (page.empty()) return;
        for (auto const& [id, body] : page) {
            try {
                each(id, derive(table, id, json::parse_object(body)));
            } catch (EngineError const&) {
                throw;
            } catch (Error const& error) {
                refuse(table, error.what());
            }
        }
        last = page.back().first;
    }
}

// Makes all that is derived from the bodies anew.
void fill(Connection& connection, Schema const& schema, KindTable const& table) {
    connection.execute("DELETE FROM store_unique WHERE kind = ?1", table.kind.name);
    connection.execute("DELETE FROM store_refs WHERE kind = ?1", table.kind.name);
    connection.execute(fmt::format("DELETE FROM {}", table.values));
    each_document(connection, table, table.live, [&](std::string const& id, Derived const& derived) {
        Pair const document{table.kind.name, id};
        fill_row(connection, table, table.live, id, derived);
        for (auto const& key : derived.unique) insert_key(connection, document, key);
        for (auto const& edge : derived.edges) {
            check_target(connection, schema, document, edge);
            insert_edge(connection, document, edge);
        }
    });
    each_document(connection, table, table.tombs, [&](std::string const& id, Derived const& derived) {
        fill_row(connection, table, table.tombs, id, derived);
    });
}

std::string print(contract::Kind const& kind) { return json::print(kind); }
std::string derived_part(contract::Kind kind) {
    kind.lists.clear();
    kind.schema = 1;
    kind.tombstone_seconds = 0;
    kind.transient.clear();
    kind.passing = false;
    kind.worked_on_at.reset();
    return print(kind);
}

void change(Connection& connection, Dialect const& dialect, Schema const& schema, KindTable const& before,
            KindTable const& after) {
    check_compatible(before, after);
    auto const old_indexes = before.indexes(), new_indexes = after.indexes();
    for (auto const& [name, statement] : old_indexes)
        if (!new_indexes.contains(name)) connection.execute("DROP INDEX " + name);
    change_columns(connection, dialect, before, after);
    if (before.kind.tombstone_seconds > 0 && after.kind.tombstone_seconds == 0)
        connection.execute("DELETE FROM " + after.tombs);
    if (derived_part(before.kind) != derived_part(after.kind)) fill(connection, schema, after);
    for (auto const& [name, statement] : new_indexes)
        if (!old_indexes.contains(name)) connection.execute(statement);
}
} // namespace

void migrate(Connection& connection, Dialect const& dialect, Schema& schema, contract::Kind const& declared) {
    auto const table = std::make_shared<KindTable const>(declared);
    auto const before = schema.find(declared.name);
    if (before != schema.end() && print(before->second->kind) == print(declared)) return;
    auto next = schema; // references within the kind see the new declaration
    next[declared.name] = table;
    if (before != schema.end()) {
        change(connection, dialect, next, *before->second, *table);
    } else {
        for (auto const& statement : table->create(dialect)) connection.execute(statement);
        for (auto const& [name, statement] : table->indexes()) connection.execute(statement);
    }
    connection.execute("INSERT INTO store_kinds (name, declared) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET "
                       "declared = excluded.declared",
                       declared.name, print(declared));
    schema = std::move(next);
}

void prepare_system_tables(Connection& connection, Dialect const& dialect, std::string_view program) {
    for (auto const& statement : system_tables(dialect)) connection.execute(statement);
    Label label;
    {
        auto row = connection.query("SELECT format FROM store_head");
        if (row.next()) label.format = static_cast<int>(row.integer(0));
    }
    if (label.format == 0)
        return void(connection.execute("INSERT INTO store_head (one, revision, feed_floor, format, fence, program) "
                                       "VALUES (1, 0, 0, ?1, 0, ?2)",
                                       newest_format, program));
    if (label.format < 2)
        connection.execute(
            fmt::format("ALTER TABLE ledger_accounts ADD COLUMN inherited {} NOT NULL DEFAULT 0", dialect.integer));
    if (label.format < 3)
        connection.execute(
            fmt::format("ALTER TABLE store_head ADD COLUMN program {} NOT NULL DEFAULT ''", dialect.text));
    {
        auto row = connection.query("SELECT program FROM store_head");
        if (row.next()) label.program = row.string(0);
    }
    check_format("the store", label, program);
    if (label.format != newest_format || label.program != program)
        connection.execute("UPDATE store_head SET format = ?1, program = ?2", newest_format, program);
}

Schema load_schema(Connection& connection) {
    Schema schema;
    auto rows = connection.query("SELECT name, declared FROM store_kinds");
    while (rows.next())
        schema[rows.string(0)] =
            std::make_shared<KindTable const>(json::decode<contract::Kind>(json::parse(rows.text(1))));
    return schema;
}

} // namespace volutus::kernel::store

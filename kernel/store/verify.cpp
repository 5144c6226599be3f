#include <kernel/store/tasks.hpp>
#include <kernel/store/verify.hpp>
#include <kernel/store/work.hpp>

#include <fmt/format.h>

namespace volutus::kernel::store {

namespace {
constexpr std::size_t most_told = 1000;

std::string print(Value const& value) {
    return std::visit(
        [](auto const& held) -> std::string {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>)
                return "null";
            else
                return fmt::format("{}", held);
        },
        value);
}

// The documents of one kind against the tables that are derived from them. What a document says must be there; that
// nothing else is there follows from the numbers of rows.
class KindProof {
public:
    KindProof(Connection& connection, Schema const& schema, KindTable const& table, HeadRow head,
              std::vector<Difference>& found)
        : db_(connection), schema_(schema), table_(table), head_(head), found_(found) {}

    void run() {
        documents(table_.live, true);
        documents(table_.tombs, false);
        compare_count("unique keys", "SELECT count(*) FROM store_unique WHERE kind = ?1", keys_);
        compare_count("references", "SELECT count(*) FROM store_refs WHERE kind = ?1", edges_);
        auto both =
            db_.query(fmt::format("SELECT id FROM {} WHERE id IN (SELECT id FROM {})", table_.live, table_.tombs));
        while (both.next()) tell(both.text(0), "tombstone", "none", "one beside the live document");
        auto rows = db_.query(fmt::format("SELECT count(*) FROM {}", table_.values));
        rows.next();
        if (rows.integer(0) != values_)
            tell("", "values", fmt::format("{} rows", values_), fmt::format("{} rows", rows.integer(0)));
    }

private:
    void documents(std::string const& from, bool live) {
        std::string columns;
        for (auto const& field : table_.single) columns += ", " + column_of(field.field);
        auto rows = db_.query(fmt::format("SELECT id, revision, body{} FROM {}", columns, from));
        while (rows.next() && found_.size() < most_told) {
            auto const id = rows.string(0);
            try {
                auto const body = json::parse_object(rows.text(2));
                auto const derived = derive(table_, id, body);
                compare_columns(rows, id, derived);
                compare_values(id, derived);
                if (!live) continue;
                compare_rows(id, derived);
                compare_feed(id, rows.revision(1));
                if (table_.kind.name == task_kind) compare_task(id, body);
                compare_work(id, body);
            } catch (EngineError const&) {
                throw;
            } catch (Error const& error) {
                tell(id, "body", "a body that fits its kind", error.what());
            }
        }
    }
    void compare_columns(Rows const& rows, std::string const& id, Derived const& derived) {
        for (std::size_t i = 0; i < table_.single.size(); ++i) {
            int const column = static_cast<int>(i) + 3;
            auto const type = table_.single[i].type;
            Value stored;
            if (rows.null(column))
                stored = {};
            else if (type == contract::FieldType::string)
                stored = rows.string(column);
            else if (type == contract::FieldType::number)
                stored = rows.number(column);
            else
                stored = rows.integer(column);
            if (stored != derived.columns[i])
                tell(id, "index field " + table_.single[i].field, print(derived.columns[i]), print(stored));
        }
    }
    void compare_values(std::string const& id, Derived const& derived) {
        for (auto const& [field, value] : derived.values) {
            auto row =
                db_.query(fmt::format("SELECT 1 FROM {} WHERE field = ?1 AND value = ?2 AND id = ?3", table_.values),
                          field, value, id);
            if (!row.next()) tell(id, "index field " + field, value, "no such row");
            ++values_;
        }
    }
    void compare_rows(std::string const& id, Derived const& derived) {
        for (auto const& [space, value] : derived.unique) {
            auto row = db_.query("SELECT kind, id FROM store_unique WHERE space = ?1 AND value = ?2", space, value);
            bool const there = row.next();
            if (!there || row.text(0) != table_.kind.name || row.text(1) != id)
                tell(id, "unique key", fmt::format("{} {}", space, value),
                     there ? fmt::format("held by {} {}", row.text(0), row.text(1)) : "nothing");
            ++keys_;
        }
        for (auto const& edge : derived.edges) {
            auto row = db_.query("SELECT owned FROM store_refs WHERE kind = ?1 AND id = ?2 AND field = ?3 AND to_kind "
                                 "= ?4 AND to_id = ?5",
                                 table_.kind.name, id, edge.field, edge.kind, edge.id);
            if (!row.next() || (row.integer(0) != 0) != edge.owned)
                tell(id, "reference " + edge.field, edge.kind + " " + edge.id, "no such row");
            ++edges_;
            try {
                check_target(db_, schema_, {table_.kind.name, id}, edge);
            } catch (EngineError const&) {
                throw;
            } catch (Error const& error) {
                tell(id, "reference " + edge.field, "what it refers to", error.what());
            }
        }
    }
    void compare_feed(std::string const& id, std::uint64_t revision) {
        if (revision > head_.revision)
            return tell(id, "revision", fmt::format("at most {}", head_.revision), std::to_string(revision));
        if (revision <= head_.floor) return;
        auto row = db_.query("SELECT 1 FROM store_feed WHERE revision = ?1 AND kind = ?2 AND id = ?3", revision,
                             table_.kind.name, id);
        if (!row.next()) tell(id, "feed", fmt::format("an entry at revision {}", revision), "nothing");
    }
    void compare_task(std::string const& id, json::object const& body) {
        auto const* live = body.if_contains("live");
        if (!live || live->is_null()) return;
        auto const kind = json::text(body.at("kind")), resource = json::text(body.at("resource"));
        auto const table = schema_.find(kind);
        if (table == schema_.end() || !db_.query(table->second->select, resource).next())
            tell(id, "live task", fmt::format("{} {}", kind, resource), "no such document");
    }
    void compare_work(std::string const& id, json::object const& body) {
        auto const work = work_of(table_.kind, id, body);
        if (work && live_task(db_, work->first, work->second).empty())
            tell(id, "task",
                 fmt::format("one that works on {} {}, because {}", work->first, work->second,
                             work_in_words(table_.kind, body)),
                 "none; delete it, or ask for the same again");
    }
    void compare_count(std::string_view what, std::string_view sql, std::int64_t expected) {
        auto row = db_.query(sql, table_.kind.name);
        row.next();
        if (row.integer(0) != expected)
            tell("", what, fmt::format("{} rows", expected), fmt::format("{} rows", row.integer(0)));
    }
    void tell(std::string_view id, std::string_view what, std::string expected, std::string stored) {
        found_.push_back({fmt::format("{} {}{}{}", table_.kind.name, id, id.empty() ? "" : ", ", what),
                          std::move(expected), std::move(stored)});
    }

    Connection& db_;
    Schema const& schema_;
    KindTable const& table_;
    HeadRow head_;
    std::vector<Difference>& found_;
    std::int64_t keys_ = 0, edges_ = 0, values_ = 0;
};

void verify_feed(Connection& connection, HeadRow const& head, std::vector<Difference>& found) {
    auto row = connection.query("SELECT min(revision), max(revision) FROM store_feed");
    if (!row.next() || row.null(0)) return;
    if (row.revision(1) > head.revision)
        found.push_back({"feed", fmt::format("nothing after {}", head.revision), std::to_string(row.revision(1))});
    if (row.revision(0) <= head.floor)
        found.push_back({"feed", fmt::format("nothing up to {}", head.floor), std::to_string(row.revision(0))});
}
} // namespace

std::vector<Difference> verify(Connection& connection, Schema const& schema) {
    std::vector<Difference> found;
    for (auto const& line : connection.check()) found.push_back({"database", "ok", line});
    auto const head = read_head(connection);
    for (auto const& [name, table] : schema) KindProof(connection, schema, *table, head, found).run();
    verify_feed(connection, head, found);
    verify_takes(connection, found);
    ledger::verify(connection, found);
    if (found.size() > most_told) found.resize(most_told);
    return found;
}

} // namespace volutus::kernel::store

#include <kernel/store/applier.hpp>
#include <kernel/store/fill.hpp>
#include <kernel/store/tasks.hpp>
#include <kernel/store/work.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace volutus::kernel::store {

namespace {
std::string name_document(std::string_view kind, std::string_view id) {
    return json::print(json::object{{"kind", kind}, {"id", id}});
}

json::array changed_fields(json::object const* before, json::object const& after) {
    json::array fields;
    for (auto const& [key, value] : after) {
        auto const* old = before ? before->if_contains(key) : nullptr;
        if (!old || *old != value) fields.emplace_back(key);
    }
    if (before)
        for (auto const& item : *before)
            if (!after.contains(item.key())) fields.emplace_back(item.key());
    return fields;
}

// Whose a document is: by the field that its kind's lists are scoped by.
std::string_view project_of(contract::Kind const& kind, json::object const& body) {
    std::string_view field = "project_id";
    for (auto const& list : kind.lists)
        if (!list.scope.empty()) field = list.scope;
    auto const* project = body.if_contains(field);
    return project && project->is_string() ? json::view(project->get_string()) : std::string_view();
}

template <class List> List missing_from(List const& some, List const& all) {
    List gone;
    std::ranges::set_difference(some, all, std::back_inserter(gone));
    return gone;
}

bool exists(Connection& connection, Schema const& schema, std::string_view kind, std::string_view id) {
    if (kind == blob_kind) return connection.query("SELECT 1 FROM store_blobs WHERE id = ?1", id).next();
    auto const found = schema.find(kind);
    return found != schema.end() && connection.query(found->second->select, id).next();
}
} // namespace

void insert_key(Connection& connection, Pair const& document, Pair const& key) {
    auto const& [kind, id] = document;
    if (connection.execute("INSERT INTO store_unique (space, value, kind, id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
                           "(space, value) DO NOTHING",
                           key.first, key.second, kind, id) == 1)
        return;
    auto holder =
        connection.query("SELECT kind, id FROM store_unique WHERE space = ?1 AND value = ?2", key.first, key.second);
    holder.next();
    throw Error(Code::conflict,
                fmt::format("{} {} cannot have {} {}: {} {} has it", kind, id, key.first, key.second, holder.text(0),
                            holder.text(1)),
                json::print(json::object{{"kind", holder.text(0)}, {"id", holder.text(1)}, {"unique", key.first}}));
}

void check_target(Connection& connection, Schema const& schema, Pair const& document, Edge const& edge) {
    if (exists(connection, schema, edge.kind, edge.id)) return;
    throw Error(
        Code::conflict,
        fmt::format("{} {} refers by '{}' to {} {}, which is not there", document.first, document.second, edge.field,
                    edge.kind, edge.id),
        json::print(json::object{{"kind", edge.kind}, {"id", edge.id}, {"missing", true}, {"field", edge.field}}));
}

void insert_edge(Connection& connection, Pair const& document, Edge const& edge) {
    connection.execute(
        "INSERT INTO store_refs (kind, id, field, to_kind, to_id, owned) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        document.first, document.second, edge.field, edge.kind, edge.id, edge.owned);
}

void insert_value(Connection& connection, KindTable const& table, std::string_view id, Pair const& value) {
    connection.execute(
        fmt::format("INSERT INTO {} (field, value, id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", table.values),
        value.first, value.second, id);
}

Applier::Applier(Connection& connection, Prepared const& prepared, std::uint64_t revision)
    : db_(connection), prepared_(prepared), revision_(revision), feed_(connection, revision), ledger_(connection),
      takes_(connection) {}

contract::Applied Applier::run() {
    auto const& apply = prepared_.apply;
    auto const& kinds = *prepared_.declarations;
    contract::Applied applied;
    applied.revision = revision_;
    for (auto const& wanted : apply.expect) expect(wanted);
    for (auto const& release : apply.release) ledger_.release(release);
    for (auto const& given : apply.give_back) takes_.give_back(given);
    for (auto const& gone : apply.remove) remove(kinds.require(gone.kind), gone.id);
    for (auto const& gone : prepared_.kernel.remove) remove(kinds.require(gone.kind), gone.id);
    for (auto const& account : apply.set) ledger_.set(account);
    for (auto const& claim : apply.claim) ledger_.claim(claim);
    for (auto const& wanted : apply.take) applied.taken.push_back(takes_.take(wanted));
    for (auto const& document : prepared_.puts)
        document.filled_by.empty() ? put(document) : put_filled(document, applied.taken);
    for (auto const& task : apply.tasks) start(task);
    check_outcome();
    for (auto const& note : apply.notes) feed_.note(note.topic, note.body);
    for (auto const& [account, resources] : ledger_.changed()) feed_.account(account, resources);
    if (!feed_.kinds().empty() && !prepared_.kernel.by.empty()) feed_.by(prepared_.kernel.by);
    return applied;
}

std::optional<Applier::Old> Applier::read(KindTable const& table, std::string_view id) {
    auto row = db_.query(table.select, id);
    if (!row.next()) return std::nullopt;
    return Old{row.revision(0), static_cast<std::uint32_t>(row.integer(1)), json::parse_object(row.text(2))};
}

void Applier::expect(contract::Expect const& wanted) {
    auto row = db_.query(prepared_.declarations->require(wanted.kind).select, wanted.id);
    bool const there = row.next();
    if (there ? wanted.revision == row.revision(0) : !wanted.revision) return;
    json::object details{{"kind", wanted.kind}, {"id", wanted.id}};
    if (there) details["revision"] = row.revision(0);
    throw Error(Code::precondition,
                fmt::format("{} {} is {}, not {}; read it again and retry", wanted.kind, wanted.id,
                            there ? fmt::format("at revision {}", row.revision(0)) : "not there",
                            wanted.revision ? fmt::format("at revision {}", *wanted.revision) : "absent"),
                json::print(details));
}

void Applier::put(PreparedPut const& put) {
    auto const& table = *put.table;
    auto const old = read(table, put.id);
    if (old && old->schema > table.kind.schema)
        throw Error(Code::conflict,
                    fmt::format("{} {} was written with schema {}, this plugin knows {}; use the newer plugin",
                                table.kind.name, put.id, old->schema, table.kind.schema));
    write_row(put, !old);
    if (table.derives()) write_derived(table, put.id, old ? derive(table, put.id, old->body) : Derived{}, put.derived);
    if (auto work = work_of(table.kind, put.id, *put.body))
        works_.push_back({{table.kind.name, put.id}, std::move(*work), work_in_words(table.kind, *put.body)});
    feed_.put(table.kind.name, put.id, !old, changed_fields(old ? &old->body : nullptr, *put.body),
              project_of(table.kind, *put.body));
}

void Applier::put_filled(PreparedPut const& prepared, std::vector<std::int64_t> const& taken) {
    json::value body(*prepared.body);
    for (auto const i : prepared.filled_by) fill(body, *prepared_.apply.take[i].into, taken[i]);
    put(prepare_put(*prepared.table, prepared.id, body.as_object()));
}

void Applier::write_row(PreparedPut const& put, bool created) {
    auto const& table = *put.table;
    std::vector<Bind> binds{put.id, revision_, table.kind.schema, put.text};
    binds.insert(binds.end(), put.derived.columns.begin(), put.derived.columns.end());
    db_.execute(created ? table.insert : table.update, std::span<Bind const>(binds));
    if (created && table.kind.tombstone_seconds > 0 && db_.execute(table.untomb, put.id) > 0)
        db_.execute(fmt::format("DELETE FROM {} WHERE id = ?1", table.values), put.id);
}

void Applier::write_derived(KindTable const& table, std::string const& id, Derived const& before,
                            Derived const& after) {
    Pair const document{table.kind.name, id};
    for (auto const& [space, value] : missing_from(before.unique, after.unique))
        db_.execute("DELETE FROM store_unique WHERE space = ?1 AND value = ?2", space, value);
    for (auto& key : missing_from(after.unique, before.unique)) new_keys_.emplace_back(std::move(key), document);
    for (auto const& edge : missing_from(before.edges, after.edges))
        db_.execute("DELETE FROM store_refs WHERE kind = ?1 AND id = ?2 AND field = ?3 AND to_kind = ?4 AND to_id = ?5",
                    document.first, id, edge.field, edge.kind, edge.id);
    for (auto& edge : missing_from(after.edges, before.edges)) {
        insert_edge(db_, document, edge);
        new_edges_.emplace_back(document, std::move(edge));
    }
    for (auto const& [field, value] : missing_from(before.values, after.values))
        db_.execute(fmt::format("DELETE FROM {} WHERE field = ?1 AND value = ?2 AND id = ?3", table.values), field,
                    value, id);
    for (auto const& value : missing_from(after.values, before.values)) insert_value(db_, table, id, value);
}

void Applier::remove(KindTable const& table, std::string const& id) {
    auto const old = read(table, id);
    if (!old) return;
    bool const entombed = table.kind.tombstone_seconds > 0;
    if (entombed) db_.execute(table.entomb, id, revision_, wall_microseconds());
    db_.execute(table.remove, id);
    if (table.derives()) {
        Derived kept;
        auto before = derive(table, id, old->body);
        if (entombed) kept.values = before.values; // a tombstone is still found by them
        write_derived(table, id, before, kept);
    }
    removed_.emplace_back(table.kind.name, id);
    if (table.kind.name == task_kind)
        without_task_.emplace_back(json::text(old->body.at("kind")), json::text(old->body.at("resource")));
    feed_.remove(table.kind.name, id, project_of(table.kind, old->body));
}

void Applier::check_outcome() {
    auto const& schema = prepared_.declarations->schema;
    for (auto const& [key, document] : new_keys_) insert_key(db_, document, key);
    for (auto const& [document, edge] : new_edges_) check_target(db_, schema, document, edge);
    for (auto const& [kind, id] : task_resources_)
        if (!exists(db_, schema, kind, id))
            throw Error(Code::conflict, fmt::format("a task is to work on {} {}, which is not there", kind, id),
                        name_document(kind, id));
    for (auto const& [kind, id] : removed_) check_removed(kind, id);
    check_work();
}

// What a task that ends leaves behind rests, or another task takes it over.
void Applier::check_work() {
    auto const& schema = prepared_.declarations->schema;
    for (auto const& [kind, id] : without_task_) {
        auto const table = schema.find(kind);
        auto const left = table == schema.end() ? std::nullopt : read(*table->second, id);
        if (!left) continue;
        if (auto work = work_of(table->second->kind, id, left->body); work && *work == Pair{kind, id})
            works_.push_back({{kind, id}, std::move(*work), work_in_words(table->second->kind, left->body)});
    }
    for (auto const& work : works_)
        if (live_task(db_, work.at.first, work.at.second).empty())
            throw Error(Code::invalid,
                        fmt::format("{} {} would be left without a task, and {}", work.document.first,
                                    work.document.second, work.words),
                        name_document(work.document.first, work.document.second));
}

void Applier::check_removed(std::string const& kind, std::string const& id) {
    auto referrer =
        db_.query("SELECT kind, id, field FROM store_refs WHERE to_kind = ?1 AND to_id = ?2 LIMIT 1", kind, id);
    if (referrer.next())
        throw Error(Code::conflict,
                    fmt::format("{} {} cannot go: {} {} refers to it by '{}'", kind, id, referrer.text(0),
                                referrer.text(1), referrer.text(2)),
                    name_document(referrer.text(0), referrer.text(1)));
    if (auto const task = live_task(db_, kind, id); !task.empty())
        throw Error(Code::conflict, fmt::format("{} {} cannot go: the task {} works on it", kind, id, task),
                    name_document(task_kind, task));
}

} // namespace volutus::kernel::store

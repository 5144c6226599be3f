#include <kernel/store/feed.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::store {

namespace contract = volutus::store;

namespace {
constexpr std::int64_t before_all = -1;         // the place of who made an apply: a reader meets that first
constexpr int created_put = 10;                 // in the column `change`, beside the numbers of contract::Change
constexpr std::uint64_t trimmed_at_once = 64;   // revisions a batch
constexpr std::uint64_t looked_at_once = 20000; // entries; a reader of a rare kind goes on from there
constexpr std::size_t reply_bytes = contract::body_max;

contract::FeedEntry read_entry(Rows const& row) {
    contract::FeedEntry entry;
    entry.revision = row.revision(0);
    auto const change = static_cast<int>(row.integer(2));
    entry.created = change == created_put;
    entry.change = entry.created ? contract::Change::put : static_cast<contract::Change>(change);
    entry.kind = row.string(3);
    entry.id = row.string(4);
    if (auto const fields = row.text(5); !fields.empty())
        entry.fields = json::decode<std::vector<std::string>>(json::parse(fields));
    if (change == int(contract::Change::note) || change == int(contract::Change::account))
        entry.note = json::parse_object(row.text(6));
    else
        entry.project_id = row.string(6);
    return entry;
}

[[noreturn]] void refuse_compacted(contract::Changes const& wanted, HeadRow const& head) {
    throw Error(Code::conflict,
                fmt::format("the changes after revision {} are no longer kept; list again and go on from {}",
                            wanted.since, head.revision),
                json::print(json::object{{"compacted", true}, {"revision", head.revision}}));
}
} // namespace

std::int64_t wall_microseconds() { return world::wall_now().time_since_epoch().count(); }

void FeedWriter::insert(std::int64_t ordinal, int change, std::string_view kind, std::string_view id,
                        std::string_view fields, std::string_view note) {
    db_.execute("INSERT INTO store_feed (revision, ordinal, change, kind, id, fields, note) VALUES (?1, ?2, ?3, ?4, "
                "?5, ?6, ?7)",
                revision_, ordinal, change, kind, id, fields, note);
}

void FeedWriter::write(int change, std::string_view kind, std::string_view id, std::string_view fields,
                       std::string_view note) {
    insert(ordinal_++, change, kind, id, fields, note);
    kinds_.emplace(kind);
}

void FeedWriter::by(json::object const& who) {
    insert(before_all, int(contract::Change::note), audit_topic, "", "", json::print(who));
}

void FeedWriter::put(std::string_view kind, std::string_view id, bool created, json::array const& fields,
                     std::string_view project) {
    write(created ? created_put : int(contract::Change::put), kind, id, fields.empty() ? "" : json::print(fields),
          project);
}

void FeedWriter::remove(std::string_view kind, std::string_view id, std::string_view project) {
    write(int(contract::Change::remove), kind, id, "", project);
}

void FeedWriter::note(std::string_view topic, json::object const& body) {
    write(int(contract::Change::note), topic, "", "", json::print(body));
}

void FeedWriter::account(std::string_view name, json::object const& resources) {
    json::array fields;
    for (auto const& resource : resources) fields.emplace_back(resource.key());
    write(int(contract::Change::account), "kernel.account", name, json::print(fields), json::print(resources));
}

HeadRow read_head(Connection& connection, std::string_view for_update) {
    auto row = connection.query(fmt::format("SELECT revision, feed_floor FROM store_head{}", for_update));
    if (!row.next())
        throw Error(Code::internal, "the store has no head; its file is not a store of Volutus or is damaged");
    return {row.revision(0), row.revision(1)};
}

void write_head(Connection& connection, std::uint64_t revision) {
    connection.execute("UPDATE store_head SET revision = ?1", revision);
}

contract::Feed read_feed(Connection& connection, contract::Changes const& wanted) {
    if (wanted.limit < 1 || wanted.limit > 1000) throw Error(Code::invalid, "the limit of changes is 1 to 1000");
    auto const head = read_head(connection);
    if (wanted.since < head.floor) refuse_compacted(wanted, head);
    contract::Feed feed;
    feed.revision = wanted.since;
    feed.skip = wanted.skip;

    auto rows = connection.query("SELECT revision, ordinal, change, kind, id, fields, note FROM store_feed "
                                 "WHERE revision > ?1 ORDER BY revision, ordinal LIMIT ?2",
                                 wanted.since, looked_at_once);
    std::uint64_t looked = 0;
    std::size_t bytes = 0, whole = 0; // whole: entries of the applies that were told to their end
    std::uint64_t current = 0;
    std::string by; // of the current apply
    while (rows.next()) {
        ++looked;
        if (rows.revision(0) != current) { // the apply before is told
            if (current) {
                feed.revision = current;
                feed.skip = 0;
                whole = feed.entries.size();
                if (whole >= wanted.limit) return feed;
            }
            current = rows.revision(0);
            by.clear();
        }
        if (rows.text(3) == audit_topic) {
            by = rows.string(6);
            continue;
        }
        if (current == wanted.since + 1 && rows.integer(1) < wanted.skip) continue;
        if (!wanted.kinds.empty() && std::ranges::find(wanted.kinds, rows.text(3)) == wanted.kinds.end()) continue;
        bytes += 200 + by.size() + rows.text(4).size() + rows.text(5).size() + rows.text(6).size();
        if (feed.entries.size() >= wanted.limit || bytes > reply_bytes) {
            if (whole > 0) { // this apply goes into the next reply, whole
                feed.entries.resize(whole);
                return feed;
            }
            if (!feed.entries.empty()) { // an apply larger than a reply: told in parts
                feed.revision = current - 1;
                feed.skip = static_cast<std::uint32_t>(rows.integer(1));
                return feed;
            }
        }
        feed.entries.push_back(read_entry(rows));
        if (!by.empty()) feed.entries.back().by = json::parse_object(by);
    }
    if (looked == looked_at_once) { // the last apply may go on beyond what was looked at
        feed.entries.resize(whole);
        return feed;
    }
    feed.revision = std::max(head.revision, wanted.since);
    feed.skip = 0;
    return feed;
}

bool FeedTrimmer::work(Connection& connection, std::uint64_t revision) {
    auto const now = wall_microseconds();
    auto const retention = std::chrono::duration_cast<std::chrono::microseconds>(retention_).count();
    bool const marked = now >= next_mark_;
    if (marked) {
        next_mark_ = now + std::min<std::int64_t>(retention / 64, 60'000'000);
        connection.execute("INSERT INTO store_marks (revision, at) VALUES (?1, ?2) ON CONFLICT (revision) DO NOTHING",
                           revision, now);
        auto old = connection.query("SELECT max(revision) FROM store_marks WHERE at < ?1", now - retention);
        if (old.next() && !old.null(0)) trim_to_ = old.revision(0);
    }
    if (trim_to_ == 0) return marked;
    auto const floor = read_head(connection).floor;
    if (floor < trim_to_) {
        auto const next = std::min(trim_to_, floor + trimmed_at_once);
        connection.execute("DELETE FROM store_feed WHERE revision <= ?1", next);
        connection.execute("DELETE FROM store_marks WHERE revision < ?1", next);
        connection.execute("UPDATE store_head SET feed_floor = ?1", next);
    }
    if (floor + trimmed_at_once >= trim_to_) trim_to_ = 0;
    return marked;
}

} // namespace volutus::kernel::store

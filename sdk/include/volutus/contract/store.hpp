// volutus.store/1: the one way to read and to write what lasts. Provided by the kernel.
//
// All change is an apply: one atomic, durable batch. It answers with a revision after the disk has it. A plugin writes
// only the kinds that its manifest owns. Errors: precondition (an expectation was not met: details {kind,id,revision}),
// conflict (a unique key is taken, or a reference would break: details name the other document), over_quota and
// exhausted (details name the account or pool that is short), invalid, forbidden (a kind of another plugin).
#pragma once

#include <volutus/contract.hpp>
#include <volutus/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::store {

// ---- kinds, as a manifest declares them ----

enum class FieldType { string, integer, number, boolean };
BOOST_DESCRIBE_ENUM(FieldType, string, integer, number, boolean)

struct IndexField {
    std::string field;      // a key of the body; dots go deeper
    FieldType type = FieldType::string;
    bool several = false;   // the body holds an array; any of its values matches
};
BOOST_DESCRIBE_STRUCT(IndexField, (), (field, type, several))

struct UniqueKey {
    std::string space;               // kinds may share a space
    std::vector<std::string> fields; // a document with a null or absent field has no key here
    bool several = false;            // fields.front() is an array: a key for each of its values
};
BOOST_DESCRIBE_STRUCT(UniqueKey, (), (space, fields, several))

struct Reference {
    std::string field;   // holds an id, or an array of ids; null and absent refer to nothing
    std::string kind;    // what it refers to; must exist when written, and cannot be removed while referred to
    bool owned = false;  // an ownership edge: this document belongs to the one referred to
};
BOOST_DESCRIBE_STRUCT(Reference, (), (field, kind, owned))

// Lists that the store serves from an index: for each filter (and without one) each sort, within the scope.
struct ListIndex {
    std::string scope;                // a field, such as project_id; empty = the whole kind
    std::vector<std::string> filters; // fields compared with ==
    std::vector<std::string> sorts;   // fields; the id breaks ties
};
BOOST_DESCRIBE_STRUCT(ListIndex, (), (scope, filters, sorts))

struct Kind {
    std::string name;                 // "<service>.<noun>": [a-z0-9_.], at most 60
    std::uint32_t schema = 1;         // raised when stored bodies change their meaning
    std::vector<IndexField> indexes;
    std::vector<UniqueKey> unique;
    std::vector<Reference> references;
    std::vector<ListIndex> lists;
    std::uint64_t tombstone_seconds = 0; // how long removed documents stay readable by Query::removed
};
BOOST_DESCRIBE_STRUCT(Kind, (), (name, schema, indexes, unique, references, lists, tombstone_seconds))

// ---- writing ----

struct Expect {
    std::string kind, id;
    std::optional<std::uint64_t> revision; // none: the document must be absent
};
BOOST_DESCRIBE_STRUCT(Expect, (), (kind, id, revision))

struct Put {
    std::string kind, id; // id: 1 to 255 bytes
    json::object body;
};
BOOST_DESCRIBE_STRUCT(Put, (), (kind, id, body))

struct Remove {
    std::string kind, id; // removing what is gone succeeds
};
BOOST_DESCRIBE_STRUCT(Remove, (), (kind, id))

// Makes or changes an account. Lowering below use is allowed; only new claims are refused then. Fields that are
// absent keep their value; a new account needs total. drop removes it, refused while it has claims.
struct SetAccount {
    std::string account, resource;           // (provider, resource class) or (project, resource)
    std::optional<std::int64_t> total;       // capacity or limit; -1 = unlimited
    std::optional<std::int64_t> reserved;
    std::optional<double> ratio;             // capacity = (total - reserved) * ratio, rounded down
    std::optional<std::int64_t> min_unit, max_unit, step_size; // bounds of one claim
    std::optional<std::string> parent;       // account whose capacity a claim must fit too; "" = none
    bool drop = false;
};
BOOST_DESCRIBE_STRUCT(SetAccount, (), (account, resource, total, reserved, ratio, min_unit, max_unit, step_size, parent, drop))

struct Claim {
    std::string account, resource, consumer; // one claim a (account, resource, consumer); again adds to it
    std::int64_t amount = 0;                 // at least 1
};
BOOST_DESCRIBE_STRUCT(Claim, (), (account, resource, consumer, amount))

// Gives claims back; what is gone already is no error. Empty account or resource: all that the consumer has there.
struct Release {
    std::string account, resource, consumer;
};
BOOST_DESCRIBE_STRUCT(Release, (), (account, resource, consumer))

// Takes a free value of first..last for the consumer: the one wanted, else the lowest free. The reply names it. A
// consumer that already holds a value of this pool within the range gets that one again. give_back with a consumer
// frees all its values of the pool.
struct Take {
    std::string pool, consumer;
    std::int64_t first = 0, last = 0;
    std::optional<std::int64_t> wanted;
};
BOOST_DESCRIBE_STRUCT(Take, (), (pool, consumer, first, last, wanted))

struct GiveBack {
    std::string pool, consumer;
};
BOOST_DESCRIBE_STRUCT(GiveBack, (), (pool, consumer))

// Starts a task of the plugin that applies; see contract/task.hpp.
struct StartTask {
    std::string id;                       // UUID, chosen by the caller
    std::string name;                     // "server.create"
    std::uint32_t version = 1;
    std::string kind, resource;           // the document it works on
    json::object input;
    std::optional<std::int64_t> deadline; // microseconds since 1970, UTC; then it is undone
    bool replaces = false;                // a live task of the same resource is cancelled and undone first
};
BOOST_DESCRIBE_STRUCT(StartTask, (), (id, name, version, kind, resource, input, deadline, replaces))

// A payload for the feed beyond the documents themselves.
struct Note {
    std::string topic;
    json::object body;
};
BOOST_DESCRIBE_STRUCT(Note, (), (topic, body))

// At most 1,000 items in all. Order of evaluation: expect, release and give_back, remove, put, set, claim, take, then
// references and unique keys over the outcome; all or nothing.
struct Apply {
    std::vector<Expect> expect;
    std::vector<Put> put;
    std::vector<Remove> remove;
    std::vector<SetAccount> set;
    std::vector<Claim> claim;
    std::vector<Release> release;
    std::vector<Take> take;
    std::vector<GiveBack> give_back;
    std::vector<StartTask> tasks;
    std::vector<Note> notes;
};
BOOST_DESCRIBE_STRUCT(Apply, (), (expect, put, remove, set, claim, release, take, give_back, tasks, notes))

struct Applied {
    std::uint64_t revision = 0;
    std::vector<std::int64_t> taken; // a value for each take, in order
};
BOOST_DESCRIBE_STRUCT(Applied, (), (revision, taken))

// ---- reading ----

struct Document {
    std::string kind, id;
    std::uint64_t revision = 0;
    std::uint32_t schema = 1;
    json::object body;
    bool removed = false; // a tombstone
};
BOOST_DESCRIBE_STRUCT(Document, (), (kind, id, revision, schema, body, removed))

struct Get {
    std::string kind, id;
    std::uint64_t at_least = 0; // waits until this revision is visible
};
BOOST_DESCRIBE_STRUCT(Get, (), (kind, id, at_least))

enum class Operator { eq, ne, lt, le, gt, ge, in, prefix };
BOOST_DESCRIBE_ENUM(Operator, eq, ne, lt, le, gt, ge, in, prefix)

struct Where {
    std::string field;              // an indexed field, or "id"
    Operator op = Operator::eq;
    json::value value;              // an array for in
};
BOOST_DESCRIBE_STRUCT(Where, (), (field, op, value))

struct Sort {
    std::string field;              // an indexed field, or "id"
    bool descending = false;
};
BOOST_DESCRIBE_STRUCT(Sort, (), (field, descending))

// Keyset pages: the order is the sort's keys bytewise with nulls first, then the id. Several where are and-ed.
struct Query {
    std::string kind;
    std::vector<Where> where;
    std::vector<Sort> sort;
    std::optional<std::string> marker; // id of the last row of the page before; not_found when no such row is visible
    std::uint32_t limit = 1000;        // 1 to 1,000
    std::uint64_t at_least = 0;
    bool removed = false;              // tombstones too
};
BOOST_DESCRIBE_STRUCT(Query, (), (kind, where, sort, marker, limit, at_least, removed))

struct Page {
    std::vector<Document> documents;
    bool more = false;
    std::uint64_t revision = 0; // the state that the page shows
};
BOOST_DESCRIBE_STRUCT(Page, (), (documents, more, revision))

struct Count {
    std::string kind;
    std::vector<Where> where;
    std::uint32_t at_most = 10000; // counting stops there
};
BOOST_DESCRIBE_STRUCT(Count, (), (kind, where, at_most))

struct Counted {
    std::uint64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Counted, (), (count))

struct AccountQuery {
    std::optional<std::string> account, resource, consumer; // at least one; consumer: accounts where it has claims
    std::optional<std::string> after;                       // next_after of the page before
    std::uint32_t limit = 1000;
};
BOOST_DESCRIBE_STRUCT(AccountQuery, (), (account, resource, consumer, after, limit))

struct Account {
    std::string account, resource, parent;
    std::int64_t total = 0, reserved = 0, min_unit = 1, max_unit = 0, step_size = 1, used = 0; // max_unit 0 = no bound
    double ratio = 1.0;
};
BOOST_DESCRIBE_STRUCT(Account, (), (account, resource, parent, total, reserved, min_unit, max_unit, step_size, used, ratio))

struct Accounts {
    std::vector<Account> accounts;
    std::vector<Claim> claims; // those of the consumer or of the account that was asked for
    std::optional<std::string> next_after;
};
BOOST_DESCRIBE_STRUCT(Accounts, (), (accounts, claims, next_after))

// Changes after a revision, in commit order. Blocks until there is one or the call's deadline. `compacted` in the
// details of a conflict tells a reader whose cursor is older than what is kept: list again.
struct Changes {
    std::uint64_t since = 0;
    std::vector<std::string> kinds; // empty = all; notes come under their topic
    std::uint32_t limit = 1000;
    bool wait = true;
};
BOOST_DESCRIBE_STRUCT(Changes, (), (since, kinds, limit, wait))

enum class Change { put, remove, note };
BOOST_DESCRIBE_ENUM(Change, put, remove, note)

struct FeedEntry {
    std::uint64_t revision = 0;
    Change change = Change::put;
    std::string kind, id;              // of a note: its topic and ""
    std::vector<std::string> fields;   // top-level keys that changed
    json::object note;
};
BOOST_DESCRIBE_STRUCT(FeedEntry, (), (revision, change, kind, id, fields, note))

struct Feed {
    std::vector<FeedEntry> entries;
    std::uint64_t revision = 0; // everything up to here has been told; the next `since`
};
BOOST_DESCRIBE_STRUCT(Feed, (), (entries, revision))

struct Store {
    virtual ~Store() = default;
    virtual Applied apply(Call&, Apply const&) = 0;
    virtual std::optional<Document> get(Call&, Get const&) = 0; // nothing there: no value
    virtual Page query(Call&, Query const&) = 0;
    virtual Counted count(Call&, Count const&) = 0;
    virtual Accounts accounts(Call&, AccountQuery const&) = 0;
    virtual Feed changes(Call&, Changes const&) = 0;
};
inline constexpr auto contract = volutus::contract<Store>("volutus.store/1", required<&Store::apply>("apply"),
    required<&Store::get>("get"), required<&Store::query>("query"), required<&Store::count>("count"),
    required<&Store::accounts>("accounts"), required<&Store::changes>("changes"));

} // namespace volutus::store

// volutus.store/1: the one way to read and to write what lasts. Provided by the kernel.
//
// All change is an apply: one atomic, durable batch. It answers with a revision after the disk has it. A plugin writes
// only the kinds that its manifest owns. Errors: precondition (an expectation was not met: details {kind,id,revision}),
// conflict (a unique key is taken, or a reference would break: details {kind,id} name the other document), over_quota
// and exhausted (details {account,resource,total,used,asked} or {pool,first,last}), too_large, invalid, forbidden (a
// kind of another plugin), unavailable (nothing was done), unknown_outcome (the disk failed in the middle of a commit).
//
// Bounds: a body, a note or a task's input is at most body_max bytes of JSON, an id, an account, a resource, a consumer
// or a pool at most 255 bytes without NUL, an indexed or unique value at most 2,000 bytes.
#pragma once

#include <volutus/contract.hpp>
#include <volutus/contract/kind.hpp>
#include <volutus/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::store {

inline constexpr std::size_t body_max = VLT_DOCUMENT_MAX - 4096; // leaves room for the reply around it

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
// absent keep their value; a new account needs total. drop removes it, refused while it has claims or children.
// What is not there cannot be dropped, nor go back to a default: neither is an error.
struct SetAccount {
    std::string account, resource;     // (provider, resource class) or (project, resource)
    std::optional<std::int64_t> total; // capacity or limit; -1 = unlimited
    std::optional<std::int64_t> reserved;
    std::optional<double> ratio;                               // capacity = (total - reserved) * ratio, rounded down
    std::optional<std::int64_t> min_unit, max_unit, step_size; // bounds of one claim
    std::optional<std::string> parent;                         // account whose capacity a claim must fit too; "" = none
    std::optional<bool> quota;     // a tenant's limit: short is over_quota; else it is exhausted
    std::optional<bool> inherited; // true: back to what claims bring as their limit; total ends that
    bool drop = false;
};
BOOST_DESCRIBE_STRUCT(SetAccount, (),
                      (account, resource, total, reserved, ratio, min_unit, max_unit, step_size, parent, quota,
                       inherited, drop))

// With a limit, an account that is not there is made as a quota with that total, and is `inherited`: its total follows
// the limit of each later claim, before that is judged, until SetAccount gives it a total of its own.
struct Claim {
    std::string account, resource, consumer; // one claim a (account, resource, consumer); again adds to it
    std::int64_t amount = 0;                 // at least 1; the account's units and step bound the claim as it becomes
    std::optional<std::int64_t> limit;       // what holds where nobody has set a total; -1 = unlimited
};
BOOST_DESCRIBE_STRUCT(Claim, (), (account, resource, consumer, amount, limit))

// Gives claims back; what is gone already is no error. Empty account or resource: all that the consumer has there.
struct Release {
    std::string account, resource, consumer;
};
BOOST_DESCRIBE_STRUCT(Release, (), (account, resource, consumer))

// Where a taken value is written before the document is. What the document says in indexes, unique keys and references
// is derived from it as it becomes.
struct Into {
    std::string kind, id; // of a document that is put in the same apply
    std::string pointer;  // JSON pointer of a plain member that is there: "/fixed_ips/0/ip_address"
    std::string base;     // an IPv4 or IPv6 address: base + value is written, as text; "" = the value, as a number
};
BOOST_DESCRIBE_STRUCT(Into, (), (kind, id, pointer, base))

// Takes a free value of first..last for the consumer: the one wanted, else the lowest free. The reply names it. A
// consumer that already holds a value of this pool within the range, or the one wanted, gets that one again. A wanted
// value that another holds is a conflict with details {pool,value,consumer}.
struct Take {
    std::string pool, consumer;
    std::int64_t first = 0, last = 0;
    std::optional<std::int64_t> wanted;
    std::optional<Into> into;
};
BOOST_DESCRIBE_STRUCT(Take, (), (pool, consumer, first, last, wanted, into))

// Frees all values of the pool that the consumer holds, or the one named. What is free already is no error.
struct GiveBack {
    std::string pool, consumer;
    std::optional<std::int64_t> value;
};
BOOST_DESCRIBE_STRUCT(GiveBack, (), (pool, consumer, value))

// Starts a task of the plugin that applies; see contract/task.hpp. A resource has at most one live task: a second one
// is a conflict that names it, or, with `replaces`, waits until the live one, cancelled by this, has ended.
struct StartTask {
    std::string id;   // UUID, chosen by the caller; the very same task again changes nothing
    std::string name; // "server.create"
    std::uint32_t version = 1;
    std::string kind, resource; // the document it works on
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

// At most 1,000 items in all. Order of evaluation: expect, release and give_back, remove, set, claim, take, put, tasks,
// then references and unique keys over the outcome; all or nothing.
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

// The kernel answers with bodies as they are stored, json::Printed; who looks inside reads them as json::object.
template <class Body> struct BasicDocument {
    std::string kind, id;
    std::uint64_t revision = 0;
    std::uint32_t schema = 1;
    Body body;
    bool removed = false; // a tombstone
    BOOST_DESCRIBE_CLASS(BasicDocument, (), (kind, id, revision, schema, body, removed), (), ())
};
using Document = BasicDocument<json::object>;

struct Get {
    std::string kind, id;
    std::uint64_t at_least = 0; // waits until this revision is visible
};
BOOST_DESCRIBE_STRUCT(Get, (), (kind, id, at_least))

enum class Operator { eq, ne, lt, le, gt, ge, in, prefix };
BOOST_DESCRIBE_ENUM(Operator, eq, ne, lt, le, gt, ge, in, prefix)

struct Where {
    std::string field; // an indexed field, or "id"
    Operator op = Operator::eq;
    json::value value; // an array for in
};
BOOST_DESCRIBE_STRUCT(Where, (), (field, op, value))

struct Sort {
    std::string field; // an indexed field, or "id"
    bool descending = false;
};
BOOST_DESCRIBE_STRUCT(Sort, (), (field, descending))

// Keyset pages: the order is the sort's keys, bytewise with null as the smallest, then the id in the direction of the
// last key. Several where are and-ed. A marker must be visible: its row exists, and matches those where that compare a
// field that some list of the kind declares as its scope. ne matches null too. A page also ends, with more, before its
// documents grow beyond a reply's size. A combination that no list declares looks at every row that the best index
// leaves, at most 200,000; beyond that it is too_large.
struct Query {
    std::string kind;
    std::vector<Where> where;
    std::vector<Sort> sort;
    std::optional<std::string> marker; // id of the last row of the page before; not_found when no such row is visible
    std::uint32_t limit = 1000;        // 1 to 1,000
    std::uint64_t at_least = 0;
    bool removed = false; // tombstones too
};
BOOST_DESCRIBE_STRUCT(Query, (), (kind, where, sort, marker, limit, at_least, removed))

template <class Body> struct BasicPage {
    std::vector<BasicDocument<Body>> documents;
    bool more = false;
    std::uint64_t revision = 0; // the state that the page shows
    BOOST_DESCRIBE_CLASS(BasicPage, (), (documents, more, revision), (), ())
};
using Page = BasicPage<json::object>;

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

// The documents that refer to one; with `owned` only those that belong to it. Of all kinds, by kind, id and field.
struct Referrers {
    std::string kind, id;
    bool owned = false;
    std::optional<std::string> after; // next_after of the page before
    std::uint32_t limit = 1000;
};
BOOST_DESCRIBE_STRUCT(Referrers, (), (kind, id, owned, after, limit))

struct Referrer {
    std::string kind, id, field;
    bool owned = false;
};
BOOST_DESCRIBE_STRUCT(Referrer, (), (kind, id, field, owned))

struct ReferrerPage {
    std::vector<Referrer> referrers;
    std::optional<std::string> next_after;
};
BOOST_DESCRIBE_STRUCT(ReferrerPage, (), (referrers, next_after))

// Pages by account and resource. Claims come too when an account (all of its claims) or a consumer (its own) is named;
// an account whose claims go on over several pages is told again on each.
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
    bool quota = false;
    bool inherited = false; // total is the limit of the last claim, and nobody's decision
};
BOOST_DESCRIBE_STRUCT(Account, (),
                      (account, resource, parent, total, reserved, min_unit, max_unit, step_size, used, ratio, quota,
                       inherited))

struct Accounts {
    std::vector<Account> accounts;
    std::vector<Claim> claims; // those of the consumer or of the account that was asked for
    std::optional<std::string> next_after;
};
BOOST_DESCRIBE_STRUCT(Accounts, (), (accounts, claims, next_after))

// Changes after a revision, in commit order. Blocks until there is one; at the call's deadline the reply has no entries.
// The entries of one apply come in one reply, if they fit in one at all. {"compacted": true} in the details of a conflict
// tells a reader whose cursor is older than what is kept: list again, then go on from details.revision. A change of an
// account comes as kind "kernel.account".
struct Changes {
    std::uint64_t since = 0;
    std::uint32_t skip = 0;         // the skip of the reply before
    std::vector<std::string> kinds; // empty = all; notes come under their topic
    std::uint32_t limit = 1000;
    std::optional<bool> wait; // absent = true
};
BOOST_DESCRIBE_STRUCT(Changes, (), (since, skip, kinds, limit, wait))

enum class Change { put, remove, note, account };
BOOST_DESCRIBE_ENUM(Change, put, remove, note, account)

struct FeedEntry {
    std::uint64_t revision = 0;
    Change change = Change::put;
    std::string kind, id;            // of a note: its topic and ""; of an account: "kernel.account" and its name
    bool created = false;            // a put of what was not there
    std::vector<std::string> fields; // top-level keys that changed; of an account: its resources that changed
    std::string project_id;          // whose the document is, or was; "" = nobody's
    json::object by;                 // who made the apply; empty = the cloud itself, at its start or its upkeep:
                                     // {"plugin", "user_id", "project_id" | "domain_id" | "system", "client_address",
    // "request_id", "trace_id"}; and "task_id" and "task", its name, where a task of that request
    // did it later. A plugin that acts by itself is alone in it
    json::object note; // of an account: {resource: {"total", "capacity", "used"}} after the apply, with
                       // "min_unit", "max_unit" and "step_size" where they are set; null: it is gone
};
BOOST_DESCRIBE_STRUCT(FeedEntry, (), (revision, change, kind, id, created, fields, project_id, by, note))

struct Feed {
    std::vector<FeedEntry> entries;
    std::uint64_t revision = 0; // everything up to here has been told; the next `since`
    std::uint32_t skip = 0;     // and so many entries of the apply after it; the next `skip`
};
BOOST_DESCRIBE_STRUCT(Feed, (), (entries, revision, skip))

// Bytes too large for a document, named by their content. One that no document refers to goes after an hour.
struct BlobId {
    std::string id; // SHA-256 as 64 hex digits
};
BOOST_DESCRIBE_STRUCT(BlobId, (), (id))
inline constexpr std::size_t blob_max = 16u << 20;

template <class Body> struct BasicStore {
    virtual ~BasicStore() = default;
    virtual Applied apply(Call&, Apply const&) = 0;
    virtual std::optional<BasicDocument<Body>> get(Call&, Get const&) = 0; // nothing there: no value
    virtual BasicPage<Body> query(Call&, Query const&) = 0;
    virtual Counted count(Call&, Count const&) = 0;
    virtual ReferrerPage referrers(Call&, Referrers const&) = 0;
    virtual Accounts accounts(Call&, AccountQuery const&) = 0;
    virtual Feed changes(Call&, Changes const&) = 0;
    virtual BlobId put_blob(Call&) = 0;              // the call's input stream
    virtual void get_blob(Call&, BlobId const&) = 0; // into the call's output stream; not_found
};
using Store = BasicStore<json::object>;

template <class Body>
inline constexpr auto contract_with = volutus::contract<BasicStore<Body>>(
    "volutus.store/1", required<&BasicStore<Body>::apply>("apply"), required<&BasicStore<Body>::get>("get"),
    required<&BasicStore<Body>::query>("query"), required<&BasicStore<Body>::count>("count"),
    required<&BasicStore<Body>::referrers>("referrers"), required<&BasicStore<Body>::accounts>("accounts"),
    required<&BasicStore<Body>::changes>("changes"), required<&BasicStore<Body>::put_blob>("put_blob"),
    required<&BasicStore<Body>::get_blob>("get_blob"));
inline constexpr auto contract = contract_with<json::object>;

} // namespace volutus::store

// What an apply does, once for all engines.
#pragma once

#include <kernel/ledger/ledger.hpp>
#include <kernel/store/feed.hpp>
#include <kernel/store/schema.hpp>
#include <kernel/store/takes.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace volutus::kernel::store {

// The schema, and which plugin owns which kind. "" is the kernel itself.
struct Declarations {
    Schema schema;
    std::map<std::string, std::string, std::less<>> owners;
    KindTable const& require(std::string_view kind) const;                         // not_found
    KindTable const& require(std::string_view kind, std::string_view owner) const; // also forbidden
};

// A document on its way into its table.
struct PreparedPut {
    KindTable const* table;
    std::string id, text;
    json::object const* body;
    Derived derived;
    std::vector<std::size_t> filled_by; // takes of the apply that write into it; what is derived is then preliminary
};
PreparedPut prepare_put(KindTable const& table, std::string const& id, json::object const& body);

// What of an apply is the kernel's own and not of the plugin that the rest belongs to.
struct KernelPart {
    std::vector<contract::Put> put;
    std::vector<contract::Remove> remove;
    json::object by;         // who makes the change, as FeedEntry::by tells it; tasks that it starts remember that
    std::string traceparent; // of what makes it; tasks that it starts go on within that
};

// An apply that is valid in itself: bounds, ownership and shapes are checked and texts are printed, all on the caller's
// thread. Borrows the apply and the kernel's part of it.
struct Prepared {
    Prepared(std::shared_ptr<Declarations const> declarations, std::string_view owner, contract::Apply const& apply,
             KernelPart const& kernel);
    std::shared_ptr<Declarations const> declarations;
    std::string_view owner;
    contract::Apply const& apply;
    KernelPart const& kernel;
    std::vector<PreparedPut> puts;
};

// One apply within the writer's transaction. Throws what the contract names; the caller then rolls it back.
class Applier {
public:
    Applier(Connection& connection, Prepared const& prepared, std::uint64_t revision);
    contract::Applied run();
    std::set<std::string, std::less<>> const& kinds() const { return feed_.kinds(); } // those that changed

private:
    struct Old {
        std::uint64_t revision;
        std::uint32_t schema;
        json::object body;
    };
    struct Work {
        Pair document, at; // what the task works on
        std::string words;
    };
    std::optional<Old> read(KindTable const& table, std::string_view id);
    void expect(contract::Expect const& wanted);
    void put(PreparedPut const& put);
    void put_filled(PreparedPut const& put, std::vector<std::int64_t> const& taken);
    void write_row(PreparedPut const& put, bool created);
    void write_derived(KindTable const& table, std::string const& id, Derived const& before, Derived const& after);
    void remove(KindTable const& table, std::string const& id);
    void start(contract::StartTask const& task);
    void check_outcome();
    void check_removed(std::string const& kind, std::string const& id);
    void check_work();

    Connection& db_;
    Prepared const& prepared_;
    std::uint64_t revision_;
    FeedWriter feed_;
    ledger::Ledger ledger_;
    Takes takes_;
    std::vector<std::pair<Pair, Pair>> new_keys_;  // (space, value) for (kind, id)
    std::vector<std::pair<Pair, Edge>> new_edges_; // (kind, id) refers to
    std::vector<Pair> removed_;
    std::vector<Pair> task_resources_;
    std::vector<Work> works_;        // documents that say of themselves that a task works on them
    std::vector<Pair> without_task_; // what tasks worked on that have ended
};

// Each throws a conflict that names the other document.
void insert_key(Connection& connection, Pair const& document, Pair const& key);
void check_target(Connection& connection, Schema const& schema, Pair const& document, Edge const& edge);
void insert_edge(Connection& connection, Pair const& document, Edge const& edge);
void insert_value(Connection& connection, KindTable const& table, std::string_view id, Pair const& value);

} // namespace volutus::kernel::store

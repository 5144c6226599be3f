// Documents, the ledger and the feed, in one database. The only way to what lasts: see contract/store.hpp for what the
// requests mean and how they are refused. Any thread may call anything.
#pragma once

#include <kernel/store/difference.hpp>
#include <kernel/store/query.hpp>
#include <kernel/store/readers.hpp>
#include <kernel/store/waiters.hpp>
#include <kernel/store/writer.hpp>
#include <volutus/contract/store.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::store {

struct Options {
    std::string engine = "sqlite";
    EngineOptions database;
    world::Duration feed_retention = std::chrono::hours(7 * 24);
    std::size_t readers = 8; // connections for reading at the same time
    std::string program;     // the version of this program, for a later one that cannot read what is newer than it
};

class Store {
public:
    explicit Store(Options const& options); // makes what is not there; opens what is
    ~Store();                               // every call has returned

    // The kinds of one plugin, as its manifest lists them; "" is the kernel itself. All or none; a declaration that
    // changed migrates the documents that are there.
    void declare(std::string const& owner, std::vector<contract::Kind> const& kinds);

    // Writes what the owner asks for, and with it, in the same apply, what is the kernel's own: how a task's progress is
    // committed together with what its step changed.
    contract::Applied apply(std::string_view owner, contract::Apply const& apply, KernelPart const& kernel = {});
    // Body: json::object, or json::Printed for who passes it on.
    template <class Body = json::object>
    std::optional<contract::BasicDocument<Body>> get(contract::Get const& wanted, Patience const& patience = {});
    template <class Body = json::object>
    contract::BasicPage<Body> query(contract::Query const& query, Patience const& patience = {});
    contract::Counted count(contract::Count const& wanted);
    contract::ReferrerPage referrers(contract::Referrers const& wanted);
    contract::Accounts accounts(contract::AccountQuery const& query);
    std::vector<contract::Account> accounts_of(std::string_view account); // without their claims
    contract::Feed changes(contract::Changes const& wanted, Patience const& patience = {});

    std::string put_blob(std::string_view bytes); // its id, after the disk has it; too_large beyond blob_max
    std::optional<std::string> blob(std::string_view id);

    // Tells an observer of each note of the topic from now on, for good: on the writer's thread, in the order of
    // revisions, after the disk has the note and before its apply is answered. All writes wait meanwhile, so it must be
    // quick, and neither write to the store nor throw. What it refers to lives as long as the store.
    void observe_notes(std::string topic, NoteObserver observer) {
        writer_.observe_notes(std::move(topic), std::move(observer));
    }

    std::uint64_t revision() const { return head_.revision(); }
    // Throws deadline or cancelled when patience ends first.
    void wait_for_revision(std::uint64_t revision, Patience const& patience = {});
    void stop_waiting() { head_.close(); } // readers that wait are told unavailable; for the way down

    // The whole store, as of one revision, into an empty file that is open for reading and writing. Nobody waits for it.
    // Throws cancelled when it is not to go on.
    void copy_to(int handle, std::function<bool()> const& go_on);
    std::vector<contract::Kind> kinds() const; // as they are declared by now, by whatever plugin

    std::vector<Difference> verify(); // the prover; reads everything
    WriterStatistics statistics() const { return writer_.statistics(); }
    std::vector<std::string> explain(contract::Query const& query); // the engine's plan for a page

private:
    template <class Work> auto read(Work work);

    std::unique_ptr<Engine> engine_;
    Head head_;
    Writer writer_;
    ReaderPool readers_;
};

} // namespace volutus::kernel::store

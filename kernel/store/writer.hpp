// The one writer: a thread that makes batches of the applies that wait while it commits. No timer is involved: a lone
// apply is committed at once, and under load a batch is what came during the commit before.
#pragma once

#include <kernel/store/applier.hpp>
#include <kernel/store/waiters.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace volutus::kernel::store {

struct WriterStatistics {
    std::uint64_t applies = 0, refused = 0, commits = 0;
};

// A note's revision and body.
using NoteObserver = std::function<void(std::uint64_t revision, json::object const& body)>;

class Writer {
public:
    // Brings the system tables up to date and publishes the revision that it finds.
    Writer(Engine& engine, Head& head, world::Duration retention, std::string const& program);
    ~Writer(); // what is queued is written first
    Writer(Writer const&) = delete;
    Writer& operator=(Writer const&) = delete;

    // Blocks until the disk has it. Any thread. unavailable: nothing was done.
    contract::Applied apply(Prepared const& prepared);
    // Runs alone in a transaction of its own, on the caller's thread.
    void alone(std::function<void(Connection&)> const& work);
    // Makes the next declarations out of the present ones, alone; from their commit on all applies are judged by them.
    void declare(std::function<void(Connection&, Declarations&)> const& change);
    void observe_notes(std::string topic, NoteObserver observer);
    std::shared_ptr<Declarations const> declarations() const;
    WriterStatistics statistics() const;

private:
    struct Item {
        Prepared const* prepared;
        contract::Applied applied;
        std::optional<Error> refused;
        std::set<std::string, std::less<>> kinds;
    };
    // Callers wait on the batch that they joined; all are woken at once.
    struct Batch {
        std::vector<Item*> items;
        bool done = false;
        world::Condition finished;
    };
    void run();
    void transact(std::function<void(Connection&)> const& work);
    void write(Batch& batch);
    bool write_items(Batch& batch, std::uint64_t& revision); // false: nothing to commit
    void write_item(Item& item, std::shared_ptr<Declarations const> const& now, std::uint64_t& revision, bool guarded);
    void trim(std::uint64_t revision);
    void tell_observers(Batch const& batch) noexcept;
    void abandon(Batch& batch, Error const& why, bool committing);
    bool fence() noexcept;
    void check_open();
    bool stays_unknown(Error const& why);
    void complain(Error const& why);
    void feel_better();

    Head& head_;
    std::string for_update_;
    std::unique_ptr<Connection> db_;
    world::Mutex writing_; // who holds it uses db_ and what stands from here to the next mutex
    FeedTrimmer trimmer_;
    bool guarded_ = false;                     // the batch before had a refusal
    std::string unfenced_;                     // why a commit's outcome is unknown; nothing is written before it is
    std::optional<world::Instant> complained_; // when the log was told that commits fail, which they still do
    std::uint64_t failed_ = 0;                 // commits since then
    std::vector<std::pair<std::string, NoteObserver>> observers_; // by topic

    mutable world::Mutex mutex_;
    world::Condition queued_;
    std::shared_ptr<Batch> open_ = std::make_shared<Batch>();
    std::shared_ptr<Declarations const> declarations_ = std::make_shared<Declarations const>();
    WriterStatistics statistics_;
    bool closing_ = false;
    world::Thread thread_;
};

} // namespace volutus::kernel::store

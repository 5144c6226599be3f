#include <kernel/log/log.hpp>
#include <kernel/store/blobs.hpp>
#include <kernel/store/migrate.hpp>
#include <kernel/store/writer.hpp>

#include <fmt/format.h>

namespace volutus::kernel::store {

namespace {
constexpr int tombs_at_once = 32;
constexpr auto complains_every = std::chrono::seconds(10);

void collect_tombs(Connection& connection, KindTable const& table) {
    auto const before = wall_microseconds() - static_cast<std::int64_t>(table.kind.tombstone_seconds) * 1'000'000;
    std::vector<std::string> old;
    {
        auto rows = connection.query(
            fmt::format("SELECT id FROM {} WHERE removed_at < ?1 LIMIT {}", table.tombs, tombs_at_once), before);
        while (rows.next()) old.push_back(rows.string(0));
    }
    for (auto const& id : old) {
        connection.execute(table.untomb, id);
        connection.execute(fmt::format("DELETE FROM {} WHERE id = ?1", table.values), id);
    }
}

// After these the database may have ended the transaction, or cannot be trusted to go on with it.
bool ends_batch(EngineError const& error) {
    return error.trouble() == Trouble::full || error.trouble() == Trouble::input_output ||
           error.trouble() == Trouble::corrupt;
}
} // namespace

Writer::Writer(Engine& engine, Head& head, world::Duration retention, std::string const& program)
    : head_(head), for_update_(engine.dialect().for_update), db_(engine.writer()), trimmer_(retention) {
    alone([&](Connection& connection) { prepare_system_tables(connection, engine.dialect(), program); });
    head_.publish(read_head(*db_).revision, {});
    thread_ = world::Thread("store-writer", [this] { run(); });
}

Writer::~Writer() {
    {
        world::Lock lock(mutex_);
        closing_ = true;
        queued_.notify_all();
    }
    thread_.join();
}

contract::Applied Writer::apply(Prepared const& prepared) {
    Item item{&prepared};
    world::Lock lock(mutex_);
    if (closing_) throw Error(Code::unavailable, "the store is closing");
    auto const batch = open_;
    batch->items.push_back(&item);
    if (batch->items.size() == 1) queued_.notify_one();
    batch->finished.wait(lock, [&] { return batch->done; });
    if (item.refused) throw *item.refused;
    return std::move(item.applied);
}

void Writer::alone(std::function<void(Connection&)> const& work) {
    world::Lock writing(writing_);
    transact(work);
}

void Writer::declare(std::function<void(Connection&, Declarations&)> const& change) {
    world::Lock writing(writing_);
    auto next = std::make_shared<Declarations>(*declarations());
    transact([&](Connection& connection) { change(connection, *next); });
    world::Lock lock(mutex_);
    declarations_ = std::move(next);
}

void Writer::transact(std::function<void(Connection&)> const& work) {
    check_open();
    bool committing = false;
    try {
        db_->begin_write();
        work(*db_);
        committing = true;
        db_->commit();
    } catch (Error const& error) {
        db_->rollback();
        if (committing) stays_unknown(error);
        throw;
    } catch (std::exception const&) {
        db_->rollback();
        throw;
    }
}

void Writer::observe_notes(std::string topic, NoteObserver observer) {
    world::Lock writing(writing_);
    observers_.emplace_back(std::move(topic), std::move(observer));
}

std::shared_ptr<Declarations const> Writer::declarations() const {
    world::Lock lock(mutex_);
    return declarations_;
}

WriterStatistics Writer::statistics() const {
    world::Lock lock(mutex_);
    return statistics_;
}

// A commit of unknown outcome is fenced as soon as the disk lets it be.
void Writer::check_open() {
    if (unfenced_.empty()) return;
    if (!fence()) throw Error(Code::unavailable, "the store's disk takes no commit since one failed: " + unfenced_);
    unfenced_.clear();
}

void Writer::run() {
    while (true) {
        std::shared_ptr<Batch> batch;
        {
            world::Lock lock(mutex_);
            queued_.wait(lock, [this] { return closing_ || !open_->items.empty(); });
            if (open_->items.empty()) return;
            batch = std::exchange(open_, std::make_shared<Batch>());
        }
        write(*batch);
        world::Lock lock(mutex_);
        batch->done = true;
        batch->finished.notify_all();
    }
}

void Writer::write(Batch& batch) {
    world::Lock writing(writing_);
    bool committing = false;
    std::uint64_t revision = 0;
    bool written = false;
    try {
        check_open();
        written = write_items(batch, revision);
        if (written) {
            committing = true;
            db_->commit();
            feel_better();
        } else {
            db_->rollback();
        }
    } catch (Error const& error) {
        db_->rollback();
        return abandon(batch, error, committing);
    } catch (std::exception const& error) {
        db_->rollback();
        return abandon(batch, Error(Code::internal, error.what()), committing);
    }
    std::set<std::string, std::less<>> kinds;
    std::uint64_t refused = 0;
    for (auto* item : batch.items) {
        refused += item->refused.has_value();
        kinds.merge(item->kinds);
    }
    // Both before the answers: whoever got one sees its own write, and knows that observers have been told.
    if (written) {
        tell_observers(batch);
        head_.publish(revision, kinds);
    }
    world::Lock lock(mutex_);
    statistics_.commits += written;
    statistics_.refused += refused;
    statistics_.applies += batch.items.size() - refused;
}

bool Writer::write_items(Batch& batch, std::uint64_t& revision) {
    auto const now = declarations();
    // A savepoint costs a fifth of an apply, so a batch is tried without. One with a refusal is done again with them,
    // and so are those after it, until one has none.
    for (bool guarded = guarded_ && batch.items.size() > 1;; guarded = true) {
        db_->begin_write();
        auto const before = revision = read_head(*db_, for_update_).revision;
        guarded_ = false;
        for (auto* item : batch.items) {
            write_item(*item, now, revision, guarded);
            guarded_ = guarded_ || item->refused;
            if (item->refused && !guarded) break;
        }
        if (guarded_ && !guarded && batch.items.size() > 1) {
            db_->rollback();
            continue;
        }
        if (revision == before) return false;
        write_head(*db_, revision);
        trim(revision);
        return true;
    }
}

void Writer::write_item(Item& item, std::shared_ptr<Declarations const> const& now, std::uint64_t& revision,
                        bool guarded) {
    item.refused.reset();
    // A kind was declared anew after the caller prepared: what it derived from the bodies may be wrong.
    std::optional<Prepared> again;
    auto const* prepared = item.prepared;
    if (guarded) db_->savepoint();
    try {
        if (now != prepared->declarations)
            prepared = &again.emplace(now, prepared->owner, prepared->apply, prepared->kernel);
        Applier applier(*db_, *prepared, revision + 1);
        item.applied = applier.run();
        item.kinds = applier.kinds();
        if (guarded) db_->release_savepoint();
        ++revision;
        return;
    } catch (EngineError const& error) {
        if (ends_batch(error) || !db_->in_transaction()) throw;
        item.refused = error;
    } catch (Error const& error) {
        item.refused = error;
    } catch (std::exception const& error) {
        item.refused = Error(Code::internal, error.what());
    }
    item.kinds.clear();
    if (guarded) db_->rollback_to_savepoint();
}

void Writer::trim(std::uint64_t revision) {
    if (!trimmer_.work(*db_, revision)) return;
    collect_blobs(*db_);
    for (auto const& [name, table] : declarations()->schema) collect_tombs(*db_, *table);
}

// A commit that failed may lie in the log all the same, whole but unsynced, and come back to life after a crash. A
// small commit in its place ends that; until then the outcome is unknown, and nothing may be written after it.
bool Writer::fence() noexcept {
    try {
        db_->begin_write();
        db_->execute("UPDATE store_head SET fence = fence + 1"); // a real change: SQLite writes no page for another
        db_->commit();
        return true;
    } catch (std::exception const&) {
        db_->rollback();
        return false;
    }
}

bool Writer::stays_unknown(Error const& why) {
    // A full disk refuses the writing of the log, so that its last frame, which would commit, is not there.
    auto const* const engine = dynamic_cast<EngineError const*>(&why);
    if (engine && engine->trouble() == Trouble::full) return false;
    if (fence()) return false;
    unfenced_ = why.what();
    return true;
}

// The log is told once, and again now and then for as long as it lasts: a full disk is not to be filled by its log.
void Writer::complain(Error const& why) {
    ++failed_;
    auto const now = world::now();
    if (complained_ && now < *complained_ + complains_every) return;
    complained_ = now;
    log::write(Level::error, "store", "the store cannot commit; what was asked is refused and nothing is lost",
               {{"error", why.what()}, {"failed_commits", failed_}});
}

void Writer::feel_better() {
    if (!std::exchange(complained_, std::nullopt)) return;
    log::write(Level::notice, "store", "the store commits again", {{"failed_commits", std::exchange(failed_, 0)}});
}

// An observer that throws ends the program: what it failed to take in, such as a revocation, must not be answered as
// done.
void Writer::tell_observers(Batch const& batch) noexcept {
    if (observers_.empty()) return;
    for (auto const* item : batch.items) {
        if (item->refused) continue;
        for (auto const& note : item->prepared->apply.notes)
            for (auto const& [topic, observer] : observers_)
                if (topic == note.topic) observer(item->applied.revision, note.body);
    }
}

void Writer::abandon(Batch& batch, Error const& why, bool committing) {
    complain(why);
    auto const code = committing && stays_unknown(why) ? Code::unknown_outcome : Code::unavailable;
    // What was refused earlier in the batch was judged by what is now undone.
    for (auto* item : batch.items)
        item->refused = Error(code, fmt::format("the store could not commit: {}; {}", why.what(),
                                                code == Code::unavailable ? "nothing was done, try again later"
                                                                          : "read again before retrying"));
    world::Lock lock(mutex_);
    statistics_.refused += batch.items.size();
}

} // namespace volutus::kernel::store

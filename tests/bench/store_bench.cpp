// Durable applies of one 500-byte document, against SQLite's own group commit of 500-byte rows on the same disk in the
// same run: by as many writer threads, with nothing but a queue before the rows. The last line is what matters: the
// applies a second of 16 writers over the rows a second of 16 writers. Rows in transactions of a fixed size, without
// any threads, say what the disk gives at best.
#include <kernel/store/store.hpp>
#include <testkit/temporary_folder.hpp>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>

namespace {

namespace store = volutus::kernel::store;
namespace contract = volutus::store;
namespace testkit = volutus::testkit;
namespace world = volutus::world;

// Beside the working directory and not in /tmp, which may be memory.
testkit::TemporaryFolder fresh_folder() { return testkit::TemporaryFolder(std::filesystem::current_path()); }

void run(sqlite3* db, char const* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
}

// One table with 500-byte rows under random ids, as the documents have.
class RawRows {
public:
    RawRows() {
        sqlite3_open((folder_ / "raw.db").c_str(), &db_);
        for (auto const* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=4000",
                                "CREATE TABLE rows (id TEXT PRIMARY KEY, body TEXT)"})
            run(db_, sql);
        sqlite3_prepare_v2(db_, "INSERT INTO rows VALUES (?1, ?2)", -1, &insert_, nullptr);
    }
    RawRows(RawRows const&) = delete;
    RawRows& operator=(RawRows const&) = delete;
    ~RawRows() {
        sqlite3_finalize(insert_);
        sqlite3_close(db_);
    }
    void commit(std::uint64_t rows) {
        run(db_, "BEGIN IMMEDIATE");
        for (std::uint64_t i = 0; i < rows; ++i) {
            auto const id = fmt::format("{:016x}-{}", (made_ + 1) * 0x9e3779b97f4a7c15u, made_ + 1);
            ++made_;
            sqlite3_bind_text(insert_, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
            sqlite3_bind_text(insert_, 2, body_.data(), static_cast<int>(body_.size()), SQLITE_STATIC);
            if (sqlite3_step(insert_) != SQLITE_DONE) std::abort();
            sqlite3_reset(insert_);
        }
        run(db_, "COMMIT");
    }
    std::int64_t made() const { return static_cast<std::int64_t>(made_); }

private:
    testkit::TemporaryFolder folder_ = fresh_folder();
    sqlite3* db_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::string const body_ = std::string(500, 'x');
    std::uint64_t made_ = 0;
};

void sqlite_rows(benchmark::State& state) {
    RawRows rows;
    for (auto _ : state) rows.commit(static_cast<std::uint64_t>(state.range(0)));
    state.SetItemsProcessed(rows.made());
}
BENCHMARK(sqlite_rows)->Name("sqlite/rows in transactions of")->Arg(1)->Arg(16)->UseRealTime();

constexpr int rounds = 200; // of each writer in an iteration

// The least that a group commit can be: a count of rows that wait, and a thread that commits them.
class RawGroupCommit {
public:
    RawGroupCommit() : thread_("raw-writer", [this] { write(); }) {}
    RawGroupCommit(RawGroupCommit const&) = delete;
    RawGroupCommit& operator=(RawGroupCommit const&) = delete;
    ~RawGroupCommit() {
        {
            world::Lock lock(mutex_);
            closing_ = true;
        }
        queued_.notify_one();
    }
    void insert() {
        world::Lock lock(mutex_);
        auto const batch = open_;
        if (++batch->rows == 1) queued_.notify_one();
        batch->finished.wait(lock, [&] { return batch->done; });
    }

private:
    struct Batch {
        std::uint64_t rows = 0;
        bool done = false;
        world::Condition finished;
    };
    void write() {
        world::Lock lock(mutex_);
        while (true) {
            queued_.wait(lock, [this] { return closing_ || open_->rows > 0; });
            if (open_->rows == 0) return;
            auto const batch = std::exchange(open_, std::make_shared<Batch>());
            lock.unlock();
            rows_.commit(batch->rows);
            lock.lock();
            batch->done = true;
            batch->finished.notify_all();
        }
    }
    RawRows rows_;
    world::Mutex mutex_;
    world::Condition queued_;
    std::shared_ptr<Batch> open_ = std::make_shared<Batch>();
    bool closing_ = false;
    world::Thread thread_;
};

void sqlite_group_commit(benchmark::State& state) {
    RawGroupCommit group;
    for (auto _ : state) {
        std::vector<world::Thread> writers;
        for (std::int64_t writer = 0; writer < state.range(0); ++writer)
            writers.emplace_back("writer", [&] {
                for (int i = 0; i < rounds; ++i) group.insert();
            });
    }
    state.SetItemsProcessed(state.iterations() * state.range(0) * rounds);
}
BENCHMARK(sqlite_group_commit)->Name("sqlite/group commit of writers")->Arg(1)->Arg(16)->UseRealTime();

void applies(benchmark::State& state) {
    auto const folder = fresh_folder();
    store::Options options;
    options.database.path = folder / "store.db";
    store::Store opened(options);
    contract::Kind kind;
    kind.name = "bench.document";
    opened.declare("bench", {kind});
    std::string const text(480, 'x');
    std::atomic<std::uint64_t> made = 0;
    for (auto _ : state) {
        std::vector<world::Thread> writers;
        for (std::int64_t writer = 0; writer < state.range(0); ++writer)
            writers.emplace_back("writer", [&] {
                for (int i = 0; i < rounds; ++i) {
                    auto const number = ++made;
                    contract::Apply one;
                    one.put.push_back({"bench.document",
                                       fmt::format("{:016x}-{}", number * 0x9e3779b97f4a7c15u, number),
                                       {{"text", text}}});
                    opened.apply("bench", one);
                }
            });
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(made));
    auto const statistics = opened.statistics();
    state.counters["applies a commit"] =
        static_cast<double>(statistics.applies) / static_cast<double>(statistics.commits);
}
BENCHMARK(applies)->Name("store/applies of writers")->Arg(1)->Arg(16)->UseRealTime();

// Keeps the rates of 16 writers as they are reported, for the ratio of their medians.
class Ratio : public benchmark::ConsoleReporter {
public:
    Ratio() : ConsoleReporter(OO_Tabular) {}
    void ReportRuns(std::vector<Run> const& runs) override {
        for (auto const& run : runs) {
            auto const name = run.benchmark_name();
            auto const rate = run.counters.find("items_per_second");
            if (rate == run.counters.end() || run.run_type != Run::RT_Iteration || name.find("writers/16") == name.npos)
                continue;
            (name.starts_with("sqlite") ? sqlite_ : store_).push_back(rate->second);
        }
        ConsoleReporter::ReportRuns(runs);
    }
    void print() {
        if (!sqlite_.empty() && !store_.empty())
            fmt::print("applies of 16 writers / rows of 16 writers: {:.2f}\n", median(store_) / median(sqlite_));
    }

private:
    static double median(std::vector<double>& rates) {
        std::ranges::nth_element(rates, rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2));
        return rates[rates.size() / 2];
    }
    std::vector<double> sqlite_, store_;
};

} // namespace

int main(int argc, char** argv) {
    // A disk that others use too changes its pace: both are measured in turns.
    std::vector<char const*> arguments{argv[0], "--benchmark_repetitions=7",
                                       "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.2"};
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, const_cast<char**>(arguments.data()));
    if (benchmark::ReportUnrecognizedArguments(count, const_cast<char**>(arguments.data()))) return 1;
    Ratio reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    reporter.print();
    return 0;
}

#include <kernel/store/sqlite_engine.hpp>
#include <kernel/store/sqlite_handle.hpp>

#include <volutus/world.hpp>

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <unordered_map>

namespace volutus::kernel::store {

namespace {

constexpr std::size_t kept_statements = 400;
constexpr int instructions_a_row = 40;  // of SQLite's virtual machine, for a row that a scan looks at
constexpr int busy_milliseconds = 5000; // who looks at the file by hand may hold it for a moment
constexpr int pages_at_once = 256;      // of a copy, between two questions whether to go on

Trouble trouble_of(int code) {
    switch (code & 0xff) {
    case SQLITE_FULL: return Trouble::full;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return Trouble::input_output;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Trouble::busy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Trouble::corrupt;
    case SQLITE_CONSTRAINT: return Trouble::constraint;
    case SQLITE_INTERRUPT: return Trouble::too_much;
    default: return Trouble::other;
    }
}

// What an operator can do about it; "" where the fault is not the machine's.
std::string_view advice(Trouble trouble) {
    switch (trouble) {
    case Trouble::full: return "free space on its file system";
    case Trouble::input_output: return "look at its disk, its mount and the limit of open files";
    case Trouble::busy: return "end what else has the file open for writing";
    case Trouble::corrupt: return "stop volutusd, look at the disk, and `volutus db restore` a backup";
    case Trouble::constraint:
    case Trouble::too_much:
    case Trouble::other: break;
    }
    return {};
}

[[noreturn]] void fail(sqlite3* db, int code, std::string_view doing) {
    // SQLite keeps it for itself where a statement fails, and does nothing after that would change it.
    int const system = errno;
    auto const trouble = trouble_of(code);
    auto const* const what = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    auto const help = advice(trouble);
    if (help.empty())
        throw EngineError(trouble, fmt::format("SQLite: {} ({}) in: {:.200}", what, sqlite3_errstr(code), doing));
    auto const reason =
        trouble == Trouble::input_output && system ? fmt::format(" ({})", std::strerror(system)) : std::string();
    auto const* const file = db ? sqlite3_db_filename(db, "main") : nullptr;
    throw EngineError(trouble, fmt::format("the store's file {}: {}{}; {}", file ? file : "", what, reason, help));
}

class SqliteStatement final : public Statement {
public:
    SqliteStatement(sqlite3* db, std::string_view sql) : db_(db) {
        errno = 0;
        int const code =
            sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw_, nullptr);
        if (code != SQLITE_OK) fail(db, code, sql);
    }
    SqliteStatement(SqliteStatement const&) = delete;
    SqliteStatement& operator=(SqliteStatement const&) = delete;
    ~SqliteStatement() override { sqlite3_finalize(raw_); }

    void start(std::span<Bind const> binds, bool borrowed) override {
        lifetime_ = borrowed ? SQLITE_STATIC : SQLITE_TRANSIENT;
        // The work limit looks at this counter, which would go on from the statement's earlier runs.
        sqlite3_stmt_status(raw_, SQLITE_STMTSTATUS_VM_STEP, 1);
        int at = 0;
        for (auto const& bind : binds) {
            int const code =
                std::visit([this, index = ++at](auto const& held) { return put(index, held); }, bind.held());
            if (code != SQLITE_OK) fail(db_, code, sqlite3_sql(raw_));
        }
    }
    bool next() override {
        errno = 0;
        int const code = sqlite3_step(raw_);
        if (code == SQLITE_ROW) return true;
        if (code != SQLITE_DONE) fail(db_, code, sqlite3_sql(raw_));
        return false;
    }
    void finish() noexcept override {
        sqlite3_reset(raw_);
        sqlite3_clear_bindings(raw_);
    }
    std::int64_t changed() const override { return sqlite3_changes64(db_); }
    bool null(int column) const override { return sqlite3_column_type(raw_, column) == SQLITE_NULL; }
    std::int64_t integer(int column) const override { return sqlite3_column_int64(raw_, column); }
    double number(int column) const override { return sqlite3_column_double(raw_, column); }
    std::string_view text(int column) const override {
        // A blob gives its bytes unchanged; text is stored as UTF-8, so this is no conversion.
        auto const* bytes = static_cast<char const*>(sqlite3_column_blob(raw_, column));
        return {bytes ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
    }

private:
    int put(int at, std::monostate) { return sqlite3_bind_null(raw_, at); }
    int put(int at, std::int64_t number) { return sqlite3_bind_int64(raw_, at, number); }
    int put(int at, double number) { return sqlite3_bind_double(raw_, at, number); }
    int put(int at, std::string_view text) {
        return sqlite3_bind_text64(raw_, at, text.data() ? text.data() : "", text.size(), lifetime_, SQLITE_UTF8);
    }
    int put(int at, Blob blob) {
        return sqlite3_bind_blob64(raw_, at, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(), lifetime_);
    }

    sqlite3* db_;
    sqlite3_stmt* raw_ = nullptr;
    sqlite3_destructor_type lifetime_ = SQLITE_TRANSIENT;
};

struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
};

// As SQLite's URIs want it: what is not plain is escaped.
std::string frozen_uri(std::string const& path) {
    std::string uri = "file:";
    for (unsigned char const byte : path) {
        bool const plain = std::isalnum(byte) != 0 || std::strchr("/-_.~", byte) != nullptr;
        uri += plain ? std::string(1, static_cast<char>(byte)) : fmt::format("%{:02x}", byte);
    }
    return uri + "?immutable=1";
}

class SqliteConnection final : public Connection {
public:
    SqliteConnection(EngineOptions const& options, bool writes) {
        bool const frozen = options.frozen && !writes;
        int const flags = SQLITE_OPEN_NOMUTEX | (frozen   ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                                                 : writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                          : SQLITE_OPEN_READWRITE);
        auto const name = frozen ? frozen_uri(options.path) : options.path;
        errno = 0;
        int const code =
            sqlite3_open_v2(name.c_str(), &db_, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
        try {
            if (code != SQLITE_OK) fail(db_, code, "opening " + options.path);
            sqlite3_extended_result_codes(db_, 1);
            sqlite3_busy_timeout(db_, busy_milliseconds);
            set_up(writes);
        } catch (...) {
            close();
            throw;
        }
    }
    SqliteConnection(SqliteConnection const&) = delete;
    SqliteConnection& operator=(SqliteConnection const&) = delete;
    ~SqliteConnection() override { close(); }

    void begin_read() override { execute("BEGIN"); }
    void begin_write() override { execute("BEGIN IMMEDIATE"); }
    void commit() override { execute("COMMIT"); }
    void rollback() noexcept override {
        if (in_transaction()) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    bool in_transaction() const override { return sqlite3_get_autocommit(db_) == 0; }
    void savepoint() override { execute("SAVEPOINT one_apply"); }
    void release_savepoint() override { execute("RELEASE one_apply"); }
    void rollback_to_savepoint() override {
        execute("ROLLBACK TO one_apply");
        execute("RELEASE one_apply");
    }
    void limit_work(std::uint64_t rows) override {
        auto const refuse = [](void*) { return 1; };
        auto const most = std::min<std::uint64_t>(rows * instructions_a_row, std::numeric_limits<int>::max());
        sqlite3_progress_handler(db_, static_cast<int>(most), rows ? static_cast<int (*)(void*)>(refuse) : nullptr,
                                 nullptr);
    }
    std::vector<std::string> check() override {
        std::vector<std::string> found;
        auto rows = query("PRAGMA integrity_check");
        while (rows.next())
            if (rows.text(0) != "ok") found.push_back(rows.string(0));
        return found;
    }
    std::vector<std::string> explain(std::string_view sql) override {
        std::vector<std::string> plan;
        auto rows = query("EXPLAIN QUERY PLAN " + std::string(sql));
        while (rows.next()) plan.push_back(rows.string(3));
        return plan;
    }

    void copy_to(int handle, std::function<bool()> const& go_on) override {
        std::unique_ptr<sqlite3, decltype(&sqlite3_close)> const copy(open_output(handle), sqlite3_close);
        // A transaction takes its snapshot with its first read; without one each portion would be of another moment.
        execute("SELECT 1 FROM sqlite_schema LIMIT 1");
        auto* const backup = sqlite3_backup_init(copy.get(), "main", db_, "main");
        if (!backup) fail(copy.get(), sqlite3_errcode(copy.get()), "beginning a copy");
        int code = SQLITE_OK;
        while (code == SQLITE_OK && go_on()) code = sqlite3_backup_step(backup, pages_at_once);
        sqlite3_backup_finish(backup);
        if (code == SQLITE_OK) throw Error(Code::cancelled, "the copy was given up");
        if (code != SQLITE_DONE) fail(nullptr, code, "copying the database");
    }

protected:
    std::shared_ptr<Statement> prepare(std::string_view sql) override {
        auto found = statements_.find(sql);
        if (found == statements_.end()) {
            if (statements_.size() >= kept_statements)
                std::erase_if(statements_, [](auto const& kept) { return !kept.second->busy; });
            found = statements_.emplace(std::string(sql), std::make_shared<SqliteStatement>(db_, sql)).first;
        } else if (found->second->busy) {
            // The same text within its own rows: a second statement, not kept.
            auto second = std::make_shared<SqliteStatement>(db_, sql);
            second->busy = true;
            return second;
        }
        found->second->busy = true;
        return found->second;
    }

private:
    static sqlite3* open_output(int handle) {
        sqlite3* db = nullptr;
        int code = sqlite3_open_v2(std::to_string(handle).c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                   handle_vfs());
        // Whoever asked for the copy throws it away when it fails, so it needs no journal.
        if (code == SQLITE_OK) code = sqlite3_exec(db, "PRAGMA journal_mode=OFF", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK) return db;
        sqlite3_close(db);
        fail(nullptr, code, "opening the file of a copy");
    }
    void set_up(bool writes) {
        if (writes) {
            auto mode = query("PRAGMA journal_mode=WAL");
            if (!mode.next() || mode.text(0) != "wal")
                throw EngineError(Trouble::other,
                                  "SQLite cannot use its write-ahead log here; put the store on a local file system");
        }
        for (char const* pragma : {"PRAGMA synchronous=FULL", "PRAGMA foreign_keys=OFF", "PRAGMA temp_store=MEMORY",
                                   "PRAGMA cache_size=-32768", "PRAGMA wal_autocheckpoint=4000"})
            execute(pragma);
        if (!writes) execute("PRAGMA query_only=ON");
    }
    void close() noexcept {
        statements_.clear();
        sqlite3_close_v2(db_);
        db_ = nullptr;
    }

    sqlite3* db_ = nullptr;
    std::unordered_map<std::string, std::shared_ptr<Statement>, TextHash, std::equal_to<>> statements_;
};

class SqliteEngine final : public Engine {
public:
    explicit SqliteEngine(EngineOptions options) : options_(std::move(options)) {
        if (options_.path.empty()) throw Error(Code::invalid, "the store needs the path of its SQLite file");
    }
    Dialect const& dialect() const override {
        static constexpr Dialect dialect{"TEXT", "INTEGER", "REAL", "BLOB", " WITHOUT ROWID", ""};
        return dialect;
    }
    std::unique_ptr<Connection> writer() override {
        auto connection = std::make_unique<SqliteConnection>(options_, true);
        // SQLite makes only its journals' names durable: without this a power loss may take a new database as a whole.
        auto const slash = options_.path.rfind('/');
        world::sync_directory(slash == std::string::npos ? "." : slash == 0 ? "/" : options_.path.substr(0, slash));
        return connection;
    }
    std::unique_ptr<Connection> reader() override { return std::make_unique<SqliteConnection>(options_, false); }

private:
    EngineOptions options_;
};

} // namespace

std::unique_ptr<Engine> open_sqlite(EngineOptions const& options) { return std::make_unique<SqliteEngine>(options); }

} // namespace volutus::kernel::store

// The seam to a database. The store's logic is written once above it, in the common subset of SQLite and PostgreSQL;
// placeholders are ?1, ?2, ... and an engine translates them. An engine's few differences stand in its Dialect.
//
// A Connection belongs to one thread at a time. Every failure is an EngineError.
#pragma once

#include <volutus/error.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace volutus::kernel::store {

// Why the database refused; decides what becomes of the batch that was being written.
enum class Trouble {
    full, // no room: nothing of the transaction was written
    input_output,
    busy, // another process holds the database
    corrupt,
    constraint, // a rule of the database's own was hurt; the statement had no effect
    too_much,   // the work limit was reached
    other,
};

class EngineError : public Error {
public:
    EngineError(Trouble trouble, std::string const& message);
    Trouble trouble() const { return trouble_; }

private:
    Trouble trouble_;
};

// A value of a column. Booleans are the integers 0 and 1.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

struct Blob {
    std::string_view bytes;
};

// A parameter; borrows its text.
class Bind {
public:
    using Held = std::variant<std::monostate, std::int64_t, double, std::string_view, Blob>;
    Bind() = default;
    Bind(std::int64_t number) : held_(number) {}
    Bind(int number) : held_(std::int64_t(number)) {}
    Bind(std::uint32_t number) : held_(std::int64_t(number)) {}
    Bind(std::uint64_t number) : held_(static_cast<std::int64_t>(number)) {}
    Bind(bool truth) : held_(std::int64_t(truth)) {}
    Bind(double number) : held_(number) {}
    Bind(std::string_view text) : held_(text) {}
    Bind(std::string const& text) : held_(std::string_view(text)) {}
    Bind(char const* text) : held_(std::string_view(text)) {}
    Bind(Blob blob) : held_(blob) {}
    Bind(Value const& value);
    Held const& held() const { return held_; }

private:
    Held held_;
};

// One prepared statement. start() binds and rewinds; next() gives a row; finish() lets go of its snapshot. `borrowed`:
// the texts outlive finish(), so that they need no copy.
class Statement {
public:
    virtual ~Statement() = default;
    virtual void start(std::span<Bind const> binds, bool borrowed) = 0;
    virtual bool next() = 0;
    virtual void finish() noexcept = 0;
    virtual std::int64_t changed() const = 0; // rows that the finished statement changed
    virtual bool null(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual double number(int column) const = 0;
    virtual std::string_view text(int column) const = 0; // also of a blob; valid until next()
    bool busy = false;
};

// The rows of a query, which ends with this object.
class Rows {
public:
    explicit Rows(std::shared_ptr<Statement> statement) : statement_(std::move(statement)) {}
    Rows(Rows&&) noexcept = default;
    Rows& operator=(Rows&&) = delete;
    ~Rows();
    void start(std::span<Bind const> binds, bool borrowed) { statement_->start(binds, borrowed); }
    bool next() { return statement_->next(); }
    std::int64_t changed() const { return statement_->changed(); }
    bool null(int column) const { return statement_->null(column); }
    std::int64_t integer(int column) const { return statement_->integer(column); }
    std::uint64_t revision(int column) const { return static_cast<std::uint64_t>(statement_->integer(column)); }
    double number(int column) const { return statement_->number(column); }
    std::string_view text(int column) const { return statement_->text(column); }
    std::string string(int column) const { return std::string(statement_->text(column)); }

private:
    std::shared_ptr<Statement> statement_;
};

class Connection {
public:
    virtual ~Connection() = default;

    // Statements are kept prepared by their text.
    Rows query(std::string_view sql, std::span<Bind const> binds);
    std::int64_t execute(std::string_view sql, std::span<Bind const> binds); // rows changed
    template <class... Arguments> Rows query(std::string_view sql, Arguments const&... arguments) {
        std::array<Bind, sizeof...(Arguments)> const binds{Bind(arguments)...};
        return query(sql, std::span<Bind const>(binds));
    }
    template <class... Arguments> std::int64_t execute(std::string_view sql, Arguments const&... arguments) {
        std::array<Bind, sizeof...(Arguments)> const binds{Bind(arguments)...};
        return execute(sql, std::span<Bind const>(binds));
    }

    virtual void begin_read() = 0;  // one snapshot until commit or rollback
    virtual void begin_write() = 0; // alone among writers
    virtual void commit() = 0;
    virtual void rollback() noexcept = 0;    // without a transaction: nothing
    virtual bool in_transaction() const = 0; // some failures end it
    virtual void savepoint() = 0;            // one level
    virtual void release_savepoint() = 0;
    virtual void rollback_to_savepoint() = 0;        // and releases it
    virtual void limit_work(std::uint64_t rows) = 0; // about so many rows for the next statements; 0 = any number
    virtual std::vector<std::string> check() = 0;    // what the engine finds wrong with itself
    virtual std::vector<std::string> explain(std::string_view sql) = 0; // a line for each step of the plan
    // The whole database, within a snapshot, into an empty file that is open for reading and writing. Writers go on
    // meanwhile. Asks now and then whether to `go_on`, and throws cancelled where not.
    virtual void copy_to(int handle, std::function<bool()> const& go_on) = 0;

protected:
    virtual std::shared_ptr<Statement> prepare(std::string_view sql) = 0;
};

// A read transaction, ended with this object.
class Snapshot {
public:
    explicit Snapshot(Connection& connection) : connection_(connection) { connection_.begin_read(); }
    Snapshot(Snapshot const&) = delete;
    Snapshot& operator=(Snapshot const&) = delete;
    ~Snapshot() { connection_.rollback(); }

private:
    Connection& connection_;
};

// Bounds the work of the statements that begin and end while this lives.
class WorkLimit {
public:
    WorkLimit(Connection& connection, std::uint64_t rows) : connection_(connection) { connection_.limit_work(rows); }
    WorkLimit(WorkLimit const&) = delete;
    WorkLimit& operator=(WorkLimit const&) = delete;
    ~WorkLimit() { connection_.limit_work(0); }

private:
    Connection& connection_;
};

struct Dialect {
    std::string_view text, integer, real, blob; // type names; text compares bytewise
    std::string_view clustered;                 // ends a table whose rows live in its primary key
    std::string_view for_update;                // ends a select that locks its row against other writers
};

struct EngineOptions {
    std::string path;    // of the database file, or a connection string
    std::string vfs;     // the file system beneath SQLite; "" = the host's
    bool frozen = false; // for readers: nobody writes it, so that reading it leaves no trace
};

class Engine {
public:
    virtual ~Engine() = default;
    virtual Dialect const& dialect() const = 0;
    virtual std::unique_ptr<Connection> writer() = 0;
    virtual std::unique_ptr<Connection> reader() = 0;
};

// The one place where engines are known by name. Code::invalid for a name that none has.
std::unique_ptr<Engine> open_engine(std::string_view name, EngineOptions const& options);

} // namespace volutus::kernel::store

#include <kernel/store/blobs.hpp>
#include <kernel/store/migrate.hpp>
#include <kernel/store/store.hpp>
#include <kernel/store/tasks.hpp>
#include <kernel/store/verify.hpp>

#include <fmt/format.h>

namespace volutus::kernel::store {

namespace {
// A waiting reader looks at least so often, lest its cursor grow older than the feed while nothing concerns it.
constexpr auto looks_every = std::chrono::hours(1);

[[noreturn]] void refuse_to_wait(Patience const& patience, std::uint64_t revision) {
    if (patience.cancelled && *patience.cancelled) throw Error(Code::cancelled, "the call was cancelled");
    if (patience.until && world::now() >= *patience.until)
        throw Error(Code::deadline, fmt::format("the revision {} did not come before the call's deadline", revision));
    throw Error(Code::unavailable, "the store is closing");
}
} // namespace

ReaderPool::Lease ReaderPool::lease() {
    {
        world::Lock lock(mutex_);
        returned_.wait(lock, [this] { return !free_.empty() || made_ < most_; });
        if (!free_.empty()) {
            auto connection = std::move(free_.back());
            free_.pop_back();
            return {*this, std::move(connection)};
        }
        ++made_;
    }
    try {
        return {*this, engine_.reader()};
    } catch (...) {
        world::Lock lock(mutex_);
        --made_;
        returned_.notify_one();
        throw;
    }
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
    world::Lock lock(mutex_);
    free_.push_back(std::move(connection));
    returned_.notify_one();
}

template <class Work> auto Store::read(Work work) {
    auto const lease = readers_.lease();
    Snapshot snapshot(*lease);
    return work(*lease);
}

Store::Store(Options const& options)
    : engine_(open_engine(options.engine, options.database)),
      writer_(*engine_, head_, options.feed_retention, options.program), readers_(*engine_, options.readers) {
    writer_.declare(
        [](Connection& connection, Declarations& declarations) { declarations.schema = load_schema(connection); });
    declare("", {task_kind_declaration()});
}

Store::~Store() = default;

void Store::declare(std::string const& owner, std::vector<contract::Kind> const& kinds) {
    writer_.declare([&](Connection& connection, Declarations& declarations) {
        for (auto const& kind : kinds) {
            auto const held = declarations.owners.find(kind.name);
            if (held != declarations.owners.end() && held->second != owner)
                throw Error(Code::conflict,
                            fmt::format("the kind '{}' is declared by both '{}' and '{}'; load one of them", kind.name,
                                        held->second, owner));
            migrate(connection, engine_->dialect(), declarations.schema, kind);
            declarations.owners[kind.name] = owner;
        }
    });
}

contract::Applied Store::apply(std::string_view owner, contract::Apply const& apply, KernelPart const& kernel) {
    return writer_.apply(Prepared(writer_.declarations(), owner, apply, kernel));
}

void Store::wait_for_revision(std::uint64_t revision, Patience const& patience) {
    if (!head_.wait_for(revision, patience)) refuse_to_wait(patience, revision);
}

template <class Body>
std::optional<contract::BasicDocument<Body>> Store::get(contract::Get const& wanted, Patience const& patience) {
    wait_for_revision(wanted.at_least, patience);
    auto const declarations = writer_.declarations();
    auto const& table = declarations->require(wanted.kind);
    auto const lease = readers_.lease(); // one statement is a snapshot of its own
    return read_document<Body>(*lease, table, wanted.id);
}
template std::optional<contract::Document> Store::get(contract::Get const&, Patience const&);
template std::optional<contract::BasicDocument<json::Printed>> Store::get(contract::Get const&, Patience const&);

template <class Body> contract::BasicPage<Body> Store::query(contract::Query const& query, Patience const& patience) {
    wait_for_revision(query.at_least, patience);
    auto const declarations = writer_.declarations();
    auto const& table = declarations->require(query.kind);
    return read([&](Connection& connection) {
        auto const revision = read_head(connection).revision;
        WorkLimit limit(connection, most_rows_looked_at);
        auto page = read_page<Body>(connection, table, query);
        page.revision = revision;
        return page;
    });
}
template contract::Page Store::query(contract::Query const&, Patience const&);
template contract::BasicPage<json::Printed> Store::query(contract::Query const&, Patience const&);

contract::Counted Store::count(contract::Count const& wanted) {
    auto const declarations = writer_.declarations();
    auto const& table = declarations->require(wanted.kind);
    return read([&](Connection& connection) {
        WorkLimit limit(connection, most_rows_looked_at);
        return store::count(connection, table, wanted);
    });
}

contract::ReferrerPage Store::referrers(contract::Referrers const& wanted) {
    return read([&](Connection& connection) { return read_referrers(connection, wanted); });
}

contract::Accounts Store::accounts(contract::AccountQuery const& query) {
    return read([&](Connection& connection) { return ledger::accounts(connection, query); });
}

std::vector<contract::Account> Store::accounts_of(std::string_view account) {
    return read([&](Connection& connection) { return ledger::accounts_of(connection, account); });
}

contract::Feed Store::changes(contract::Changes const& wanted, Patience const& patience) {
    auto next = wanted;
    // Who only asks whether there is more, and there is not, costs no transaction.
    if (!wanted.wait.value_or(true) && wanted.since == head_.revision()) return {{}, wanted.since, wanted.skip};
    while (true) {
        auto feed = read([&](Connection& connection) { return read_feed(connection, next); });
        if (!feed.entries.empty() || !wanted.wait.value_or(true)) return feed;
        next.since = feed.revision;
        next.skip = feed.skip;
        auto slice = patience;
        slice.until = std::min(patience.until.value_or(world::Instant::max()), world::now() + looks_every);
        if (head_.wait_beyond(feed.revision, wanted.kinds, slice)) continue;
        if (patience.until && world::now() >= *patience.until) return feed;
        if (world::now() < *slice.until) refuse_to_wait(patience, feed.revision + 1);
    }
}

std::string Store::put_blob(std::string_view bytes) {
    if (bytes.size() > contract::blob_max)
        throw Error(Code::too_large,
                    fmt::format("a blob has at most {} bytes, this one {}", contract::blob_max, bytes.size()));
    auto const id = blob_id(bytes);
    writer_.alone([&](Connection& connection) { store::put_blob(connection, id, bytes); });
    return id;
}

std::optional<std::string> Store::blob(std::string_view id) {
    return read([&](Connection& connection) { return read_blob(connection, id); });
}

void Store::copy_to(int handle, std::function<bool()> const& go_on) {
    read([&](Connection& connection) { connection.copy_to(handle, go_on); });
}

std::vector<contract::Kind> Store::kinds() const {
    std::vector<contract::Kind> kinds;
    for (auto const& [name, table] : writer_.declarations()->schema) kinds.push_back(table->kind);
    return kinds;
}

std::vector<Difference> Store::verify() {
    auto const declarations = writer_.declarations();
    return read([&](Connection& connection) { return store::verify(connection, declarations->schema); });
}

std::vector<std::string> Store::explain(contract::Query const& query) {
    auto const declarations = writer_.declarations();
    return read([&](Connection& connection) {
        std::vector<std::string> plan;
        for (auto const& select : plan_page(connection, declarations->require(query.kind), query))
            for (auto& line : connection.explain(select.sql)) plan.push_back(std::move(line));
        return plan;
    });
}

} // namespace volutus::kernel::store

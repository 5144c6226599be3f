#include <kernel/ledger/ledger.hpp>
#include <kernel/log/log.hpp>
#include <kernel/scheduler/scheduler.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace volutus::kernel::scheduler {

namespace stored = volutus::store;

namespace {
constexpr std::size_t most_names = 10'000; // of a demand: traits, aggregates, hosts
constexpr std::size_t most_classes = 100;

void check(contract::Demand const& demand) {
    if (demand.limit < 1 || demand.limit > 1000)
        throw Error(Code::invalid, fmt::format("the limit of candidates is 1 to 1000, not {}", demand.limit));
    for (auto const& [resource, amount] : demand.resources)
        if (amount < 1)
            throw Error(Code::invalid, fmt::format("a demand of {} {:.255} must be at least 1", amount, resource));
    auto names = demand.required.size() + demand.forbidden.size() + demand.in.size() + demand.not_in.size();
    for (auto const& any : demand.member_of) names += 1 + any.size();
    if (demand.resources.size() > most_classes || names > most_names)
        throw Error(Code::too_large,
                    fmt::format("a demand names at most {} resource classes, and {} traits, aggregates and hosts",
                                most_classes, most_names));
}

std::vector<std::string> texts(json::object const& body, std::string const& field) {
    std::vector<std::string> out;
    if (field.empty()) return out;
    auto const* value = json::find(body, field);
    auto const* items = value ? value->if_array() : nullptr;
    if (!items) return out;
    for (auto const& item : *items)
        if (item.is_string()) out.push_back(json::text(item));
    return out;
}

// Of a feed entry's note; what is not in it has its default.
Stock stock_of(json::object const& told) {
    auto number = [&](std::string_view key, std::int64_t otherwise) {
        auto const* value = told.if_contains(key);
        return value ? value->to_number<std::int64_t>() : otherwise;
    };
    return {number("capacity", 0), number("used", 0), number("min_unit", 1), number("max_unit", 0),
            number("step_size", 1)};
}
} // namespace

Scheduler::~Scheduler() {
    stop();
    store_.stop_waiting();
}

void Scheduler::start() {
    if (kinds_.empty()) return;
    auto const since = store_.revision(); // what changes while the list is read is seen in the feed
    index_ = list();
    publish(since);
    follower_ = world::Thread("scheduler.follow", [this, since] { follow(since); });
}

void Scheduler::stop() {
    world::Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
}

contract::Candidates Scheduler::candidates(contract::Demand const& demand) const {
    check(demand);
    auto const seed = world::random_u64();
    std::shared_lock const lock(index_mutex_);
    return index_.candidates(demand, options_.weights, seed);
}

bool Scheduler::wait_for(std::uint64_t revision, world::Instant until) const {
    world::Lock lock(mutex_);
    return changed_.wait_until(lock, until, [&] { return revision_ >= revision; });
}

void Scheduler::publish(std::uint64_t revision) {
    world::Lock lock(mutex_);
    revision_ = revision;
    changed_.notify_all();
}

HostKind const* Scheduler::find(std::string_view kind) const {
    auto const found = std::ranges::find(kinds_, kind, &HostKind::kind);
    return found == kinds_.end() ? nullptr : &*found;
}

Index Scheduler::list() const {
    Index fresh;
    for (auto const& kind : kinds_) {
        stored::Query query;
        query.kind = kind.kind;
        while (true) {
            auto const page = store_.query(query);
            for (auto const& document : page.documents) {
                add(fresh, kind, document);
                add_stock(fresh, document.id, store_.accounts_of(document.id));
            }
            if (!page.more) break;
            query.marker = page.documents.back().id;
        }
    }
    return fresh;
}

void Scheduler::add(Index& index, HostKind const& kind, stored::Document const& document) const {
    index.put(document.id, texts(document.body, kind.traits), texts(document.body, kind.aggregates));
}

void Scheduler::add_stock(Index& index, std::string const& host, std::vector<stored::Account> const& accounts) const {
    for (auto const& account : accounts)
        index.set_stock(
            host, account.resource,
            {ledger::capacity(account), account.used, account.min_unit, account.max_unit, account.step_size});
}

void Scheduler::follow(std::uint64_t since) {
    stored::Changes from;
    from.since = since;
    for (auto const& kind : kinds_) from.kinds.push_back(kind.kind);
    from.kinds.emplace_back(store::account_kind);
    bool lost = false; // what was told since, because it is compacted or could not be read; then all is listed
    while (true) {
        try {
            if (std::exchange(lost, false)) {
                from.since = store_.revision();
                from.skip = 0;
                auto fresh = list();
                std::unique_lock const lock(index_mutex_);
                std::swap(index_, fresh);
            }
            publish(from.since);
            auto const feed = store_.changes(from);
            take(feed.entries);
            from.since = feed.revision;
            from.skip = feed.skip;
        } catch (std::exception const& error) {
            world::Lock lock(mutex_);
            if (stopping_) return;
            log::write(Level::warning, "scheduler", "the feed could not be read; listing the hosts again",
                       {{"error", error.what()}});
            lost = true;
            if (changed_.wait_for(lock, options_.pause, [this] { return stopping_; })) return;
        }
    }
}

// All that takes time is read before the index is locked.
void Scheduler::take(std::vector<stored::FeedEntry> const& entries) {
    std::map<std::string, HostKind const*> touched;
    std::map<std::string, json::object> accounts;
    for (auto const& entry : entries) {
        if (entry.change == stored::Change::account)
            for (auto const& [resource, told] : entry.note) accounts[entry.id][resource] = told;
        else if (auto const* kind = find(entry.kind))
            touched.emplace(entry.id, kind);
    }
    struct Read {
        HostKind const* kind;
        std::string id;
        std::optional<stored::Document> document;
        std::vector<stored::Account> accounts; // of a host that is new here
    };
    std::vector<Read> reads;
    for (auto const& [id, kind] : touched) {
        auto& read = reads.emplace_back(Read{kind, id, store_.get({kind->kind, id, 0}), {}});
        if (!read.document || index_.has(id)) continue;
        read.accounts = store_.accounts_of(id);
        accounts.erase(id); // what the feed tells of them here is older
    }

    std::unique_lock const lock(index_mutex_);
    for (auto const& read : reads) {
        if (!read.document) {
            index_.remove(read.id);
            continue;
        }
        add(index_, *read.kind, *read.document);
        add_stock(index_, read.id, read.accounts);
    }
    for (auto const& [id, resources] : accounts)
        for (auto const& [resource, told] : resources) {
            if (told.is_object())
                index_.set_stock(id, resource, stock_of(told.get_object()));
            else
                index_.drop_stock(id, resource);
        }
}

} // namespace volutus::kernel::scheduler

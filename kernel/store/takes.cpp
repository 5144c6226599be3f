#include <kernel/store/schema.hpp>
#include <kernel/store/takes.hpp>

#include <fmt/format.h>

#include <limits>

namespace volutus::kernel::store {

namespace {
[[noreturn]] void refuse_exhausted(contract::Take const& take) {
    throw Error(Code::exhausted,
                fmt::format("the pool '{}' has no free value in {}..{}; give some back or widen it", take.pool,
                            take.first, take.last),
                json::print(json::object{{"pool", take.pool}, {"first", take.first}, {"last", take.last}}));
}

void check(contract::Take const& take) {
    check_name("the pool", take.pool);
    check_name("the consumer of a take", take.consumer);
    // One value at each end is left out, so that a neighbour of a value always exists.
    if (take.first > take.last || take.first == std::numeric_limits<std::int64_t>::min() ||
        take.last == std::numeric_limits<std::int64_t>::max())
        throw Error(Code::invalid, fmt::format("the range {}..{} of the pool '{}' is empty or too wide", take.first,
                                               take.last, take.pool));
    if (take.wanted && (*take.wanted < take.first || *take.wanted > take.last))
        throw Error(Code::invalid, fmt::format("the value {} wanted of the pool '{}' is not in {}..{}", *take.wanted,
                                               take.pool, take.first, take.last));
}
} // namespace

std::int64_t Takes::take(contract::Take const& wanted) {
    check(wanted);
    std::int64_t value = wanted.first;
    if (wanted.wanted) {
        value = *wanted.wanted;
        auto holder = db_.query("SELECT consumer FROM take_values WHERE pool = ?1 AND value = ?2", wanted.pool, value);
        if (holder.next()) {
            if (holder.text(0) == wanted.consumer) return value;
            throw Error(
                Code::conflict,
                fmt::format("the value {} of the pool '{}' is taken by {}", value, wanted.pool, holder.text(0)),
                json::print(json::object{{"pool", wanted.pool}, {"value", value}, {"consumer", holder.text(0)}}));
        }
    } else {
        {
            auto held = db_.query(
                "SELECT value FROM take_values WHERE pool = ?1 AND consumer = ?2 AND value >= ?3 AND value <= ?4 "
                "ORDER BY value LIMIT 1",
                wanted.pool, wanted.consumer, wanted.first, wanted.last);
            if (held.next()) return held.integer(0);
        }
        auto const span = span_at(wanted.pool, value);
        if (span && span->last >= value) value = span->last + 1;
        if (value > wanted.last) refuse_exhausted(wanted);
    }
    db_.execute("INSERT INTO take_values (pool, value, consumer) VALUES (?1, ?2, ?3)", wanted.pool, value,
                wanted.consumer);
    add(wanted.pool, value);
    return value;
}

void Takes::give_back(contract::GiveBack const& given) {
    check_name("the pool", given.pool);
    check_name("the consumer of a give_back", given.consumer);
    std::vector<std::int64_t> values;
    {
        auto held =
            db_.query("SELECT value FROM take_values WHERE pool = ?1 AND consumer = ?2", given.pool, given.consumer);
        while (held.next())
            if (!given.value || *given.value == held.integer(0)) values.push_back(held.integer(0));
    }
    for (auto const value : values) {
        db_.execute("DELETE FROM take_values WHERE pool = ?1 AND value = ?2", given.pool, value);
        drop(given.pool, value);
    }
}

std::optional<Takes::Span> Takes::span_at(std::string_view pool, std::int64_t value) {
    auto found = db_.query(
        "SELECT first, last FROM take_spans WHERE pool = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1", pool, value);
    if (!found.next()) return std::nullopt;
    return Span{found.integer(0), found.integer(1)};
}

void Takes::add(std::string_view pool, std::int64_t value) {
    Span merged{value, value};
    if (auto const before = span_at(pool, value); before && before->last == value - 1) {
        merged.first = before->first;
        erase(pool, before->first);
    }
    if (auto const after = span_at(pool, value + 1); after && after->first == value + 1) {
        merged.last = after->last;
        erase(pool, after->first);
    }
    insert(pool, merged);
}

void Takes::drop(std::string_view pool, std::int64_t value) {
    auto const span = span_at(pool, value);
    if (!span || span->last < value)
        throw Error(Code::internal, fmt::format("the spans of the pool '{}' miss {}; run volutus verify", pool, value));
    erase(pool, span->first);
    if (span->first < value) insert(pool, {span->first, value - 1});
    if (span->last > value) insert(pool, {value + 1, span->last});
}

void Takes::insert(std::string_view pool, Span span) {
    db_.execute("INSERT INTO take_spans (pool, first, last) VALUES (?1, ?2, ?3)", pool, span.first, span.last);
}

void Takes::erase(std::string_view pool, std::int64_t first) {
    db_.execute("DELETE FROM take_spans WHERE pool = ?1 AND first = ?2", pool, first);
}

void verify_takes(Connection& connection, std::vector<Difference>& found) {
    auto spans = connection.query("SELECT pool, first, last FROM take_spans ORDER BY pool, first");
    auto compare = [&](std::string const& pool, std::int64_t first, std::int64_t last) {
        auto const expected = fmt::format("{} {}..{}", pool, first, last);
        auto const stored =
            spans.next() ? fmt::format("{} {}..{}", spans.text(0), spans.integer(1), spans.integer(2)) : "nothing";
        if (stored != expected) found.push_back({"spans of taken values", expected, stored});
        return stored == expected;
    };
    auto values = connection.query("SELECT pool, value FROM take_values ORDER BY pool, value");
    std::optional<std::string> pool;
    std::int64_t first = 0, last = 0;
    while (values.next()) {
        if (pool && *pool == values.text(0) && values.integer(1) == last + 1) {
            last = values.integer(1);
            continue;
        }
        if (pool && !compare(*pool, first, last)) return; // what follows is out of step
        pool = values.string(0);
        first = last = values.integer(1);
    }
    if (pool && !compare(*pool, first, last)) return;
    if (spans.next()) found.push_back({"spans of taken values", "nothing more", spans.string(0)});
}

} // namespace volutus::kernel::store

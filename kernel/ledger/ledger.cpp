#include <kernel/ledger/ledger.hpp>
#include <kernel/store/schema.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace volutus::kernel::ledger {

namespace contract = volutus::store;
using store::check_name;

namespace {
constexpr int deepest_chain = 16;
constexpr std::int64_t most = std::int64_t(1) << 62; // of a total or a claim, so that a sum of two never overflows

std::string details(contract::Account const& account, std::int64_t asked) {
    return json::print(json::object{{"account", account.account},
                                    {"resource", account.resource},
                                    {"total", account.total},
                                    {"used", account.used},
                                    {"asked", asked}});
}

json::object told(contract::Account const& account) {
    json::object state{{"total", account.total}, {"capacity", capacity(account)}, {"used", account.used}};
    if (account.min_unit != 1) state["min_unit"] = account.min_unit;
    if (account.max_unit != 0) state["max_unit"] = account.max_unit;
    if (account.step_size != 1) state["step_size"] = account.step_size;
    return state;
}

[[noreturn]] void refuse_unknown(std::string_view account, std::string_view resource) {
    throw Error(Code::not_found, fmt::format("the account '{}' has no resource '{}'; set it first", account, resource),
                json::print(json::object{{"account", account}, {"resource", resource}}));
}

void check_room(contract::Account const& account, std::int64_t asked) {
    auto const room = capacity(account);
    if (account.used <= room && asked <= room - account.used) return;
    throw Error(account.quota ? Code::over_quota : Code::exhausted,
                fmt::format("the account '{}' is short of {}: {} of {} are used and {} are asked for", account.account,
                            account.resource, account.used, room, asked),
                details(account, asked));
}

void check_units(contract::Account const& account, std::int64_t amount) {
    if (amount >= account.min_unit && (account.max_unit == 0 || amount <= account.max_unit) &&
        amount % account.step_size == 0)
        return;
    throw Error(Code::conflict,
                fmt::format("the account '{}' gives {} from {} to {} in steps of {}; {} are asked for", account.account,
                            account.resource, account.min_unit,
                            account.max_unit ? std::to_string(account.max_unit) : "any number", account.step_size,
                            amount),
                details(account, amount));
}

void check_numbers(contract::Account const& account) {
    auto const sound = account.total >= -1 && account.total <= most && account.reserved >= 0 &&
                       account.reserved <= most && std::isfinite(account.ratio) && account.ratio > 0 &&
                       account.min_unit >= 1 && account.max_unit >= 0 && account.step_size >= 1;
    if (!sound)
        throw Error(
            Code::invalid,
            fmt::format(
                "the account '{}' of {}: total is at least -1, reserved and max_unit at least 0, ratio above 0, "
                "min_unit and step_size at least 1",
                account.account, account.resource));
    if (account.inherited && !account.quota)
        throw Error(Code::invalid, fmt::format("the account '{}' of {} is no quota, and only a quota has a default",
                                               account.account, account.resource));
}
} // namespace

contract::Account read_account(store::Rows const& row) {
    contract::Account account;
    account.account = row.string(0);
    account.resource = row.string(1);
    account.parent = row.string(2);
    account.total = row.integer(3);
    account.reserved = row.integer(4);
    account.ratio = row.number(5);
    account.min_unit = row.integer(6);
    account.max_unit = row.integer(7);
    account.step_size = row.integer(8);
    account.quota = row.integer(9) != 0;
    account.used = row.integer(10);
    account.inherited = row.integer(11) != 0;
    return account;
}

std::int64_t capacity(contract::Account const& account) {
    if (account.total == -1) return std::numeric_limits<std::int64_t>::max();
    auto const free = account.total - account.reserved;
    if (free <= 0) return 0;
    if (account.ratio == 1.0) return free; // exact beyond 2^53
    return static_cast<std::int64_t>(
        std::min(std::floor(static_cast<double>(free) * account.ratio), static_cast<double>(most)));
}

std::optional<contract::Account> Ledger::load(std::string_view account, std::string_view resource) {
    static std::string const sql =
        fmt::format("SELECT {} FROM ledger_accounts a WHERE account = ?1 AND resource = ?2", account_columns);
    auto row = db_.query(sql, account, resource);
    if (!row.next()) return std::nullopt;
    return read_account(row);
}

void Ledger::set(contract::SetAccount const& wanted) {
    check_name("the account", wanted.account);
    check_name("the resource", wanted.resource);
    auto const before = load(wanted.account, wanted.resource);
    if (!before && !wanted.total && wanted.inherited.value_or(false)) return;
    touched_.emplace(wanted.account, wanted.resource);
    if (wanted.drop) {
        if (before) drop(*before);
        return;
    }
    if (!before && !wanted.total)
        throw Error(Code::invalid,
                    fmt::format("the account '{}' of {} is new and needs a total", wanted.account, wanted.resource));
    auto after = before.value_or(contract::Account{});
    after.account = wanted.account;
    after.resource = wanted.resource;
    after.total = wanted.total.value_or(after.total);
    after.reserved = wanted.reserved.value_or(after.reserved);
    after.ratio = wanted.ratio.value_or(after.ratio);
    after.min_unit = wanted.min_unit.value_or(after.min_unit);
    after.max_unit = wanted.max_unit.value_or(after.max_unit);
    after.step_size = wanted.step_size.value_or(after.step_size);
    after.parent = wanted.parent.value_or(after.parent);
    after.quota = wanted.quota.value_or(after.quota);
    after.inherited = wanted.inherited.value_or(after.inherited && !wanted.total);
    check_numbers(after);
    // What is used moves with the account from one chain to another.
    bool const moves = before && before->parent != after.parent && before->used > 0;
    if (moves && !before->parent.empty()) add_used(before->parent, after.resource, -before->used);
    save(after);
    check_chain(after);
    if (moves && !after.parent.empty()) add_used(after.parent, after.resource, before->used);
}

void Ledger::save(contract::Account const& account) {
    db_.execute("INSERT INTO ledger_accounts (account, resource, parent, total, reserved, ratio, min_unit, max_unit, "
                "step_size, quota, used, inherited) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
                "ON CONFLICT (account, resource) DO UPDATE SET parent = excluded.parent, total = excluded.total, "
                "reserved = excluded.reserved, ratio = excluded.ratio, "
                "min_unit = excluded.min_unit, max_unit = excluded.max_unit, step_size = excluded.step_size, "
                "quota = excluded.quota, inherited = excluded.inherited",
                account.account, account.resource, account.parent, account.total, account.reserved, account.ratio,
                account.min_unit, account.max_unit, account.step_size, account.quota, account.used, account.inherited);
}

void Ledger::check_chain(contract::Account const& account) {
    auto parent = account.parent;
    for (int depth = 0; !parent.empty(); ++depth) {
        if (depth == deepest_chain || parent == account.account)
            throw Error(Code::invalid, fmt::format("the parents of the account '{}' go round or are more than {}",
                                                   account.account, deepest_chain));
        auto const next = load(parent, account.resource);
        if (!next) refuse_unknown(parent, account.resource);
        parent = next->parent;
    }
}

void Ledger::drop(contract::Account const& account) {
    auto refuse = [&](store::Rows& rows, std::string_view what, std::string_view key) {
        if (!rows.next()) return;
        throw Error(Code::conflict,
                    fmt::format("the account '{}' of {} cannot go: it has the {} '{}'", account.account,
                                account.resource, what, rows.text(0)),
                    json::print(json::object{
                        {"account", account.account}, {"resource", account.resource}, {key, rows.text(0)}}));
    };
    auto claims = db_.query("SELECT consumer FROM ledger_claims WHERE account = ?1 AND resource = ?2 LIMIT 1",
                            account.account, account.resource);
    refuse(claims, "claim of", "consumer");
    auto children = db_.query("SELECT account FROM ledger_accounts WHERE parent = ?1 AND resource = ?2 LIMIT 1",
                              account.account, account.resource);
    refuse(children, "child", "child");
    db_.execute("DELETE FROM ledger_accounts WHERE account = ?1 AND resource = ?2", account.account, account.resource);
}

void Ledger::add_used(std::string_view account, std::string_view resource, std::int64_t amount) {
    std::string name(account);
    while (!name.empty()) { // ends, because check_chain lets no ring be made
        auto const found = load(name, resource);
        if (!found) return;
        db_.execute("UPDATE ledger_accounts SET used = used + ?3 WHERE account = ?1 AND resource = ?2", name, resource,
                    amount);
        touched_.emplace(name, resource);
        name = found->parent;
    }
}

contract::Account Ledger::inherit(contract::Claim const& claim, std::optional<contract::Account> const& before) {
    auto account = before.value_or(
        contract::Account{.account = claim.account, .resource = claim.resource, .quota = true, .inherited = true});
    if (before && account.total == *claim.limit) return account;
    account.total = *claim.limit;
    check_numbers(account);
    save(account);
    touched_.emplace(account.account, account.resource);
    return account;
}

void Ledger::claim(contract::Claim const& claim) {
    check_name("the account", claim.account);
    check_name("the resource", claim.resource);
    check_name("the consumer of a claim", claim.consumer);
    if (claim.amount < 1 || claim.amount > most)
        throw Error(Code::invalid,
                    fmt::format("a claim of {} on '{}' must be at least 1", claim.amount, claim.account));
    std::int64_t held = 0;
    {
        auto row = db_.query("SELECT amount FROM ledger_claims WHERE account = ?1 AND resource = ?2 AND consumer = ?3",
                             claim.account, claim.resource, claim.consumer);
        if (row.next()) held = row.integer(0);
    }
    auto account = load(claim.account, claim.resource);
    if (claim.limit && (!account || account->inherited)) account = inherit(claim, account);
    if (!account) refuse_unknown(claim.account, claim.resource);
    check_units(*account, held + claim.amount);
    while (account) {
        // Unlimited accounts count too; the sum of what they hold must stay a number.
        if (account->used > most - claim.amount)
            throw Error(Code::invalid, "the claims on '" + account->account + "' are too large");
        check_room(*account, claim.amount);
        account = account->parent.empty() ? std::nullopt : load(account->parent, claim.resource);
    }
    add_used(claim.account, claim.resource, claim.amount);
    db_.execute("INSERT INTO ledger_claims (account, resource, consumer, amount) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (account, resource, consumer) DO UPDATE SET amount = excluded.amount",
                claim.account, claim.resource, claim.consumer, held + claim.amount);
}

void Ledger::release(contract::Release const& release) {
    check_name("the consumer of a release", release.consumer);
    std::vector<contract::Claim> gone;
    {
        auto rows =
            db_.query("SELECT account, resource, amount FROM ledger_claims WHERE consumer = ?1", release.consumer);
        while (rows.next())
            if ((release.account.empty() || release.account == rows.text(0)) &&
                (release.resource.empty() || release.resource == rows.text(1)))
                gone.push_back({rows.string(0), rows.string(1), release.consumer, rows.integer(2)});
    }
    for (auto const& claim : gone) {
        db_.execute("DELETE FROM ledger_claims WHERE account = ?1 AND resource = ?2 AND consumer = ?3", claim.account,
                    claim.resource, claim.consumer);
        add_used(claim.account, claim.resource, -claim.amount);
    }
}

std::map<std::string, json::object> Ledger::changed() {
    std::map<std::string, json::object> changes;
    for (auto const& [account, resource] : touched_) {
        auto const now = load(account, resource);
        changes[account][resource] = now ? json::value(told(*now)) : json::value();
    }
    return changes;
}

} // namespace volutus::kernel::ledger

// The ledger and the pools of the fake store: accounts with a total, claims within it, values taken of ranges. An account
// that nobody has made is unlimited, so that a test sets only what it is about. No parents, units or ratios.
#pragma once

#include <volutus/contract/store.hpp>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace volutus::testkit {

class FakeLedger {
public:
    using Key = std::pair<std::string, std::string>; // account, resource
    using Limits = std::map<Key, std::int64_t>;

    void set(store::SetAccount const& wanted) {
        Key const key{wanted.account, wanted.resource};
        bool const there = accounts_.count(key) > 0;
        if (wanted.drop) {
            if (used(key) > 0) throw Error(Code::conflict, "the account " + wanted.account + " has claims");
            accounts_.erase(key);
            return;
        }
        if (!there && !wanted.total) {
            if (wanted.inherited.value_or(false)) return;
            throw Error(Code::invalid, "the account " + wanted.account + " is new and needs a total");
        }
        auto& account = open(key);
        account.total = wanted.total.value_or(account.total);
        account.reserved = wanted.reserved.value_or(account.reserved);
        account.quota = wanted.quota.value_or(account.quota);
        account.inherited = wanted.inherited.value_or(account.inherited && !wanted.total);
    }

    // `limits` go before what the account itself says.
    void claim(store::Claim const& row, Limits const& limits) {
        Key const key{row.account, row.resource};
        bool const fresh = accounts_.count(key) == 0;
        auto& account = open(key);
        if (row.limit && (fresh || account.inherited)) {
            account.total = *row.limit;
            account.quota = account.inherited = true;
        }
        auto const found = limits.find(key);
        auto const total = found == limits.end() ? account.total : found->second;
        auto const before = used(key);
        if (total != -1 && (before > total - account.reserved || row.amount > total - account.reserved - before)) {
            json::object const details{{"account", row.account},
                                       {"resource", row.resource},
                                       {"total", total},
                                       {"used", before},
                                       {"asked", row.amount}};
            bool const quota = account.quota || found != limits.end();
            throw Error(quota ? Code::over_quota : Code::exhausted,
                        "account " + row.account + " is short of " + row.resource, json::print(details));
        }
        claims_[{row.account, row.resource, row.consumer}] += row.amount;
    }

    void release(store::Release const& row) {
        for (auto at = claims_.begin(); at != claims_.end();) {
            auto const& [account, resource, consumer] = at->first;
            bool const meant = consumer == row.consumer && (row.account.empty() || row.account == account) &&
                               (row.resource.empty() || row.resource == resource);
            at = meant ? claims_.erase(at) : std::next(at);
        }
    }

    std::int64_t used(Key const& key) const {
        std::int64_t sum = 0;
        for (auto const& [who, amount] : claims_)
            if (std::get<0>(who) == key.first && std::get<1>(who) == key.second) sum += amount;
        return sum;
    }

    // All in one page.
    store::Accounts accounts(store::AccountQuery const& question) const {
        store::Accounts page;
        auto holds = [](std::optional<std::string> const& wanted, std::string const& is) {
            return !wanted || *wanted == is;
        };
        std::set<Key> claimed;
        for (auto const& [who, amount] : claims_) {
            auto const& [account, resource, consumer] = who;
            if (!holds(question.account, account) || !holds(question.resource, resource) ||
                !holds(question.consumer, consumer))
                continue;
            claimed.insert({account, resource});
            if (!question.account && !question.consumer) continue;
            store::Claim claim;
            claim.account = account;
            claim.resource = resource;
            claim.consumer = consumer;
            claim.amount = amount;
            page.claims.push_back(std::move(claim));
        }
        for (auto const& [key, account] : accounts_) {
            if (!holds(question.account, key.first) || !holds(question.resource, key.second)) continue;
            if (question.consumer && claimed.count(key) == 0) continue;
            page.accounts.push_back(account);
            page.accounts.back().used = used(key);
        }
        return page;
    }

    std::int64_t take(store::Take const& row) {
        auto& pool = pools_[row.pool];
        auto const value = row.wanted ? *row.wanted : lowest(pool, row);
        auto const [held, fresh] = pool.emplace(value, row.consumer);
        if (!fresh && held->second != row.consumer)
            throw Error(Code::conflict, "the value " + std::to_string(value) + " of " + row.pool + " is taken",
                        json::print(json::object{{"pool", row.pool}, {"value", value}, {"consumer", held->second}}));
        return value;
    }

    void give_back(store::GiveBack const& row) {
        auto& pool = pools_[row.pool];
        for (auto at = pool.begin(); at != pool.end();) {
            bool const meant = at->second == row.consumer && (!row.value || *row.value == at->first);
            at = meant ? pool.erase(at) : std::next(at);
        }
    }

private:
    using Pool = std::map<std::int64_t, std::string>; // value to consumer

    store::Account& open(Key const& key) {
        auto [at, fresh] = accounts_.try_emplace(key);
        if (fresh) {
            at->second.account = key.first;
            at->second.resource = key.second;
            at->second.total = -1;
        }
        return at->second;
    }

    // What the consumer holds in the range already, else what nobody holds.
    static std::int64_t lowest(Pool const& pool, store::Take const& row) {
        for (auto at = pool.lower_bound(row.first); at != pool.end() && at->first <= row.last; ++at)
            if (at->second == row.consumer) return at->first;
        auto value = row.first;
        while (value <= row.last && pool.count(value)) ++value;
        if (value > row.last)
            throw Error(Code::exhausted, "the pool " + row.pool + " has no free value",
                        json::print(json::object{{"pool", row.pool}, {"first", row.first}, {"last", row.last}}));
        return value;
    }

    std::map<Key, store::Account> accounts_; // `used` is counted when asked for
    std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> claims_;
    std::map<std::string, Pool> pools_;
};

} // namespace volutus::testkit

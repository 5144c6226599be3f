// Quota and placement: accounts with a capacity, and claims on them by consumers. Part of apply: everything here runs
// within the transaction of one, and use changes together with the claims and nowhere else.
#pragma once

#include <kernel/store/difference.hpp>
#include <kernel/store/engine.hpp>
#include <volutus/contract/store.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace volutus::kernel::ledger {

// floor((total - reserved) * ratio), never below 0; the largest integer when total is -1.
std::int64_t capacity(volutus::store::Account const& account);

inline constexpr std::string_view account_columns = "a.account, a.resource, a.parent, a.total, a.reserved, a.ratio, "
                                                    "a.min_unit, a.max_unit, a.step_size, a.quota, a.used, "
                                                    "a.inherited";
volutus::store::Account read_account(store::Rows const& row); // of account_columns

class Ledger {
public:
    explicit Ledger(store::Connection& connection) : db_(connection) {}
    void set(volutus::store::SetAccount const& wanted);
    void claim(volutus::store::Claim const& claim); // over_quota or exhausted, with the account that is short
    void release(volutus::store::Release const& release);

    // {account: {resource: {"total", "capacity", "used"}}} of all that changed, as the feed tells it; null for one that
    // was dropped.
    std::map<std::string, json::object> changed();

private:
    using Key = std::pair<std::string, std::string>; // account, resource
    std::optional<volutus::store::Account> load(std::string_view account, std::string_view resource);
    // The account of a claim that brings a limit, where nobody has set one: made, or brought up to date.
    volutus::store::Account inherit(volutus::store::Claim const& claim,
                                    std::optional<volutus::store::Account> const& before);
    void add_used(std::string_view account, std::string_view resource,
                  std::int64_t amount); // along the chain, unchecked
    void check_chain(volutus::store::Account const& account);
    void drop(volutus::store::Account const& account);
    void save(volutus::store::Account const& account);

    store::Connection& db_;
    std::set<Key> touched_;
};

// All of one name, without their claims.
std::vector<volutus::store::Account> accounts_of(store::Connection& connection, std::string_view account);
volutus::store::Accounts accounts(store::Connection& connection, volutus::store::AccountQuery const& query);

// Recomputes use from the claims; every claim must have its account, every chain its end.
void verify(store::Connection& connection, std::vector<store::Difference>& found);

} // namespace volutus::kernel::ledger

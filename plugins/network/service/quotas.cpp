#include "quotas.hpp"

#include "refusal.hpp"

#include <volutus/resource.hpp>

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>

namespace volutus::network_service {

namespace {

struct Row {
    std::string_view name;
    std::optional<std::int64_t> Quota::* value;
    std::int64_t Limits::* limit;
};
constexpr std::array<Row, 8> quota_rows{
    {{"network", &Quota::network, &Limits::network},
     {"subnet", &Quota::subnet, &Limits::subnet},
     {"port", &Quota::port, &Limits::port},
     {"router", &Quota::router, &Limits::router},
     {"floatingip", &Quota::floatingip, &Limits::floatingip},
     {"security_group", &Quota::security_group, &Limits::security_group},
     {"security_group_rule", &Quota::security_group_rule, &Limits::security_group_rule},
     {"subnetpool", &Quota::subnetpool, &Limits::subnetpool}}};

std::map<std::string, store::Account> accounts_of(Store& store, std::string const& project) {
    std::map<std::string, store::Account> accounts;
    store::AccountQuery query;
    query.account = project;
    while (true) {
        auto page = store.accounts(query);
        for (auto& account : page.accounts) accounts[account.resource] = std::move(account);
        if (!page.next_after) return accounts;
        query.after = page.next_after;
    }
}

std::int64_t limit_of(Row const& row, std::map<std::string, store::Account> const& accounts, Limits const& limits) {
    auto const found = accounts.find(std::string(row.name));
    return found == accounts.end() || found->second.inherited ? limits.*row.limit : found->second.total;
}

Quota quota_of(Store& store, std::string const& project, Limits const& limits) {
    Quota quota;
    auto const accounts = accounts_of(store, project);
    for (auto const& row : quota_rows) quota.*row.value = limit_of(row, accounts, limits);
    return quota;
}

void refuse_below_use(Row const& row, std::int64_t limit, std::map<std::string, store::Account> const& accounts) {
    auto const found = accounts.find(std::string(row.name));
    if (limit < 0 || found == accounts.end() || found->second.used <= limit) return;
    refuse(Code::over_quota, "OverQuota",
           fmt::format("Quota limit {} for {} is below the {} that are used.", limit, row.name, found->second.used));
}

} // namespace

Reply Quotas::list(Request& request) {
    std::set<std::string> projects;
    for (auto const& row : quota_rows) {
        store::AccountQuery query;
        query.resource = std::string(row.name);
        while (true) {
            auto const page = request.store().accounts(query);
            for (auto const& account : page.accounts)
                if (!account.inherited) projects.insert(account.account);
            if (!page.next_after) break;
            query.after = page.next_after;
        }
    }
    std::vector<Quota> quotas;
    for (auto const& project : projects) {
        quotas.push_back(quota_of(request.store(), project, settings_.limits));
        quotas.back().project_id = project;
    }
    return request.shown_all(quotas);
}

Reply Quotas::show(Request& request) {
    return request.shown(quota_of(request.store(), request.parameter("project_id"), settings_.limits));
}

Reply Quotas::defaults(Request& request) {
    Quota quota;
    for (auto const& row : quota_rows) quota.*row.value = settings_.limits.*row.limit;
    return request.shown(quota);
}

Reply Quotas::details(Request& request) {
    json::object shown;
    auto const accounts = accounts_of(request.store(), request.parameter("project_id"));
    for (auto const& row : quota_rows) {
        auto const found = accounts.find(std::string(row.name));
        shown[row.name] = json::object{{"limit", limit_of(row, accounts, settings_.limits)},
                                       {"used", found == accounts.end() ? 0 : found->second.used},
                                       {"reserved", 0}};
    }
    return request.reply(json::object{{"quota", std::move(shown)}});
}

Reply Quotas::update(Request& request) {
    Quota wanted;
    request.change(wanted);
    auto const& project = request.parameter("project_id");
    auto const accounts = accounts_of(request.store(), project);
    Writes writes;
    for (auto const& row : quota_rows) {
        if (!(wanted.*row.value)) continue;
        if (wanted.check_limit && !wanted.force) refuse_below_use(row, *(wanted.*row.value), accounts);
        store::SetAccount account;
        account.account = project;
        account.resource = row.name;
        account.total = wanted.*row.value;
        account.quota = true;
        writes += set_account(std::move(account));
    }
    if (!writes.apply.set.empty()) request.apply(std::move(writes)); // clients send {"force": true} alone
    return show(request);
}

Reply Quotas::reset(Request& request) {
    Writes writes;
    for (auto const& row : quota_rows) {
        store::SetAccount account;
        account.account = request.parameter("project_id");
        account.resource = row.name;
        account.inherited = true;
        writes += set_account(std::move(account));
    }
    request.apply(std::move(writes));
    return request.reply();
}

} // namespace volutus::network_service

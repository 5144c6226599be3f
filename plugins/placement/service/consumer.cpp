#include "consumer.hpp"

#include <volutus/formats.hpp>

#include <set>

namespace volutus::placement_service {

std::string Held::project() const {
    if (document) return document->project;
    return quota_project.empty() ? nobody : quota_project;
}

Held held_by(Store& store, std::string const& consumer) {
    Held held;
    held.consumer = consumer;
    held.document = store.get<Consumer>(consumer);
    store::AccountQuery query;
    query.consumer = consumer;
    while (true) {
        auto page = store.accounts(query);
        std::set<std::pair<std::string, std::string>> quotas;
        for (auto const& account : page.accounts)
            if (account.quota) quotas.emplace(account.account, account.resource);
        for (auto const& claim : page.claims) {
            if (quotas.count({claim.account, claim.resource}))
                held.quota_project = claim.account;
            else
                held.allocations[claim.account][claim.resource] = claim.amount;
        }
        if (!page.next_after) return held;
        query.after = std::move(page.next_after);
    }
}

Writes replace_allocations(Held const& held, Wanted const& wanted) {
    Writes writes;
    for (auto const& [provider, amounts] : held.allocations) writes += release(wanted.consumer, provider);
    for (auto const& [provider, amounts] : wanted.allocations)
        for (auto const& [resource, amount] : amounts) writes += claim(provider, resource, wanted.consumer, amount);
    if (wanted.allocations.empty()) return held.document ? std::move(writes) + remove(*held.document) : writes;
    auto document = held.document.value_or(Consumer{});
    auto const now = timestamp_now();
    if (!held.there()) {
        document.generation = 0;
        document.created_at = now;
    }
    document.id = wanted.consumer;
    document.project = wanted.project;
    document.user = wanted.user;
    if (!wanted.type.empty() || !held.there()) document.type = wanted.type;
    ++document.generation;
    document.updated_at = now;
    return std::move(writes) + put(document);
}

} // namespace volutus::placement_service

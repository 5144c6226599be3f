// The contract volutus.store/1 as one plugin sees it: the store with that plugin's name on its applies, and the call's
// deadline and cancellation on what waits.
#pragma once

#include <kernel/plugin/endpoint.hpp>
#include <kernel/store/store.hpp>

#include <memory>
#include <string>

namespace volutus::kernel::store {

class Service final : public contract::BasicStore<json::Printed> {
public:
    Service(store::Store& store, std::string owner) : store_(store), owner_(std::move(owner)) {}
    contract::Applied apply(Call& call, contract::Apply const& apply) override;
    std::optional<contract::BasicDocument<json::Printed>> get(Call& call, contract::Get const& wanted) override;
    contract::BasicPage<json::Printed> query(Call& call, contract::Query const& query) override;
    contract::Counted count(Call& call, contract::Count const& wanted) override;
    contract::ReferrerPage referrers(Call& call, contract::Referrers const& wanted) override;
    contract::Accounts accounts(Call& call, contract::AccountQuery const& query) override;
    contract::Feed changes(Call& call, contract::Changes const& wanted) override;
    contract::BlobId put_blob(Call& call) override;
    void get_blob(Call& call, contract::BlobId const& wanted) override;

private:
    store::Store& store_;
    std::string owner_;
};

// What a registry gives a plugin for volutus.store/1. The store outlives it.
std::shared_ptr<plugin::Endpoint> endpoint_of(store::Store& store, std::string const& owner);

} // namespace volutus::kernel::store

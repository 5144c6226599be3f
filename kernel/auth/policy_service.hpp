// The contract volutus.policy/1: the caller of the call, and the policy that was loaded.
#pragma once

#include <kernel/auth/policy.hpp>
#include <volutus/contract/policy.hpp>

#include <memory>

namespace volutus::kernel::auth {

// Answers calls that arrive in a frame of the kernel (plugin::BuiltIn). A call of the cloud itself may do everything.
class PolicyService final : public policy_rules::Policy {
public:
    explicit PolicyService(std::shared_ptr<auth::Policy const> policy) : policy_(std::move(policy)) {}
    policy_rules::Decision enforce(Call& call, policy_rules::Question const& question) override;

private:
    bool is_filled_for(policy_rules::Question const& question) const;
    std::vector<std::string> reads(policy_rules::Question const& question) const;

    std::shared_ptr<auth::Policy const> policy_;
};

} // namespace volutus::kernel::auth

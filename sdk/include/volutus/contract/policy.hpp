// volutus.policy/1: may the caller of this call do that? Provided by the kernel. The rules' defaults stand in the
// manifests ("policies"), the operator's overrides in the configuration.
#pragma once

#include <volutus/contract.hpp>
#include <volutus/json.hpp>

#include <string>
#include <vector>

namespace volutus::policy_rules {

struct Question {
    std::vector<std::string> rules; // 1 to 100, all about one target; a rule that nobody declared is refused
    json::object target;            // what the checks compare with: %(project_id)s, %(target.user.id)s, ...
};
BOOST_DESCRIBE_STRUCT(Question, (), (rules, target))

struct Decision {
    std::vector<std::string> refused; // those of the question that the caller may not; empty = all allowed
};
BOOST_DESCRIBE_STRUCT(Decision, (), (refused))

struct Policy {
    virtual ~Policy() = default;
    virtual Decision enforce(Call&, Question const&) = 0;
};
inline constexpr auto contract = volutus::contract<Policy>("volutus.policy/1", required<&Policy::enforce>("enforce"));

} // namespace volutus::policy_rules

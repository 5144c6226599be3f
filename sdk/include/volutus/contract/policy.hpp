// volutus.policy/1: may the caller of this call do that? Provided by the kernel. The rules' defaults stand in the
// manifests ("policies"), the operator's overrides in the configuration.
#pragma once

#include <volutus/contract.hpp>
#include <volutus/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace volutus::policy_rules {

struct Question {
    std::vector<std::string> rules; // 1 to 100, all about one target; a rule that nobody declared is refused
    json::object target;            // what the checks compare with: %(project_id)s, %(target.user.id)s, ...
    std::optional<std::vector<std::string>> only; // all that the target was filled for; absent: the target is whole
};
BOOST_DESCRIBE_STRUCT(Question, (), (rules, target, only))

// Who asks the same rules often fills the target with what they read, and asks again with the whole where `incomplete`
// tells that the rules have changed since.
struct Decision {
    std::vector<std::string> refused;              // those of the question that the caller may not; empty = all allowed
    std::optional<std::vector<std::string>> reads; // to a whole question: the names of a target that its rules read
    bool incomplete = false;                       // nothing was decided: the rules read more than `only`
};
BOOST_DESCRIBE_STRUCT(Decision, (), (refused, reads, incomplete))

struct Policy {
    virtual ~Policy() = default;
    virtual Decision enforce(Call&, Question const&) = 0;
};
inline constexpr auto contract = volutus::contract<Policy>("volutus.policy/1", required<&Policy::enforce>("enforce"));

} // namespace volutus::policy_rules

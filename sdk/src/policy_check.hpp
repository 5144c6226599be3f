// The policy's answers of one request, asked once each, with as much of the target as its rules read.
#pragma once

#include <volutus/contract/policy.hpp>
#include <volutus/world.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus {

// What rules read of their targets, as the policy told. Of one plugin; any thread.
class RulesRead {
public:
    // Nothing where one of the rules is not known yet.
    std::optional<std::vector<std::string>> by(std::vector<std::string> const& rules) const;
    void learn(std::vector<std::string> const& rules, std::vector<std::string> const& names);

private:
    mutable world::Mutex mutex_;
    std::map<std::string, std::vector<std::string>> names_; // by rule: rules stand in tables, so they are few
};

class PolicyCheck {
public:
    PolicyCheck(Host host, Call& call, RulesRead& reads) : client_(host), call_(call), reads_(reads) {}

    bool may(std::string_view rule, json::object const& target) { return ask({std::string(rule)}, target).front(); }
    // One call for all rules that were not asked yet about this target.
    std::vector<bool> ask(std::vector<std::string> const& rules, json::object const& target);

private:
    using Answers = std::map<std::string, bool, std::less<>>; // by rule
    static constexpr std::size_t most_kept = 512;             // targets

    policy_rules::Decision decide(policy_rules::Question question, json::object const& whole);

    Client<policy_rules::contract> client_;
    Call& call_;
    RulesRead& reads_;
    std::map<std::string, Answers> known_; // by printed target
};

} // namespace volutus

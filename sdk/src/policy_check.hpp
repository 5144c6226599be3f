// The policy's answers of one request, asked once each.
#pragma once

#include <volutus/contract/policy.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace volutus {

class PolicyCheck {
public:
    PolicyCheck(Host host, Call& call) : client_(host), call_(call) {}

    bool may(std::string_view rule, json::object const& target) { return ask({std::string(rule)}, target).front(); }
    // One call for all rules that were not asked yet about this target.
    std::vector<bool> ask(std::vector<std::string> const& rules, json::object const& target);

private:
    using Answers = std::map<std::string, bool, std::less<>>; // by rule
    static constexpr std::size_t most_kept = 512;             // targets

    Client<policy_rules::contract> client_;
    Call& call_;
    std::map<std::string, Answers> known_; // by printed target
};

} // namespace volutus

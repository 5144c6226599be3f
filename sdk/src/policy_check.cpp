#include "policy_check.hpp"

#include <algorithm>

namespace volutus {

std::vector<bool> PolicyCheck::ask(std::vector<std::string> const& rules, json::object const& target) {
    if (known_.size() > most_kept) known_.clear();
    auto& known = known_[json::print(target)];
    policy_rules::Question question;
    for (auto const& rule : rules)
        if (!known.count(rule) && std::find(question.rules.begin(), question.rules.end(), rule) == question.rules.end())
            question.rules.push_back(rule);
    if (!question.rules.empty()) {
        question.target = target;
        auto const refused = client_.call<&policy_rules::Policy::enforce>(call_, question).refused;
        for (auto const& rule : question.rules)
            known[rule] = std::find(refused.begin(), refused.end(), rule) == refused.end();
    }
    std::vector<bool> answers;
    for (auto const& rule : rules) answers.push_back(known.at(rule));
    return answers;
}

} // namespace volutus

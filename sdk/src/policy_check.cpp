#include "policy_check.hpp"

#include <algorithm>

namespace volutus {

std::vector<bool> PolicyCheck::ask(std::vector<std::string> const& rules, json::object const& target) {
    auto const about = json::print(target);
    policy_rules::Question question{{}, target};
    for (auto const& rule : rules)
        if (!known_.count({rule, about})) question.rules.push_back(rule);
    if (!question.rules.empty()) {
        if (known_.size() > most_kept) known_.clear();
        auto const refused = client_.call<&policy_rules::Policy::enforce>(call_, question).refused;
        for (auto const& rule : question.rules)
            known_[{rule, about}] = std::find(refused.begin(), refused.end(), rule) == refused.end();
    }
    std::vector<bool> answers;
    for (auto const& rule : rules) {
        auto const found = known_.find({rule, about});
        answers.push_back(found != known_.end() && found->second);
    }
    return answers;
}

} // namespace volutus

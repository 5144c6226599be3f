#include "policy_check.hpp"

#include <algorithm>

namespace volutus {

namespace {

bool holds(std::vector<std::string> const& all, std::string const& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

// A name is a key of the target, or a path into it.
json::object part_of(json::object const& target, std::vector<std::string> const& names) {
    json::object part;
    for (std::string_view name : names) {
        if (!target.contains(name)) name = name.substr(0, name.find('.'));
        if (auto const* value = target.if_contains(name)) part[name] = *value;
    }
    return part;
}

} // namespace

std::optional<std::vector<std::string>> RulesRead::by(std::vector<std::string> const& rules) const {
    std::vector<std::string> all;
    world::Lock const lock(mutex_);
    for (auto const& rule : rules) {
        auto const found = names_.find(rule);
        if (found == names_.end()) return std::nullopt;
        for (auto const& name : found->second)
            if (!holds(all, name)) all.push_back(name);
    }
    return all;
}

void RulesRead::learn(std::vector<std::string> const& rules, std::vector<std::string> const& names) {
    world::Lock const lock(mutex_);
    for (auto const& rule : rules) names_[rule] = names;
}

std::vector<bool> PolicyCheck::ask(std::vector<std::string> const& rules, json::object const& target) {
    if (known_.size() > most_kept) known_.clear();
    policy_rules::Question question;
    question.only = reads_.by(rules);
    question.target = question.only ? part_of(target, *question.only) : target;
    auto& known = known_[json::print(question.target)];
    for (auto const& rule : rules)
        if (!known.count(rule) && !holds(question.rules, rule)) question.rules.push_back(rule);
    if (!question.rules.empty()) {
        auto const asked = question.rules;
        auto const refused = decide(std::move(question), target).refused;
        for (auto const& rule : asked) known[rule] = !holds(refused, rule);
    }
    std::vector<bool> answers;
    for (auto const& rule : rules) answers.push_back(known.at(rule));
    return answers;
}

policy_rules::Decision PolicyCheck::decide(policy_rules::Question question, json::object const& whole) {
    auto decision = client_.call<&policy_rules::Policy::enforce>(call_, question);
    if (decision.incomplete) {
        question.only.reset();
        question.target = whole;
        decision = client_.call<&policy_rules::Policy::enforce>(call_, question);
    }
    if (decision.reads) reads_.learn(question.rules, *decision.reads);
    return decision;
}

} // namespace volutus

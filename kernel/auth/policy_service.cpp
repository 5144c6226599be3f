#include <kernel/auth/policy_service.hpp>

#include <kernel/auth/context.hpp>
#include <kernel/log/log.hpp>
#include <kernel/plugin/call_frame.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::auth {

namespace {
constexpr std::size_t most_rules = 100;
} // namespace

policy_rules::Decision PolicyService::enforce(Call& call, policy_rules::Question const& question) {
    if (question.rules.empty() || question.rules.size() > most_rules)
        throw Error(Code::invalid,
                    fmt::format("a question is about 1 to {} rules, not {}", most_rules, question.rules.size()));
    auto const& context = static_cast<plugin::CallFrame&>(*call.raw()).context();
    if (context.caller.empty()) return {};
    Credentials read;
    if (!context.known) read = credentials_of(parse_context(context.caller));
    auto const& caller = context.known ? context.known->credentials : read;

    policy_rules::Decision decision;
    decision.incomplete = question.only && !is_filled_for(question);
    if (decision.incomplete) return decision;
    if (!question.only) decision.reads = reads(question);
    for (auto const& name : question.rules) {
        auto const rule = policy_->find(name);
        if (!rule)
            log::write(Level::warning, "policy", "a rule that no manifest declares was asked for, and refused",
                       {{"rule", name.substr(0, 255)}, {"request_id", call.trace()}});
        if (!rule || !policy_->decide(*rule, caller, question.target)) decision.refused.push_back(name);
    }
    return decision;
}

bool PolicyService::is_filled_for(policy_rules::Question const& question) const {
    auto const is_there = [&](std::string const& name) {
        return std::ranges::find(*question.only, name) != question.only->end();
    };
    return std::ranges::all_of(question.rules, [&](std::string const& name) {
        auto const rule = policy_->find(name);
        return !rule || std::ranges::all_of(policy_->reads(*rule), is_there);
    });
}

std::vector<std::string> PolicyService::reads(policy_rules::Question const& question) const {
    std::set<std::string> names;
    for (auto const& name : question.rules)
        if (auto const rule = policy_->find(name))
            names.insert(policy_->reads(*rule).begin(), policy_->reads(*rule).end());
    return {names.begin(), names.end()};
}

} // namespace volutus::kernel::auth

#include <kernel/auth/policy.hpp>

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::auth {

namespace {
constexpr std::size_t deepest_chain = 64;   // of rules that name rules
constexpr std::uint64_t most_checks = 4096; // of a rule when the rules that it names are written out

// What a rule is made of, before rules are linked.
struct Parts {
    std::uint64_t nodes = 0;
    std::vector<std::uint32_t> references; // the rules that it names, as often as it does
};

// Walks the rules along their references; each once.
class Walk {
public:
    Walk(std::vector<Policy::Rule> const& rules, std::vector<Parts> const& parts, config::Problems& problems)
        : rules_(rules), parts_(parts), problems_(problems), cost_(rules.size()), state_(rules.size(), State::fresh) {}

    // How many checks the rule is when written out. Adds a problem where a rule leads back to itself or gets too large.
    std::uint64_t visit(std::uint32_t rule, std::vector<std::uint32_t>& chain) {
        if (state_[rule] == State::done) return cost_[rule];
        if (state_[rule] == State::open || chain.size() >= deepest_chain) {
            refuse(rule, chain);
            return 0;
        }
        state_[rule] = State::open;
        chain.push_back(rule);
        auto cost = parts_[rule].nodes;
        for (auto const named : parts_[rule].references) cost = std::min(most_checks + 1, cost + visit(named, chain));
        chain.pop_back();
        state_[rule] = State::done;
        // Told once, where it happens first, and not for each rule that names this one.
        if (cost > most_checks) {
            problems_.add(rules_[rule].origin, rules_[rule].name,
                          fmt::format("is more than {} checks with the rules that it names", most_checks));
            cost = 0;
        }
        return cost_[rule] = cost;
    }

private:
    enum class State : char { fresh, open, done };

    void refuse(std::uint32_t rule, std::vector<std::uint32_t> const& chain) {
        auto const& origin = rules_[chain.back()].origin;
        if (state_[rule] != State::open) {
            problems_.add(origin, rules_[chain.front()].name,
                          fmt::format("names rules more than {} deep", deepest_chain));
            return;
        }
        std::string path;
        for (auto at = std::find(chain.begin(), chain.end(), rule); at != chain.end(); ++at)
            path += rules_[*at].name + " -> ";
        problems_.add(origin, rules_[rule].name, fmt::format("leads back to itself: {}{}", path, rules_[rule].name));
    }

    std::vector<Policy::Rule> const& rules_;
    std::vector<Parts> const& parts_;
    config::Problems& problems_;
    std::vector<std::uint64_t> cost_;
    std::vector<State> state_;
};

ScopeTypes scope_of(Credentials const& caller) {
    if (!caller.system_scope.empty()) return system_scope;
    if (!caller.domain_id.empty()) return domain_scope;
    return project_scope;
}

std::string place(config::Origin const& origin) {
    if (origin.file.empty()) return {};
    return origin.line == 0 ? origin.file + ": " : fmt::format("{}:{}: ", origin.file, origin.line);
}
} // namespace

Policy::Policy(std::vector<RuleDefault> const& defaults, std::vector<RuleOverride> const& overrides) {
    config::Problems problems;
    for (auto const& declared : defaults) declare(declared, problems);
    std::vector<std::uint32_t> unknown;
    for (auto const& written : overrides) override_with(written, problems, unknown);

    std::vector<Parts> parts(rules_.size());
    std::vector<bool> named(rules_.size());
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
        auto& rule = rules_[i];
        try {
            auto const nodes = tree_.nodes.size();
            auto const parsed = parse_rule(rule.check, tree_);
            rule.root = parsed.root;
            parts[i].nodes = tree_.nodes.size() - nodes;
            for (auto const& warning : parsed.warnings)
                warnings_.push_back(fmt::format("{}{}: {}", place(rule.origin), rule.name, warning));
            for (auto const& reference : parsed.references) {
                auto const found = by_name_.find(reference.name);
                if (found == by_name_.end()) {
                    problems.add(rule.origin, rule.name,
                                 fmt::format("column {}: there is no rule '{}'", reference.column, reference.name));
                    continue;
                }
                tree_.nodes[reference.node].first = found->second;
                named[found->second] = true;
                parts[i].references.push_back(found->second);
            }
        } catch (Error const& error) {
            problems.add(rule.origin, rule.name, error.what());
        }
    }
    Walk walk(rules_, parts, problems);
    std::vector<std::uint32_t> chain;
    for (std::uint32_t i = 0; i < rules_.size(); ++i) walk.visit(i, chain);
    problems.raise("the policy");
    for (auto& rule : rules_) {
        std::set<std::string> names;
        add_reads(rule.root, names);
        rule.reads.assign(names.begin(), names.end());
    }
    for (auto const rule : unknown)
        if (!named[rule])
            warnings_.push_back(fmt::format("{}{}: no service has this rule and no rule names it; it has no effect",
                                            place(rules_[rule].origin), rules_[rule].name));
}

void Policy::declare(RuleDefault const& declared, config::Problems& problems) {
    auto const index = static_cast<std::uint32_t>(rules_.size());
    auto const [found, fresh] = by_name_.emplace(declared.name, index);
    config::Origin origin{std::string(declared.source), 0};
    if (!fresh) {
        auto const& earlier = rules_[found->second];
        if (earlier.check != declared.check || earlier.scopes != declared.scopes)
            problems.add(origin, std::string(declared.name),
                         fmt::format("is also declared{}{}, as something else; one of them needs another name",
                                     earlier.origin.file.empty() ? "" : " by ", earlier.origin.file));
        return;
    }
    rules_.push_back({std::string(declared.name), std::string(declared.check), std::string(declared.description),
                      declared.scopes, false, 0, std::move(origin)});
}

void Policy::override_with(RuleOverride const& written, config::Problems& problems,
                           std::vector<std::uint32_t>& unknown) {
    auto const index = static_cast<std::uint32_t>(rules_.size());
    auto const [found, fresh] = by_name_.emplace(written.name, index);
    if (fresh) {
        rules_.push_back({written.name, written.check, {}, 0, true, 0, written.origin});
        unknown.push_back(index);
        return;
    }
    auto& rule = rules_[found->second];
    if (rule.overridden) {
        problems.add(written.origin, written.name, fmt::format("is written twice; before at {}", place(rule.origin)));
        return;
    }
    rule.check = written.check;
    rule.origin = written.origin;
    rule.overridden = true;
}

std::optional<RuleId> Policy::find(std::string_view name) const {
    auto const found = by_name_.find(std::string(name));
    if (found == by_name_.end()) return std::nullopt;
    return RuleId{found->second};
}

Decision Policy::decide(RuleId id, Credentials const& caller, json::object const& target) const {
    auto const& rule = rules_.at(id.index);
    if (rule.scopes != 0 && (rule.scopes & scope_of(caller)) == 0) return {false, true, rule.name};
    return {evaluate(rule.root, caller, target), false, rule.name};
}

Decision Policy::decide(std::string_view name, Credentials const& caller, json::object const& target) const {
    auto rule = find(name);
    if (!rule) rule = find("default");
    if (!rule) return {};
    return decide(*rule, caller, target);
}

void Policy::add_reads(std::uint32_t index, std::set<std::string>& to) const {
    auto const& node = tree_.nodes[index];
    switch (node.op) {
    case Op::yes:
    case Op::no: return;
    case Op::check: return tree_.checks[node.first].add_keys(to);
    case Op::rule: return add_reads(rules_[node.first].root, to);
    case Op::negate: return add_reads(node.first, to);
    case Op::all:
    case Op::any:
        for (auto child = node.first; child != 0; child = tree_.nodes[child].next) add_reads(child, to);
        return;
    }
}

// Bounded by what the constructor took: deepest_chain rules of deepest_rule levels each.
bool Policy::evaluate(std::uint32_t index, Credentials const& caller, json::object const& target) const {
    auto const& node = tree_.nodes[index];
    switch (node.op) {
    case Op::yes: return true;
    case Op::no: return false;
    case Op::check: return tree_.checks[node.first].holds(caller, target);
    case Op::rule: return evaluate(rules_[node.first].root, caller, target);
    case Op::negate: return !evaluate(node.first, caller, target);
    case Op::all:
        for (auto child = node.first; child != 0; child = tree_.nodes[child].next)
            if (!evaluate(child, caller, target)) return false;
        return true;
    case Op::any:
        for (auto child = node.first; child != 0; child = tree_.nodes[child].next)
            if (evaluate(child, caller, target)) return true;
        return false;
    }
    return false;
}

} // namespace volutus::kernel::auth

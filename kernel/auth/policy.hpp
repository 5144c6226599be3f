// Policy: may this caller do that to this target? OpenStack's policy language, as its operators write it.
//
// Rules come from the tables of the plugins; conf.d/policy.yaml overrides them. All is compiled and checked when it is
// loaded: a rule that does not parse, names an unknown rule, or names itself over others is refused. Evaluation then
// allocates nothing for the usual rules and cannot fail.
//
// Where this differs from OpenStack, it is stricter: unknown and cyclic rules are refused instead of denied one by one,
// http: checks are refused, and a caller without a project does not own what has no project (None is not None).
#pragma once

#include <kernel/auth/credentials.hpp>
#include <kernel/auth/policy_parser.hpp>
#include <kernel/config/problems.hpp>
#include <volutus/json.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace volutus::kernel::auth {

// Which scopes of tokens a rule takes, as flags; 0 takes any. An unscoped token counts as scoped to a project.
using ScopeTypes = std::uint8_t;
inline constexpr ScopeTypes project_scope = 1, domain_scope = 2, system_scope = 4;

// A rule as a table declares it. Borrowed while the policy is made.
struct RuleDefault {
    std::string_view name, check;
    ScopeTypes scopes = 0;
    std::string_view description = {};
    std::string_view source = {}; // who declares it, for messages: the plugin's name
};

// A rule as the operator wrote it; it replaces the check of a default and keeps its scopes.
struct RuleOverride {
    std::string name, check;
    config::Origin origin;
};

// Stays valid as long as its policy.
struct RuleId {
    std::uint32_t index = 0;
};

struct Decision {
    bool allowed = false;
    bool wrong_scope = false; // denied because of the token's scope, whatever the check says
    std::string_view rule;    // the one that was asked; for logs, not for clients. Lives as long as the policy
    explicit operator bool() const { return allowed; }
};

// Immutable; any thread. A change of policy.yaml makes a new one.
class Policy {
public:
    // Throws Code::invalid with all that is wrong. A name may be declared twice only with the same check and scopes.
    explicit Policy(std::vector<RuleDefault> const& defaults, std::vector<RuleOverride> const& overrides = {});

    // Resolve once for a route.
    std::optional<RuleId> find(std::string_view name) const;

    Decision decide(RuleId rule, Credentials const& caller, json::object const& target) const;
    // Of an unknown name: what the rule named "default" says; denied when there is none.
    Decision decide(std::string_view name, Credentials const& caller, json::object const& target) const;

    // The names of a target that the rule's checks look for, sorted.
    std::vector<std::string> const& reads(RuleId rule) const { return rules_.at(rule.index).reads; }

    // What the operator should know: overrides without effect, checks that never hold.
    std::vector<std::string> const& warnings() const { return warnings_; }

    struct Rule {
        std::string name, check, description;
        ScopeTypes scopes = 0;
        bool overridden = false;
        std::uint32_t root = 0; // a node of the tree
        config::Origin origin;
        std::vector<std::string> reads = {};
    };
    std::vector<Rule> const& rules() const { return rules_; } // for listings

private:
    void declare(RuleDefault const& declared, config::Problems& problems);
    void override_with(RuleOverride const& written, config::Problems& problems, std::vector<std::uint32_t>& unknown);
    void add_reads(std::uint32_t node, std::set<std::string>& to) const;
    bool evaluate(std::uint32_t node, Credentials const& caller, json::object const& target) const;

    PolicyTree tree_;
    std::vector<Rule> rules_;
    std::unordered_map<std::string, std::uint32_t> by_name_;
    std::vector<std::string> warnings_;
};

} // namespace volutus::kernel::auth

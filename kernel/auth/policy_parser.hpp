// The text of a policy rule as a compact tree.
//
//     rule   := or | nothing            nothing allows everyone
//     or     := and ("or" and)*
//     and    := not ("and" not)*
//     not    := "not" not | "(" or ")" | "@" | "!" | check
//     check  := kind ":" match          up to white space or a ")" that is not its own
#pragma once

#include <kernel/auth/policy_check.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::auth {

inline constexpr std::size_t longest_rule = 16 * 1024; // bytes
inline constexpr int deepest_rule = 64;                // parentheses and nots

enum class Op : std::uint8_t { yes, no, all, any, negate, rule, check };

// Nodes live in one array and name each other by index; 0 is no node.
struct PolicyNode {
    Op op = Op::no;
    std::uint32_t first = 0; // all, any, negate: the first child; rule: index of the rule; check: index of the check
    std::uint32_t next = 0;  // the next child of the same parent
};

struct RuleReference {
    std::uint32_t node;
    std::string name;
    std::size_t column;
};

// Where rules are compiled into, one after another.
struct PolicyTree {
    std::vector<PolicyNode> nodes{1};
    std::vector<Check> checks;
};

struct ParsedRule {
    std::uint32_t root = 0;
    std::vector<RuleReference> references; // nodes of Op::rule whose `first` is still to be set
    std::vector<std::string> warnings;     // "column 4: ..."
};

// Throws Code::invalid: "column 4: ...". Columns count bytes from 1.
ParsedRule parse_rule(std::string_view text, PolicyTree& into);

} // namespace volutus::kernel::auth

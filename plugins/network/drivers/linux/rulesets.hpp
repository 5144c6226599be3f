// Rulesets compared: what the kernel has with what it would have if a text had been applied to nothing. The text is
// applied in a namespace of its own, which ends with it, so both sides are told in the kernel's words.
#pragma once

#include <volutus/json.hpp>

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace volutus::network::on_linux {

// A chain, a set or map, or one of its elements.
struct RulesetPart {
    std::string table;   // "bridge vt"
    std::string name;    // of the chain, the set or the map; "" = the table itself
    std::string element; // "" = the whole

    friend bool operator<(RulesetPart const& one, RulesetPart const& other) {
        return std::tie(one.table, one.name, one.element) < std::tie(other.table, other.name, other.element);
    }
};
using Ruleset = std::map<RulesetPart, std::string>; // to what it says

// Of the caller's network namespace: all of it, or these tables ("bridge vt") as far as they are there.
Ruleset present_ruleset();
Ruleset present_ruleset(std::vector<std::string> const& tables);
Ruleset rehearsed_ruleset(std::string const& text);

struct RulesetDifference {
    RulesetPart part;
    std::string what; // for people
};
std::vector<RulesetDifference> differences(Ruleset const& wanted, Ruleset const& there);

} // namespace volutus::network::on_linux

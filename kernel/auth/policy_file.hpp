// conf.d/policy.yaml: the operator's overrides, in the form of OpenStack's policy files (YAML, and JSON as part of it).
#pragma once

#include <kernel/auth/policy.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::auth {

// A mapping from rule names to rules: text in the policy language, or the old list of lists (the outer one is or-ed,
// the inner ones are and-ed). Throws Code::invalid with every file and line that is wrong. At most 1 MiB.
std::vector<RuleOverride> parse_policy(std::string_view text, std::string const& file);

// No file there is no override.
std::vector<RuleOverride> read_policy_file(std::string const& path);

} // namespace volutus::kernel::auth

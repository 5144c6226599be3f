// What a simulated controller has in the place of parts that stay outside the simulation: the policy of the product reads
// files of operators, and images are bytes that nobody here looks at.
#pragma once

#include "kernel/plugin/registry.hpp"

#include <set>
#include <string>

namespace volutus::sim {

inline constexpr char image_id[] = "11111111-1111-4111-8111-111111111111";

// Operators may do everything; others what is of their project and not under a rule of `for_operators`.
void add_policy(kernel::plugin::Registry& registry, std::set<std::string> for_operators);
// volutus.cloud/1: which drivers there are.
void add_cloud(kernel::plugin::Registry& registry);
// volutus.images/1: one image, which all may use.
void add_images(kernel::plugin::Registry& registry);

} // namespace volutus::sim

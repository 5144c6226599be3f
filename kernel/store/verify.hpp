// The prover: everything that stands twice in the store must agree.
#pragma once

#include <kernel/store/applier.hpp>
#include <kernel/store/difference.hpp>

#include <vector>

namespace volutus::kernel::store {

// Within a snapshot. Looks at every row of the store; at most 1,000 differences are told.
std::vector<Difference> verify(Connection& connection, Schema const& schema);

} // namespace volutus::kernel::store

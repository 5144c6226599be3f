// Taken values on their way into documents of the same apply.
#pragma once

#include <volutus/contract/store.hpp>

namespace volutus::kernel::store {

// Can any value of the take be written where `into` says? `body` is of the document that it names; null when the apply
// puts no such one. Throws invalid.
void check_fill(volutus::store::Take const& take, json::object const* body);

// Of an `into` that was checked with this body.
void fill(json::value& body, volutus::store::Into const& into, std::int64_t value);

} // namespace volutus::kernel::store

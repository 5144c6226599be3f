// From one declaration of a kind to the next, by itself: what is new is added and filled from the bodies, what is gone
// is dropped, and what cannot be is refused before anything changed.
#pragma once

#include <kernel/store/schema.hpp>

#include <memory>
#include <string>

namespace volutus::kernel::store {

// The tables that are there whatever the kinds, brought to the newest format. Within a write transaction. conflict: they
// were written by a newer program than this one, whose version is `program`.
void prepare_system_tables(Connection& connection, Dialect const& dialect, std::string_view program);

// Within a write transaction, which the caller rolls back when this throws. conflict: the documents do not fit the new
// declaration, or it contradicts the old one. `schema` is brought up to date.
void migrate(Connection& connection, Dialect const& dialect, Schema& schema, contract::Kind const& declared);

// The kinds as they were declared last, by whatever plugin.
Schema load_schema(Connection& connection);

} // namespace volutus::kernel::store

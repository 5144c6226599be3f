// Reading documents: keyset pages and counts. Within a snapshot of a reader's connection.
#pragma once

#include <kernel/store/schema.hpp>

#include <optional>
#include <string>
#include <vector>

namespace volutus::kernel::store {

inline constexpr std::uint64_t most_rows_looked_at = 200'000; // by a combination that no list declares

// Body: json::object, or json::Printed for who passes it on.
template <class Body>
std::optional<contract::BasicDocument<Body>> read_document(Connection& connection, KindTable const& table,
                                                           std::string_view id);
template <class Body>
contract::BasicPage<Body> read_page(Connection& connection, KindTable const& table, contract::Query const& query);
contract::Counted count(Connection& connection, KindTable const& table, contract::Count const& wanted);

contract::ReferrerPage read_referrers(Connection& connection, contract::Referrers const& wanted);

// The statements that a page is made of, in order; each goes on where the one before ends. For read_page and its tests.
struct Select {
    std::string sql;
    std::vector<Value> values;
};
std::vector<Select> plan_page(Connection& connection, KindTable const& table, contract::Query const& query);

} // namespace volutus::kernel::store

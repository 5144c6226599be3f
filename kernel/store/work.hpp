// Which documents are worked on, as their kinds declare it: those must have a live task behind them.
#pragma once

#include <kernel/store/schema.hpp>

#include <optional>

namespace volutus::kernel::store {

// The (kind, id) that the task of this document works on; none where the document rests.
std::optional<Pair> work_of(contract::Kind const& kind, std::string_view id, json::object const& body);

// What of the document says that it is worked on, for people: "status is 'building'".
std::string work_in_words(contract::Kind const& kind, json::object const& body);

// The task that works on (kind, id); "" = none.
std::string live_task(Connection& connection, std::string_view kind, std::string_view id);

} // namespace volutus::kernel::store

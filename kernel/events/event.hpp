// An entry of the feed as those outside the daemon see it: who did what to which resource in which request. Names of
// fields only, never what is in them, and no note's body: what is secret stays in the documents.
#pragma once

#include <volutus/contract/store.hpp>

#include <string>

namespace volutus::kernel::events {

// {"revision", "operation": "create" | "update" | "delete" | "account" | "note", "kind", "id", "fields", "project_id",
// "by"}; what is empty is left out. Where a client came from is for operators only.
std::string print_event(volutus::store::FeedEntry const& entry, bool for_operator);

} // namespace volutus::kernel::events

// Who holds allocations. What a consumer holds are its claims in the ledger; this document says what the ledger has no
// word for. A consumer that another service made, such as a server, has no document: its project is the one whose quota
// it counts on, its user is not known here.
#pragma once

#include "inventories.hpp"

#include <volutus/store.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace volutus::placement_service {

struct Consumer : Stored {
    std::string id, project, user;
    std::string type; // "INSTANCE"; "" = never said
    std::int64_t generation = 0;
    std::string created_at, updated_at;
};
Resource const& resource_of(Consumer const*);

// What stands for a project or a user that nobody named: OpenStack's default.
inline constexpr char nobody[] = "00000000-0000-0000-0000-000000000000";

// By class; by provider.
using Amounts = std::map<std::string, std::int64_t>;
using Allocations = std::map<std::string, Amounts>;

struct Held {
    std::string consumer;
    Allocations allocations;
    std::optional<Consumer> document;
    std::string quota_project; // "" = it counts on no quota

    // One that holds nothing is not there, even where a document was left behind.
    bool there() const { return !allocations.empty(); }
    std::int64_t generation() const { return document ? document->generation : 0; }
    std::string project() const;
    std::string user() const { return document ? document->user : nobody; }
    std::string type() const { return document && !document->type.empty() ? document->type : "unknown"; }
};
Held held_by(Store& store, std::string const& consumer);

// What a client wants a consumer to hold, in place of what it does.
struct Wanted {
    std::string consumer, project, user, type;
    Allocations allocations;
};
// The writes for that: the claims, and the document, one generation on.
Writes replace_allocations(Held const& held, Wanted const& wanted);

} // namespace volutus::placement_service

// A resource provider: whatever has room that can be claimed. Its inventories are accounts of the ledger under its id,
// its allocations are the claims there; this document is what the ledger has no word for.
#pragma once

#include <volutus/store.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::placement_service {

struct Provider : Stored {
    std::string id, name;        // a UUID; unique
    std::int64_t generation = 0; // raised by every change of it or of its inventories through the API
    std::optional<std::string> parent;
    std::string root;                                     // of its tree; its own id where it has no parent
    std::vector<std::string> traits;                      // all that it has
    std::vector<std::string> kept_traits;                 // of those, what the service that owns the provider told
    std::vector<std::string> custom_traits;               // of those, the ones that are documents
    std::vector<std::string> custom_classes;              // of its inventories, the classes that are documents
    std::vector<std::string> aggregates, kept_aggregates; // UUIDs; the same
    std::string created_at, updated_at;

    void set_traits(std::vector<std::string> names); // in order, each once
};
Resource const& resource_of(Provider const*);

// Lower case, with hyphens. invalid for what is no UUID.
std::string canonical_uuid(std::string_view text);

} // namespace volutus::placement_service

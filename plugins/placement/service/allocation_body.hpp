// The bodies in which clients send allocations, in all their versions.
#pragma once

#include "consumer.hpp"

#include <volutus/request.hpp>

#include <optional>
#include <vector>

namespace volutus::placement_service {

struct SentAllocations {
    Wanted wanted;
    bool has_generation = false;            // from 1.28 on
    std::optional<std::int64_t> generation; // of the consumer that the client expects; none: that it is not there
};

// Checked against the version's schema, and that the providers and classes exist; invalid otherwise.
SentAllocations allocations_from(Request& request, std::string const& consumer, json::value const& body,
                                 bool may_be_empty);
// {consumer: body}, as POST /allocations and the reshaper take it.
std::vector<SentAllocations> many_allocations_from(Request& request, json::value const& body);

} // namespace volutus::placement_service

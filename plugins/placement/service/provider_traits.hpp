// The handlers of a provider's traits and aggregates.
#pragma once

#include <volutus/field.hpp>
#include <volutus/request.hpp>

#include <string>
#include <vector>

namespace volutus::placement_service {

struct NewTraits {
    std::int64_t generation = 0;
    std::vector<std::string> traits;
};
Fields rows_of(NewTraits const*);

Reply list_provider_traits(Request& request);
Reply put_traits(Request& request, NewTraits const& wanted);
Reply remove_traits(Request& request);
Reply list_aggregates(Request& request);
Reply put_aggregates(Request& request);

} // namespace volutus::placement_service

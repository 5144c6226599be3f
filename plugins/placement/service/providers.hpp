// The handlers of resource providers themselves; what belongs to one has files of its own.
#pragma once

#include "provider.hpp"

#include <volutus/field.hpp>
#include <volutus/request.hpp>

#include <optional>
#include <string>

namespace volutus::placement_service {

struct NewProvider {
    std::optional<std::string> uuid, parent;
    std::string name;
};
struct ChangedProvider {
    std::optional<std::string> parent; // absent and null differ: the one keeps it, the other takes it away
    std::string name;
};
Fields rows_of(NewProvider const*);
Fields rows_of(ChangedProvider const*);

json::array links_of(Request& request, Provider const& provider);
std::string uuid_of(Request& request, Provider const& provider);

Reply show_provider(Request& request);
Reply create_provider(Request& request, NewProvider const& wanted);
Reply change_provider(Request& request, ChangedProvider const& wanted);
Reply remove_provider(Request& request);

} // namespace volutus::placement_service

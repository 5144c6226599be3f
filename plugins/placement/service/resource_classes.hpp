// The handlers of /resource_classes.
#pragma once

#include "names.hpp"

#include <volutus/field.hpp>
#include <volutus/request.hpp>

namespace volutus::placement_service {

struct NamedClass {
    std::string name;
};
Fields rows_of(NamedClass const*);

Reply list_classes(Request& request);
Reply show_class(Request& request);
Reply create_class(Request& request, NamedClass const& wanted);
Reply rename_class(Request& request, NamedClass const& wanted); // until 1.6
Reply ensure_class(Request& request);                           // from 1.7 on
Reply remove_class(Request& request);

} // namespace volutus::placement_service

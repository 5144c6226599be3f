// What a route without a handler does.
#pragma once

#include <volutus/resource.hpp>

namespace volutus {

Reply by_default(Request& request);

} // namespace volutus

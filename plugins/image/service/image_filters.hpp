// What the query of a list of images asks for.
#pragma once

#include "access.hpp"

namespace volutus::image_service {

// Throws invalid for a value that its filter does not know.
std::vector<store::Where> filters_of(Request& request);

} // namespace volutus::image_service

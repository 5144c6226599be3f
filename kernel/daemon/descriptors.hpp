// How many files and sockets this process may have open.
#pragma once

#include <cstddef>

namespace volutus::kernel::daemon {

std::size_t descriptor_limit();

// To what the system allows, and no further than 65,536: some programs that plugins start close every descriptor there
// might be. Before any other thread starts.
void raise_descriptor_limit();

} // namespace volutus::kernel::daemon

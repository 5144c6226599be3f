// SQLite on a file that somebody else opened: the VFS for a database that is written whole, once, and then given away.
#pragma once

#include <string>

namespace volutus::kernel::store {

// The VFS by name. A database's name in it is the number of a descriptor, which stays the caller's. One connection,
// without journal: what fails leaves rubbish. Nothing is synced.
char const* handle_vfs();

} // namespace volutus::kernel::store

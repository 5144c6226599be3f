// Files that hold secrets: keys and passwords that only the daemon may read.
#pragma once

#include <string>

namespace volutus::kernel::config {

// Why the file at `path` does not keep a secret, as a sentence that says what to do; empty when it does. Refused are
// whatever is no regular file (also behind a symbolic link), what group or others may read or write, and an owner other
// than root and the user of this process. A file that is not there is not refused: its reader says so.
std::string why_not_secret(std::string const& path);

// The bytes of a secret file of at most 64 KiB. Throws Code::invalid when it is not there, is too large or does not
// keep its secret.
std::string read_secret(std::string const& path);

} // namespace volutus::kernel::config

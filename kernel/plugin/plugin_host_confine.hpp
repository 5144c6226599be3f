// What a plugin's process gives up before any code of the plugin runs.
#pragma once

#include <string>
#include <vector>

namespace volutus::kernel::plugin {

// Closes all descriptors behind the socket, dies with the daemon, takes no new privileges, makes files for its own
// user only. Keeps the named capabilities ("net_admin"), as far as it has them, for itself and the programs it
// starts, and gives up all others. Throws Error: invalid for a name that is no capability, forbidden for one that it
// does not have.
void confine(std::vector<std::string> const& keep_capabilities);

// A process that got capabilities from its program file may be started by who does not have them, so it runs only
// libraries that root installed. Throws forbidden. `file` is the opened file, which `path` may no longer name.
void check_owner(std::string const& file, std::string const& path);

} // namespace volutus::kernel::plugin

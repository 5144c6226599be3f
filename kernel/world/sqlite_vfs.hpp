// SQLite on the simulated disks: the VFS "volutus-sim", which is the default one in a simulation program.
//
// A database belongs to the machine whose fiber opens it. Files, locks between connections, the shared memory of WAL,
// sleeping, time and random numbers all come from the simulation. One connection is used by one fiber only.
#pragma once

namespace volutus::world {

// Makes SQLite ready for a new simulation. Ends the program when SQLite was used before the first one.
void use_simulated_disks_in_sqlite();

} // namespace volutus::world

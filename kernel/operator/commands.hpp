// The operator's commands, as the admin socket serves them.
#pragma once

#include "kernel/daemon/daemon.hpp"
#include "kernel/operator/answer.hpp"

namespace volutus::kernel::operators {

// Runs the command that the request names:
//   status              one document
//   plugins             id, version, link, state, contracts
//   routes              service, method, path, policy
//   nodes               those of the cloud, asked over the bus
//   tasks               name, resource, phase, step, attempt, started, next_try, last_error, id
//   watch               changes, until the listener goes away. Arguments: since (revision; default now), kinds
//   verify              where, what: each a place where two things that must agree do not
//   webhooks            name, url, revision, behind, tries, last_error, dead_letters
//   dead-letters        id, webhook, revision, events, tries, error, at: of all webhooks, or of the argument webhook. With
//                       deliver or drop, an id or "all", those that were sent now, or forgotten
//   db backup           the store into the file that came with the request, empty and open for reading and writing
// Throws unsupported for a command that there is not, and invalid for arguments that do not fit.
void run(daemon::Daemon& daemon, json::object const& request, Answer& answer);

} // namespace volutus::kernel::operators

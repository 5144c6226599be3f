// The operator's work on the store as a whole: `volutus db`.
#pragma once

#include "kernel/daemon/setup.hpp"
#include "kernel/operator/answer.hpp"

#include <string>

namespace volutus::kernel::operators {

// Asks the daemon at the socket for a copy of its store. The file is the caller's, open to nobody else, and there under
// its name only when all of it is on the disk; until then it is FILE.partial. Answers a document: file, revision, bytes.
// conflict: the name is taken.
void back_up(std::string const& socket, std::string const& file, Answer& answer);

// Puts a backup in the place of the store, which is kept under another name. The daemon is down: conflict when it is not.
// Nothing has changed unless this returns. invalid: the file is no backup or not whole; conflict: this build, or a plugin
// that is configured, is too old for it. A document: restored, revision, made_by, kept_aside.
//
// Run by root on the state of another user, this and migrate() act as that user, so that the daemon can use what they
// leave; the calling process stays it.
void restore(daemon::Setup const& setup, std::string const& file, Answer& answer);

// Brings the store to what this build and the configured plugins declare, as the daemon does when it starts. The daemon
// is down. Rows: what, was, is; none when nothing had to be done.
void migrate(daemon::Setup const& setup, Answer& answer);

} // namespace volutus::kernel::operators

// One daemon a state directory.
#pragma once

#include <string>

namespace volutus::kernel::daemon {

// Held as long as it lives; the system lets go of it when the process ends, however it ends.
class StateLock {
public:
    // Makes the directory where it is missing, open to its owner only. Throws conflict, naming the process, when another
    // daemon holds it, and unavailable when it cannot be written.
    explicit StateLock(std::string const& directory);
    ~StateLock();
    StateLock(StateLock const&) = delete;
    StateLock& operator=(StateLock const&) = delete;

private:
    int handle_;
};

} // namespace volutus::kernel::daemon

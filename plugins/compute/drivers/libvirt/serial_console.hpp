// Serial consoles that somebody is connected to: bytes go between a socket and libvirt's stream, on the event loop.
#pragma once

#include "connection.hpp"
#include "descriptor.hpp"

#include <memory>
#include <vector>

namespace volutus::compute::libvirt {

class SerialConsole;

class SerialConsoles {
public:
    SerialConsoles();
    ~SerialConsoles();
    // The caller's end of a socket. Whoever was connected to this guest before is cut off. Code::exhausted beyond 100.
    Descriptor open(virConnectPtr connect, virDomainPtr domain);
    void end(); // all of them

private:
    world::Mutex mutex_;
    std::vector<std::weak_ptr<SerialConsole>> open_;
};

} // namespace volutus::compute::libvirt

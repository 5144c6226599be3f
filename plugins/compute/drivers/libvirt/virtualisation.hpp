// Does a guest really run under KVM here? Some hosts have a /dev/kvm that answers every question but only interprets a
// guest's instructions, thousands of times slower: QEMU's own emulation is then the better choice. So only a run is
// proof: a boot sector counts to 200 million, which takes a processor a tenth of a second, and switches its machine off.
#pragma once

#include "changes.hpp"
#include "connection.hpp"
#include "domain_xml.hpp"

#include <string>

namespace volutus::compute::libvirt {

// Writes the boot sector to `directory`, runs it through libvirt as all guests run, and takes 5 s at most.
Virtualisation probe_virtualisation(Host host, virConnectPtr connect, Changes& changes, Call& call,
                                    std::string const& directory);

} // namespace volutus::compute::libvirt

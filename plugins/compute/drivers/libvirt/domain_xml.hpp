// A server as libvirt's XML.
#pragma once

#include "disks.hpp"

#include <volutus/contract/hypervisor.hpp>

#include <cstdint>
#include <string>

namespace volutus::compute::libvirt {

enum class Virtualisation { kvm, tcg };

// Throws Code::invalid for what this driver cannot give a server.
std::string domain_xml(hypervisor::Server const& server, ServerFiles const& files, BaseImage const& base,
                       Virtualisation virtualisation, std::uint64_t epoch);

// A guest of a boot sector, for the probe.
std::string probe_xml(std::string const& name, std::string const& sector);

} // namespace volutus::compute::libvirt

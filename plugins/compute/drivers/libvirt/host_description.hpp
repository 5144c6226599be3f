// What a host is and has, from libvirt's answers.
#pragma once

#include "connection.hpp"
#include "domain_xml.hpp"
#include "settings.hpp"

#include <volutus/contract/hypervisor.hpp>

#include <string>

namespace volutus::compute::libvirt {

// The size of the file system with the disks counts as the host's disk. What is reserved is taken off.
hypervisor::Host describe_host(virConnectPtr connect, Settings const& settings, std::string const& name,
                               Virtualisation virtualisation);

// {"arch", "model", "vendor", "features", "topology"} of libvirt's capabilities.
json::object describe_cpu(std::string const& capabilities);

} // namespace volutus::compute::libvirt

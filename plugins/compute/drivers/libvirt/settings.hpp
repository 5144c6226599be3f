// What [plugin.compute_libvirt.config] says.
#pragma once

#include <cstdint>
#include <string>

namespace volutus::compute::libvirt {

struct Settings {
    std::string uri, directory, host, address;
    std::string virtualisation; // "auto", "kvm" or "tcg"
    std::int64_t reserved_vcpus = 0, reserved_memory_mb = 0, reserved_disk_gb = 0;
    std::int64_t image_limit_gb = 0, cache_gb = 0;
};

} // namespace volutus::compute::libvirt

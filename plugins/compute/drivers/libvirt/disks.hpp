// The files of servers: <directory>/<id>/ with disk.qcow2 over its image, ephemeral.raw, swap.raw, config.iso and
// console.log. The folder appears at once, when all in it is on the disk.
//
// libvirt gives the disks to QEMU's user while a guest runs (dynamic_ownership); the folders stay ours, so that files
// can be removed whoever owns them. QEMU's user must be able to pass through them, which is why they are 0711.
#pragma once

#include "image_cache.hpp"

#include <volutus/contract/hypervisor.hpp>

#include <string>

namespace volutus::compute::libvirt {

struct ServerFiles {
    std::string folder;
    std::string disk() const { return folder + "/disk.qcow2"; }
    std::string ephemeral() const { return folder + "/ephemeral.raw"; }
    std::string swap() const { return folder + "/swap.raw"; }
    std::string config_drive() const { return folder + "/config.iso"; }
    std::string console_log() const { return folder + "/console.log"; }
};

class Disks {
public:
    explicit Disks(std::string directory); // drops what a former life left half done

    ServerFiles of(std::string const& server) const { return {directory_ + "/" + server}; }
    bool there(std::string const& server) const;
    // Succeeds when they are there already. Code::invalid: an image that is larger than the disk, a bad config drive.
    void make(Call& call, hypervisor::Server const& server, BaseImage const& base);
    void remove(std::string const& server);

private:
    std::string const directory_;
};

} // namespace volutus::compute::libvirt

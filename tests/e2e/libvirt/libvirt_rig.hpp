// The libvirt driver over a link, on the libvirtd that own_libvirt.sh started, with a fake image service.
#pragma once

#include "contract/hypervisor_rig.hpp"

#include "kernel/plugin/in_process_link.hpp"
#include "kernel/plugin/library.hpp"
#include "kernel/plugin/process_link.hpp"
#include "kernel/plugin/registry.hpp"

#include <testkit/temporary_folder.hpp>
#include <volutus/contract/images.hpp>

#include <atomic>
#include <map>
#include <mutex>

namespace volutus::test {

// Gives the images' bytes by a descriptor, or through the stream.
class FakeImages : public images::Images {
public:
    explicit FakeImages(std::map<std::string, std::string> const& files, bool const& by_descriptor,
                        std::atomic<int>& downloads)
        : files_(files), by_descriptor_(by_descriptor), downloads_(downloads) {}
    images::Image show(Call&, images::ImageId const& id) override;
    void download(Call& call, images::ImageId const& id) override;

private:
    std::map<std::string, std::string> const& files_; // by id
    bool const& by_descriptor_;
    std::atomic<int>& downloads_;
};

class LibvirtRig : public HypervisorRig {
public:
    explicit LibvirtRig(std::string link);
    ~LibvirtRig() override;

    Host host() override { return registry_.host(); }
    hypervisor::Server server() override; // of an image without anything on it: its BIOS waits for ever
    bool end_guest(std::string const& id) override;

    // Adds an image and gives it to the server.
    void use_image(hypervisor::Server& server, std::string const& file, std::string const& format);
    std::string const& folder() const { return folder_.path(); }

    bool by_descriptor = true;
    std::atomic<int> downloads{0};

private:
    testkit::TemporaryFolder folder_;
    std::map<std::string, std::string> files_;
    kernel::plugin::Registry registry_;
    std::shared_ptr<kernel::plugin::HostSide> side_;
    std::shared_ptr<kernel::plugin::Link> link_;
};

void shell(std::string const& command); // must succeed
std::string sha512_of(std::string const& file);

} // namespace volutus::test

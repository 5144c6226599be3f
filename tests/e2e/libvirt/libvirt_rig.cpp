#include "e2e/libvirt/libvirt_rig.hpp"

#include <volutus/formats.hpp>

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace volutus::test {

using namespace kernel::plugin;

void shell(std::string const& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

std::string sha512_of(std::string const& file) {
    auto* said = ::popen(("sha512sum " + file).c_str(), "r");
    std::string text(128, '\0');
    auto const count = std::fread(text.data(), 1, text.size(), said);
    ::pclose(said);
    if (count != text.size()) throw std::runtime_error("no hash of " + file);
    return text;
}

images::Image FakeImages::show(Call&, images::ImageId const& id) {
    if (!files_.count(id.id)) throw Error(Code::not_found, "there is no image " + id.id);
    return {};
}

void FakeImages::download(Call& call, images::ImageId const& id) {
    auto const found = files_.find(id.id);
    if (found == files_.end()) throw Error(Code::not_found, "there is no image " + id.id);
    ++downloads_;
    if (by_descriptor_)
        return call.output().give_descriptor({::open(found->second.c_str(), O_RDONLY | O_CLOEXEC), 0, 0}, true);
    std::ifstream file(found->second, std::ios::binary);
    std::vector<char> part(100'000);
    while (file.read(part.data(), static_cast<std::streamsize>(part.size())), file.gcount() > 0)
        call.output().write(part.data(), static_cast<std::size_t>(file.gcount()));
}

LibvirtRig::LibvirtRig(std::string link) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    registry_.add_built_in(std::string(images::contract.name), [this](std::string const&) {
        return std::make_shared<BuiltIn<images::contract>>(
            std::make_unique<FakeImages>(files_, by_descriptor, downloads));
    });
    side_ = std::make_shared<HostSide>(registry_, "compute_libvirt");
    auto const patience = std::chrono::seconds(30);
    if (link == "in_process") {
        auto const library = open_library(LIBVIRT_PLUGIN);
        link_ = std::make_shared<InProcessLink>(side_, library.entry, library.keep, patience);
    } else {
        ProcessOptions options;
        options.program = PLUGIN_HOST;
        options.library = LIBVIRT_PLUGIN;
        options.patience = patience;
        link_ = std::make_shared<ProcessLink>(side_, options);
    }
    link_->configure(json::print(json::object{{"uri", "qemu:///system"},
                                              {"directory", folder_ / "guests"},
                                              {"host", "host-1"},
                                              {"address", "127.0.0.1"},
                                              {"virtualisation", "tcg"},
                                              {"reserved_vcpus", 0},
                                              {"reserved_memory_mb", 0},
                                              {"reserved_disk_gb", 0},
                                              {"image_limit_gb", 10},
                                              {"cache_gb", 10}}));
    registry_.add("compute_libvirt", std::string(hypervisor::contract.name), "", link_);
    link_->start();
}

LibvirtRig::~LibvirtRig() {
    registry_.remove("compute_libvirt");
    link_->quiesce();
    link_.reset();
}

void LibvirtRig::use_image(hypervisor::Server& server, std::string const& file, std::string const& format) {
    server.image = new_uuid();
    server.image_sha512 = sha512_of(file);
    server.image_format = format;
    files_[server.image] = file;
}

hypervisor::Server LibvirtRig::server() {
    hypervisor::Server server;
    server.id = new_uuid();
    server.name = "a server of the suite <&>";
    server.host = "host-1";
    auto const file = folder_ / "empty.raw";
    if (!std::filesystem::exists(file)) shell("truncate -s 1M " + file);
    use_image(server, file, "raw");
    return server;
}

// As the host's memory killer would.
bool LibvirtRig::end_guest(std::string const& id) {
    shell("kill -9 $(cat /run/libvirt/qemu/server-" + id + ".pid)");
    return true;
}

} // namespace volutus::test

#include "domain_xml.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <sstream>

namespace volutus::compute::libvirt {

namespace {

using Node = pugi::xml_node;

template <class Value> Node set(Node node, char const* name, Value const& value) {
    if constexpr (std::is_same_v<Value, std::string>)
        node.append_attribute(name) = value.c_str();
    else
        node.append_attribute(name) = value;
    return node;
}

Node add(Node parent, char const* name, std::string const& text = {}) {
    auto node = parent.append_child(name);
    if (!text.empty()) node.text().set(text.c_str());
    return node;
}

std::string print(pugi::xml_document const& document) {
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default | pugi::format_no_declaration);
    return out.str();
}

std::string property(hypervisor::Server const& server, std::string const& name, std::string const& otherwise) {
    auto const found = server.image_properties.find(name);
    return found == server.image_properties.end() || found->second.empty() ? otherwise : found->second;
}

template <std::size_t N>
void check_one_of(std::string const& value, std::array<char const*, N> const& known, char const* what) {
    if (std::find(known.begin(), known.end(), value) == known.end())
        throw Error(Code::invalid,
                    fmt::format("'{}' is no {} of this driver; it has {}", value, what, fmt::join(known, ", ")));
}

void check(hypervisor::Server const& server) {
    if (server.vcpus < 1 || server.vcpus > 255 || server.memory_mb < 1 || server.memory_mb > 16 * 1024 * 1024)
        throw Error(Code::invalid,
                    fmt::format("a server has 1 to 255 processors and 1 MB to 16 TB of memory, not {} and {}",
                                server.vcpus, server.memory_mb));
    for (auto const* key : {"kernel_id", "ramdisk_id"})
        if (!property(server, key, "").empty())
            throw Error(Code::invalid,
                        fmt::format("image {} needs a kernel from outside ({}); use one that boots by itself",
                                    server.image, key));
}

Node add_disk(Node devices, char const* device, char const* format, std::string const& file) {
    auto disk = set(set(add(devices, "disk"), "type", "file"), "device", device);
    set(set(add(disk, "driver"), "name", "qemu"), "type", format);
    set(add(disk, "source"), "file", file);
    return disk;
}

void add_disks(Node devices, hypervisor::Server const& server, ServerFiles const& files, BaseImage const& base) {
    auto const bus = property(server, "hw_disk_bus", "virtio");
    check_one_of(bus, std::array{"virtio", "scsi", "sata", "ide"}, "hw_disk_bus");
    if (bus == "scsi") set(set(add(devices, "controller"), "type", "scsi"), "model", "virtio-scsi");
    std::string const prefix = bus == "virtio" ? "vd" : bus == "ide" ? "hd" : "sd";
    char letter = 'a';
    auto target = [&](Node disk) { set(set(add(disk, "target"), "dev", prefix + letter++), "bus", bus); };

    auto disk = add_disk(devices, "disk", "qcow2", files.disk());
    // The whole chain is named, so that nothing is ever guessed from a disk's content.
    auto backing = set(add(disk, "backingStore"), "type", "file");
    set(add(backing, "format"), "type", "raw");
    set(add(backing, "source"), "file", base.path);
    add(backing, "backingStore");
    target(disk);
    if (server.ephemeral_gb > 0) target(add_disk(devices, "disk", "raw", files.ephemeral()));
    if (server.swap_mb > 0) target(add_disk(devices, "disk", "raw", files.swap()));
    if (server.config_drive.empty()) return;
    // On the CD drive that every guest knows; the letter is one that IDE disks of the guest leave free.
    auto drive = add_disk(devices, "cdrom", "raw", files.config_drive());
    set(set(add(drive, "target"), "dev", "hdd"), "bus", "ide");
    add(drive, "readonly");
}

void add_nic(Node devices, hypervisor::Server const& server, hypervisor::Nic const& nic) {
    auto const model = !nic.model.empty() ? nic.model : property(server, "hw_vif_model", "virtio");
    check_one_of(model, std::array{"virtio", "e1000", "e1000e", "rtl8139", "ne2k_pci", "pcnet", "vmxnet3"},
                 "hw_vif_model");
    if (!is_mac(nic.mac))
        throw Error(Code::invalid, fmt::format("'{}' of port {} is no MAC address", nic.mac, nic.port));
    if (nic.bridge.empty() || nic.device.empty())
        throw Error(Code::invalid, fmt::format("port {} is not plugged on this host", nic.port));
    auto interface = set(add(devices, "interface"), "type", "bridge");
    set(add(interface, "mac"), "address", nic.mac);
    set(add(interface, "source"), "bridge", nic.bridge);
    set(add(interface, "target"), "dev", nic.device);
    set(add(interface, "model"), "type", model);
    set(add(interface, "mtu"), "size", nic.mtu);
}

Node begin(pugi::xml_document& document, Virtualisation virtualisation, std::string const& name) {
    auto domain = set(add(document, "domain"), "type", virtualisation == Virtualisation::kvm ? "kvm" : "qemu");
    add(domain, "name", name);
    return domain;
}

void add_system(Node domain) {
    auto os = add(domain, "os");
    set(set(add(os, "type", "hvm"), "arch", "x86_64"), "machine", "pc");
    set(add(os, "boot"), "dev", "hd");
    auto features = add(domain, "features");
    add(features, "acpi");
    add(features, "apic");
}

} // namespace

std::string domain_xml(hypervisor::Server const& server, ServerFiles const& files, BaseImage const& base,
                       Virtualisation virtualisation, std::uint64_t epoch) {
    check(server);
    pugi::xml_document document;
    auto domain = begin(document, virtualisation, "server-" + server.id);
    add(domain, "uuid", server.id);
    add(domain, "description", server.name);
    auto ours = add(add(domain, "metadata"), "volutus:server");
    set(set(set(ours, "xmlns:volutus", "urn:volutus:server:1"), "id", server.id), "epoch", epoch);
    set(add(domain, "memory", std::to_string(server.memory_mb)), "unit", "MiB");
    add(domain, "vcpu", std::to_string(server.vcpus));
    add_system(domain);
    if (virtualisation == Virtualisation::kvm) set(add(domain, "cpu"), "mode", "host-model");
    set(add(domain, "clock"), "offset", "utc");
    add(domain, "on_poweroff", "destroy");
    add(domain, "on_reboot", "restart");
    add(domain, "on_crash", "destroy");

    auto devices = add(domain, "devices");
    add_disks(devices, server, files, base);
    for (auto const& nic : server.nics) add_nic(devices, server, nic);
    auto serial = set(add(devices, "serial"), "type", "pty");
    set(set(add(serial, "log"), "file", files.console_log()), "append", "on");
    set(set(add(serial, "target"), "type", "isa-serial"), "port", 0);
    // Nobody can connect but through libvirt, which hands over a socket.
    auto graphics = set(add(devices, "graphics"), "type", "vnc");
    set(add(graphics, "listen"), "type", "none");
    set(add(add(devices, "video"), "model"), "type", "vga");
    auto tablet = set(add(devices, "input"), "type", "tablet");
    set(tablet, "bus", "usb");
    auto entropy = set(add(devices, "rng"), "model", "virtio");
    set(add(entropy, "backend", "/dev/urandom"), "model", "random");
    set(add(devices, "memballoon"), "model", "none");
    return print(document);
}

std::string probe_xml(std::string const& name, std::string const& sector) {
    pugi::xml_document document;
    auto domain = begin(document, Virtualisation::kvm, name);
    set(add(domain, "memory", "16"), "unit", "MiB");
    add(domain, "vcpu", "1");
    add_system(domain);
    add(domain, "on_reboot", "destroy");
    auto devices = add(domain, "devices");
    auto disk = add_disk(devices, "disk", "raw", sector);
    set(set(add(disk, "target"), "dev", "hda"), "bus", "ide");
    set(add(devices, "memballoon"), "model", "none");
    return print(document);
}

} // namespace volutus::compute::libvirt

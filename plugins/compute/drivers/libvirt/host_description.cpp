#include "host_description.hpp"

#include "descriptor.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <sys/statvfs.h>

namespace volutus::compute::libvirt {

namespace {

// Names that placement's users know (os-traits) for features that libvirt calls otherwise or the same.
constexpr std::array<std::pair<char const*, char const*>, 22> known_features{{
    {"3dnow", "HW_CPU_X86_3DNOW"},       {"abm", "HW_CPU_X86_ABM"},           {"aes", "HW_CPU_X86_AESNI"},
    {"avx", "HW_CPU_X86_AVX"},           {"avx2", "HW_CPU_X86_AVX2"},         {"avx512f", "HW_CPU_X86_AVX512F"},
    {"avx512bw", "HW_CPU_X86_AVX512BW"}, {"avx512dq", "HW_CPU_X86_AVX512DQ"}, {"avx512vl", "HW_CPU_X86_AVX512VL"},
    {"bmi1", "HW_CPU_X86_BMI"},          {"bmi2", "HW_CPU_X86_BMI2"},         {"f16c", "HW_CPU_X86_F16C"},
    {"fma", "HW_CPU_X86_FMA3"},          {"mmx", "HW_CPU_X86_MMX"},           {"sha-ni", "HW_CPU_X86_SHA"},
    {"sse", "HW_CPU_X86_SSE"},           {"sse2", "HW_CPU_X86_SSE2"},         {"ssse3", "HW_CPU_X86_SSSE3"},
    {"sse4.1", "HW_CPU_X86_SSE41"},      {"sse4.2", "HW_CPU_X86_SSE42"},      {"svm", "HW_CPU_X86_SVM"},
    {"vmx", "HW_CPU_X86_VMX"},
}};

std::vector<std::string> traits_of(json::object const& cpu, Virtualisation virtualisation) {
    std::vector<std::string> traits{
        "COMPUTE_IMAGE_TYPE_QCOW2",     "COMPUTE_IMAGE_TYPE_RAW",      "COMPUTE_NET_VIF_MODEL_E1000",
        "COMPUTE_NET_VIF_MODEL_E1000E", "COMPUTE_NET_VIF_MODEL_PCNET", "COMPUTE_NET_VIF_MODEL_RTL8139",
        "COMPUTE_NET_VIF_MODEL_VIRTIO", "COMPUTE_STORAGE_BUS_IDE",     "COMPUTE_STORAGE_BUS_SATA",
        "COMPUTE_STORAGE_BUS_SCSI",     "COMPUTE_STORAGE_BUS_VIRTIO"};
    // An emulated guest sees none of the host's own features.
    if (virtualisation == Virtualisation::kvm)
        for (auto const& feature : cpu.at("features").as_array())
            for (auto const& [name, trait] : known_features)
                if (json::view(feature.as_string()) == name) traits.emplace_back(trait);
    std::sort(traits.begin(), traits.end());
    return traits;
}

std::int64_t disk_gb(std::string const& directory) {
    struct statvfs status{};
    if (::statvfs(directory.c_str(), &status) != 0) throw_errno("measure the file system of", directory);
    return static_cast<std::int64_t>(status.f_blocks * status.f_frsize >> 30);
}

} // namespace

json::object describe_cpu(std::string const& capabilities) {
    pugi::xml_document document;
    if (!document.load_buffer(capabilities.data(), capabilities.size()))
        throw Error(Code::internal, "libvirt's capabilities are no XML");
    auto const cpu = document.child("capabilities").child("host").child("cpu");
    json::array features;
    for (auto const feature : cpu.children("feature")) features.emplace_back(feature.attribute("name").as_string());
    auto const topology = cpu.child("topology");
    return {{"arch", cpu.child_value("arch")},
            {"model", cpu.child_value("model")},
            {"vendor", cpu.child_value("vendor")},
            {"features", std::move(features)},
            {"topology", json::object{{"sockets", topology.attribute("sockets").as_int()},
                                      {"cores", topology.attribute("cores").as_int()},
                                      {"threads", topology.attribute("threads").as_int()}}}};
}

hypervisor::Host describe_host(virConnectPtr connect, Settings const& settings, std::string const& name,
                               Virtualisation virtualisation) {
    virNodeInfo node{};
    if (virNodeGetInfo(connect, &node) != 0) throw last_error("asking for the host's processors and memory");
    unsigned long version = 0;
    if (virConnectGetVersion(connect, &version) != 0) throw last_error("asking for QEMU's version");
    Text const capabilities(virConnectGetCapabilities(connect));
    if (!capabilities) throw last_error("asking for the host's capabilities");

    hypervisor::Host host;
    host.name = name;
    host.type = "QEMU";
    host.version = static_cast<std::int64_t>(version);
    auto const left = [](std::int64_t all, std::int64_t reserved) { return std::max<std::int64_t>(all - reserved, 0); };
    host.vcpus = left(node.cpus, settings.reserved_vcpus);
    host.memory_mb = left(static_cast<std::int64_t>(node.memory / 1024), settings.reserved_memory_mb);
    host.disk_gb = left(disk_gb(settings.directory), settings.reserved_disk_gb);
    host.address = settings.address;
    host.cpu = describe_cpu(capabilities.get());
    host.traits = traits_of(host.cpu, virtualisation);
    return host;
}

} // namespace volutus::compute::libvirt

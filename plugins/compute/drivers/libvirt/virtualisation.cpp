#include "virtualisation.hpp"

#include "descriptor.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <array>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

namespace volutus::compute::libvirt {

namespace {

constexpr auto patience = std::chrono::seconds(5);

void write_sector(std::string const& path) {
    // mov $200000000,%ecx; again: dec %ecx; jnz again; then the BIOS switches all devices off (APM 1.2: function 5307h,
    // device 1, state 3); hlt. At the end a boot sector's mark.
    constexpr std::string_view program("\x66\xb9\x00\xc2\xeb\x0b\x66\x49\x75\xfc"
                                       "\xb8\x07\x53\xbb\x01\x00\xb9\x03\x00\xcd\x15\xf4",
                                       22);
    std::array<char, 512> sector{};
    std::copy(program.begin(), program.end(), sector.begin());
    sector[510] = '\x55';
    sector[511] = '\xaa';
    world::remove_file(path); // it may have been given to QEMU's user
    auto const file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    write_all(file.get(), {sector.data(), sector.size()}, path);
    ::fchmod(file.get(), 0644);
}

std::string first_line(std::string const& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

} // namespace

Virtualisation probe_virtualisation(Host host, virConnectPtr connect, Changes& changes, Call& call,
                                    std::string const& directory) {
    auto const verdict = [&](Virtualisation answer, std::string const& why) {
        auto const* name = answer == Virtualisation::kvm ? "KVM" : "QEMU's emulation (TCG)";
        host.log(Level::notice, fmt::format("guests run under {}: {}", name, why));
        return answer;
    };
    Text const known(virConnectGetDomainCapabilities(connect, nullptr, "x86_64", nullptr, "kvm", 0));
    if (!known) return verdict(Virtualisation::tcg, "libvirt knows of no KVM here");

    // That it gets nowhere is remembered until the host boots again, for to find out takes long.
    auto const memory = directory + "/kvm-gets-nowhere", boot = first_line("/proc/sys/kernel/random/boot_id");
    if (!boot.empty() && first_line(memory) == boot)
        return verdict(Virtualisation::tcg, "a guest under KVM got nowhere before; to try again, remove " + memory);

    auto const sector = directory + "/probe.sector", id = new_uuid();
    write_sector(sector);
    auto const xml = probe_xml("volutus-probe-" + id, sector);
    Domain const probe(virDomainCreateXML(connect, xml.c_str(), VIR_DOMAIN_START_AUTODESTROY));
    if (!probe) return verdict(Virtualisation::tcg, last_error("starting a guest under KVM").what());
    Changes::Watch watch(changes, id_of(probe.get()));
    auto const until = world::now() + patience;
    while (virDomainIsActive(probe.get()) == 1 && watch.wait_for(Change::stopped, call, until)) {
    }
    if (virDomainIsActive(probe.get()) != 1) return verdict(Virtualisation::kvm, "a guest ran");
    virDomainDestroy(probe.get());
    world::remove_file(memory);
    write_all(open_file(memory, O_WRONLY | O_CREAT | O_EXCL, 0644).get(), boot + "\n", memory);
    return verdict(Virtualisation::tcg, "a guest got nowhere in 5 s, though there is KVM");
}

} // namespace volutus::compute::libvirt

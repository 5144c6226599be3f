#include "driver.hpp"

#include <volutus/contract/images.hpp>
#include <volutus/plugin.hpp>

#include <optional>

namespace volutus::compute::libvirt {

constexpr auto settings_rows = rows(
    field<&Settings::uri>("uri", fallback(R"("qemu:///system")"), help("where libvirt listens")),
    field<&Settings::directory>(
        "directory", fallback(R"("/var/lib/volutus-guests")"), min_length(1),
        help("disks of servers and the image cache; QEMU's user must be able to pass through its "
             "parents")),
    field<&Settings::host>("host", max_length(255), help("this host's name in the cloud; default: its own")),
    field<&Settings::address>("address", fallback(R"("127.0.0.1")"), help("of this host, for people")),
    field<&Settings::virtualisation>("virtualisation", one_of("auto", "kvm", "tcg"), fallback(R"("auto")"),
                                     help("auto: KVM where a guest really runs under it")),
    field<&Settings::reserved_vcpus>("reserved_vcpus", at_least(0), fallback("0"), help("kept from guests")),
    field<&Settings::reserved_memory_mb>("reserved_memory_mb", at_least(0), fallback("512"), help("kept from guests")),
    field<&Settings::reserved_disk_gb>("reserved_disk_gb", at_least(0), fallback("0"), help("kept from guests")),
    field<&Settings::image_limit_gb>("image_limit_gb", at_least(1), at_most(65536), fallback("1024"),
                                     help("the largest disk of an image")),
    field<&Settings::cache_gb>("cache_gb", at_least(0), at_most(1 << 20), fallback("50"),
                               help("images that no server uses are removed when the cache is larger")));

constexpr auto plugin_manifest =
    manifest("compute_libvirt", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
             description("runs servers as QEMU guests of libvirt"), target("libvirt"), profile("spawn"),
             provides(hypervisor::contract), wants(images::contract.name), settings(settings_rows),
             links("in-process", "process"));

class ComputeLibvirt : public Plugin {
public:
    explicit ComputeLibvirt(Host host) : Plugin(host) {}

    void configure(Call&, json::object const& config) override {
        Settings settings;
        decode(fields_of(settings_rows), config, &settings, {});
        driver_.emplace(host(), settings);
        provide<hypervisor::contract>(*driver_);
    }
    void start(Call&) override { driver_->begin(); }
    void quiesce(Call&) override {
        if (driver_) driver_->end();
    }

private:
    std::optional<Driver> driver_;
};

} // namespace volutus::compute::libvirt

VOLUTUS_PLUGIN(volutus::compute::libvirt::plugin_manifest, volutus::compute::libvirt::ComputeLibvirt)

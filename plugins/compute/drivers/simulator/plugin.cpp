#include "simulator.hpp"

#include <volutus/plugin.hpp>

#include <optional>

namespace volutus::compute::simulator {

constexpr auto settings_rows = rows(
    field<&Settings::hosts>("hosts", at_least(1), at_most(10000), fallback("1"), help("how many hosts there are")),
    field<&Settings::prefix>("prefix", min_length(1), max_length(200), fallback("\"simulated-\""),
                             help("hosts are named <prefix><number>")),
    field<&Settings::vcpus>("vcpus", at_least(1), fallback("64"), help("of each host")),
    field<&Settings::memory_mb>("memory_mb", at_least(1), fallback("262144"), help("of each host")),
    field<&Settings::disk_gb>("disk_gb", at_least(1), fallback("4096"), help("of each host")),
    field<&Settings::directory>("state_directory", fallback("\"\""),
                                help("where guests are kept as files; without it they live as long as the plugin")),
    field<&Settings::latency_ms>("latency_ms", at_least(0), at_most(60000), fallback("0"),
                                 help("that every change takes")),
    field<&Settings::fails>("fails", fallback("[]"),
                            help("calls that fail: \"start\", or \"start:web-\" for servers whose names begin so")),
    field<&Settings::crashes>("crashes", fallback("[]"), help("calls in which the plugin's process ends")),
    field<&Settings::hangs>("hangs", fallback("[]"), help("calls that do not come back")),
    field<&Settings::hang_ms>("hang_ms", at_least(0), fallback("0"),
                              help("after which they do all the same; 0: never")),
    field<&Settings::powers_off>("powers_off", fallback("[]"),
                                 help("servers whose names begin so power themselves off once they run")));

constexpr auto plugin_manifest = manifest(
    "compute_simulator", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
    description("hosts and servers that exist in memory only, for tests and trials"), target("simulator"),
    profile("pure"), provides(hypervisor::contract, faults), settings(settings_rows), links("in-process", "process"));

class SimulatorPlugin : public Plugin {
public:
    explicit SimulatorPlugin(Host host) : Plugin(host) {}

    void configure(Call&, json::object const& config) override {
        Settings settings;
        decode(fields_of(settings_rows), config, &settings, {});
        driver_.emplace(std::move(settings));
        provide<hypervisor::contract>(*driver_);
        provide<faults>(*driver_);
    }

private:
    std::optional<Simulator> driver_;
};

} // namespace volutus::compute::simulator

VOLUTUS_PLUGIN(volutus::compute::simulator::plugin_manifest, volutus::compute::simulator::SimulatorPlugin)

#include "simulator.hpp"

#include <volutus/plugin.hpp>

#include <optional>

namespace volutus::network::simulator {

constexpr auto settings_rows = rows(
    field<&Settings::directory>("directory", required_field, min_length(1), help("where it keeps what it was told")),
    field<&Settings::host>("host", min_length(1), max_length(255), fallback("\"simulated\"")),
    field<&Settings::physical>("physical", max_length(100), fallback("[\"public\"]"),
                               help("names of networks outside")),
    field<&Settings::latency_ms>("latency_ms", at_least(0), at_most(60000), fallback("0"), help("of every call")),
    field<&Settings::fail_call>("fail_call", max_length(64), fallback("\"\""),
                                help("the call that fails, such as ensure_port")),
    field<&Settings::fail_times>("fail_times", at_least(0), fallback("0"), help("how often it fails since the start")),
    field<&Settings::fail_code>("fail_code", one_of("unavailable", "invalid", "conflict", "exhausted", "internal"),
                                fallback("\"unavailable\"")));

constexpr auto plugin_manifest =
    manifest("network_simulator", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
             description("keeps what it is told about networks, and moves no packet"), target("simulator"),
             profile("pure"), provides(network::contract), settings(settings_rows), links("in-process", "process"));

class NetworkSimulator : public Plugin {
public:
    explicit NetworkSimulator(volutus::Host host) : Plugin(host) {}

    void configure(Call&, json::object const& config) override {
        Settings settings;
        decode(fields_of(settings_rows), config, &settings, {});
        driver_.emplace(std::move(settings));
        provide<network::contract>(*driver_);
    }

private:
    std::optional<Simulator> driver_;
};

} // namespace volutus::network::simulator

VOLUTUS_PLUGIN(volutus::network::simulator::plugin_manifest, volutus::network::simulator::NetworkSimulator)

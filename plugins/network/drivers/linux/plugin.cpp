#include "driver.hpp"

#include <volutus/plugin.hpp>

#include <optional>

namespace volutus::network::on_linux {

// volutus.metadata/1 is called when a guest asks and not before: compute, which provides it, starts after the network.
constexpr auto plugin_manifest =
    manifest("network_linux", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
             description("networks by the Linux kernel of this host: bridges, namespaces, nftables"), target("linux"),
             profile("netadmin"), provides(network::contract), settings(settings_rows), links("process", "in-process"));

constexpr auto metadata_patience = std::chrono::seconds(20);

class NetworkLinux : public Plugin {
public:
    explicit NetworkLinux(volutus::Host host) : Plugin(host) {}

    void configure(Call&, json::object const& config) override {
        Settings wanted;
        decode(fields_of(settings_rows), config, &wanted, {});
        driver_.emplace(std::move(wanted), [from = host()](metadata::Request const& request) {
            OwnCall call(from, world::now() + metadata_patience);
            return json::decode<metadata::Reply>(
                json::parse(from.call(&call.call(), metadata::contract.name, "answer", "", json::print(request))));
        });
        provide<network::contract>(*driver_);
    }
    void start(Call&) override { driver_->resume(); }
    void quiesce(Call&) override { driver_->close(); }

private:
    std::optional<LinuxNetwork> driver_;
};

} // namespace volutus::network::on_linux

VOLUTUS_PLUGIN(volutus::network::on_linux::plugin_manifest, volutus::network::on_linux::NetworkLinux)

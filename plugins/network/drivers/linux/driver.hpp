// volutus.network/1 on this host. A change is remembered before it is made, so what a crash left halfway is found again
// and its names are known; what is there is told from the kernel, not from memory.
#pragma once

#include "firewall.hpp"
#include "metadata_server.hpp"
#include "names.hpp"
#include "networks.hpp"
#include "routers.hpp"
#include "settings.hpp"

#include <volutus/contract/network.hpp>
#include <volutus/fenced_records.hpp>

#include <map>
#include <string>

namespace volutus::network::on_linux {

class LinuxNetwork : public network::Driver {
public:
    // `answer` is what guests' requests for metadata are passed to.
    LinuxNetwork(Settings settings, MetadataServer::Answer answer);

    Host host(Call& call) override;
    Plugged ensure_network(Call& call, Network const& network) override;
    void remove_network(Call& call, Id const& network) override;
    void ensure_group(Call& call, Group const& group) override;
    void remove_group(Call& call, Id const& group) override;
    Plugged ensure_port(Call& call, Port const& port) override;
    void remove_port(Call& call, Id const& port) override;
    void ensure_router(Call& call, Router const& router) override;
    void remove_router(Call& call, Id const& router) override;
    Inventory list(Call& call) override;

    // Listens again where it did before this process was started; after a reboot of the host there is nothing to
    // listen in until the networks are ensured.
    void resume();
    void close() { metadata_.close(); }

private:
    std::vector<Alteration> altered(Call& call, Inventory const& there) const;
    unsigned zone_of(std::string const& network, std::optional<json::object> const& body);
    std::optional<Network> find_network(std::string const& id) const;
    void listen_in_network(Network const& network);
    void listen_in_router(Router const& router);

    Settings settings_;
    Names names_;
    FencedRecords network_records_, group_records_, port_records_, router_records_;
    Firewall firewall_;
    Networks networks_;
    Routers routers_;
    MetadataServer metadata_;
    world::Mutex zones_mutex_;
    std::map<unsigned, std::string> zones_; // conntrack zone to network
};

} // namespace volutus::network::on_linux

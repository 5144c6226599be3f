// volutus.ports/1: the interfaces of servers, for the compute service.
#pragma once

#include "allocation.hpp"
#include "network.hpp"
#include "security_groups.hpp"

#include <volutus/context.hpp>
#include <volutus/contract/ports.hpp>

namespace volutus::network_service {

class Nics : public ports::Ports {
public:
    Nics(Host host, Settings const& settings, SecurityGroups& groups)
        : host_(host), settings_(settings), groups_(groups) {}

    void check(Call& call, ports::Wanted const& wanted) override;
    // Waits a little for the driver; unavailable while a port is not plugged yet, and again repeatable then.
    ports::Nics attach(Call& call, ports::Wanted const& wanted) override;
    void detach(Call& call, ports::ServerId const& server) override;
    ports::Nics of_servers(Call& call, ports::Servers const& servers) override;
    void add_group(Call& call, ports::Group const& group) override;
    void remove_group(Call& call, ports::Group const& group) override;
    std::optional<ports::Nic> find(Call& call, ports::Source const& source) override;
    ports::SecurityGroups groups(Call& call, ports::GroupIds const& wanted) override;

private:
    struct Plan; // one nic: the user's port, or a network to make one on

    std::vector<Plan> plan(Store& store, ports::Wanted const& wanted) const;
    Port bound(Port port, ports::Wanted const& wanted, std::size_t nic) const;
    std::set<std::string> bind(Store& store, ports::Wanted const& wanted);
    void wait_for(Store& store, std::set<std::string> const& dues) const;
    ports::Nic shown(Store& store, Port const& port) const;
    std::vector<Port> of_server(Store& store, std::string const& server) const;
    template <class Edit> void change_groups(Call& call, ports::Group const& group, Edit edit);

    Host host_;
    Settings const& settings_;
    SecurityGroups& groups_;
};

} // namespace volutus::network_service

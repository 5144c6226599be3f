// Security groups and ports in nftables. What is allowed is decided in the bridge family, port by port, without state;
// the state is asked of the inet family, to which br_netfilter hands the same packet; see
// contrib/decisions/stateful-bridges.md. A packet carries the verdict from one to the other in two bits of its mark.
//
// Tables <prefix> of the families bridge and inet:
//     set  taps                     devices of ports
//     map  from, to                 device to chain
//     set  members4-G, members6-G   addresses of a group's ports
//     chain ingress-G, egress-G     what a group's rules accept
//     chain from-P, to-P            a port's own: anti-spoofing, then its groups
//     set  bridges; map zones       bridge to conntrack zone: two networks may have the same addresses
//
// Any thread; the caller sees to it that two calls never concern the same id.
#pragma once

#include "names.hpp"

#include <volutus/contract/network.hpp>

#include <string>
#include <vector>

namespace volutus::network::on_linux {

struct Bridge {
    std::string name, network;
    unsigned zone = 0;                    // of its connections
    std::vector<std::string> masqueraded; // subnets whose guests reach what the host reaches
};

class Firewall {
public:
    explicit Firewall(Names const& names) : names_(names) {}

    void ensure_bridge(Bridge const& bridge);
    void remove_bridge(std::string const& bridge);

    void ensure_group(Group const& group);
    void remove_group(std::string const& id); // conflict while a port has it

    void ensure_port(Port const& port, std::string const& device_before); // "" = none
    void remove_port(std::string const& id, std::string const& device);

    std::vector<std::string> groups() const, ports() const; // ids of what the kernel has, sorted
    // How the kernel's tables differ from these, one line for each chain, set and element.
    std::vector<Alteration> altered(std::vector<Bridge> const& bridges, std::vector<Group> const& groups,
                                    std::vector<Port> const& ports) const;

private:
    void apply(std::string const& ruleset) const; // makes the tables where they are missing
    std::string foundation() const;
    std::string text_of(Bridge const& bridge) const;
    std::string text_of(Group const& group) const;
    std::string text_of(Port const& port) const;
    std::string forget_device(std::string const& port, std::string const& device) const;
    std::vector<std::string> chains(std::string const& begin) const;
    Names const& names_;
};

} // namespace volutus::network::on_linux

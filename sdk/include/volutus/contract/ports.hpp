// volutus.ports/1: the network interfaces of servers. Provided by the network service, called by the compute service.
//
// A user's call may use what that user may use; a call of the cloud itself acts for `project_id`.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::ports {

struct WantedNic {
    std::optional<std::string> network, port, fixed_ip; // a network or a port by id
};
BOOST_DESCRIBE_STRUCT(WantedNic, (), (network, port, fixed_ip))

struct Wanted {
    std::string server, project_id, host, availability_zone;
    std::string hostname; // for DNS and DHCP
    std::vector<WantedNic> nics;
    bool automatic = false;                   // without nics: the one network that the project has, if it has one
    std::vector<std::string> security_groups; // names or ids; empty = the project's default
};
BOOST_DESCRIBE_STRUCT(Wanted, (),
                      (server, project_id, host, availability_zone, hostname, nics, automatic, security_groups))

struct Address {
    std::string address, mac;
    std::uint32_t version = 4;
    std::uint32_t prefix_length = 24;
    std::string subnet_id, gateway; // gateway "" = none
    std::vector<std::string> nameservers;
    std::vector<std::string> floating; // addresses of floating IPs that lead here
};
BOOST_DESCRIBE_STRUCT(Address, (), (address, mac, version, prefix_length, subnet_id, gateway, nameservers, floating))

struct Nic {
    std::string server, port, network, network_name, mac, status;
    std::uint32_t mtu = 1500;
    std::vector<Address> addresses;
    std::string bridge, device; // on the host, once it is plugged: the bridge, and the name of the tap device
    std::vector<std::string> security_groups; // ids
    bool made_for_server = false;             // goes with the server; a port that the user made stays
};
BOOST_DESCRIBE_STRUCT(Nic, (),
                      (server, port, network, network_name, mac, status, mtu, addresses, bridge, device,
                       security_groups, made_for_server))

struct Nics {
    std::vector<Nic> nics; // of a server in the order of its interfaces
};
BOOST_DESCRIBE_STRUCT(Nics, (), (nics))

struct Servers {
    std::vector<std::string> servers; // 1 to 1,000 ids
};
BOOST_DESCRIBE_STRUCT(Servers, (), (servers))

struct ServerId {
    std::string server;
};
BOOST_DESCRIBE_STRUCT(ServerId, (), (server))

struct Group {
    std::string server;
    std::string group; // name or id
};
BOOST_DESCRIBE_STRUCT(Group, (), (server, group))

struct GroupIds {
    std::vector<std::string> ids; // empty = all that the caller may see
};
BOOST_DESCRIBE_STRUCT(GroupIds, (), (ids))

struct SecurityGroup {
    std::string id, name, description, project_id;
};
BOOST_DESCRIBE_STRUCT(SecurityGroup, (), (id, name, description, project_id))

struct SecurityGroups {
    std::vector<SecurityGroup> groups;
};
BOOST_DESCRIBE_STRUCT(SecurityGroups, (), (groups))

struct Source {
    std::string network; // that the request came in on
    std::string address; // it came from
};
BOOST_DESCRIBE_STRUCT(Source, (), (network, address))

struct Ports {
    virtual ~Ports() = default;
    // May this be? Throws what a user should read: not_found, invalid (an ambiguous network), conflict (a port that is
    // in use), over_quota. Reserves nothing.
    virtual void check(Call&, Wanted const&) = 0;
    // Makes and binds the ports of a server and plugs them on its host. Repeatable: a second time gives the same.
    virtual Nics attach(Call&, Wanted const&) = 0;
    // Unplugs them, removes those that were made for the server and frees the rest. Succeeds when there are none.
    virtual void detach(Call&, ServerId const&) = 0;
    virtual Nics of_servers(Call&, Servers const&) = 0;
    virtual void add_group(Call&, Group const&) = 0;           // to all ports of the server
    virtual void remove_group(Call&, Group const&) = 0;        // not_found: no port has it
    virtual std::optional<Nic> find(Call&, Source const&) = 0; // whose address that is
    // Ids that are not there are left out.
    virtual SecurityGroups groups(Call&, GroupIds const&) { unsupported(); }
};
inline constexpr auto contract =
    volutus::contract<Ports>("volutus.ports/1", required<&Ports::check>("check"), required<&Ports::attach>("attach"),
                             required<&Ports::detach>("detach"), required<&Ports::of_servers>("of_servers"),
                             required<&Ports::add_group>("add_group"), required<&Ports::remove_group>("remove_group"),
                             required<&Ports::find>("find"), optional<&Ports::groups>("groups"));

} // namespace volutus::ports

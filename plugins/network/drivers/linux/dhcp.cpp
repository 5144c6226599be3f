#include "dhcp.hpp"

#include "addresses.hpp"
#include "commands.hpp"
#include "daemon.hpp"
#include "namespaces.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>

namespace volutus::network::on_linux {

namespace {

constexpr auto metadata_address = "169.254.169.254";

std::string read_text(std::string const& path) {
    if (!world::file_exists(path)) return {};
    world::File const file(path, world::File::Mode::read);
    std::string text(std::min<std::uint64_t>(file.size(), 64 << 20), '\0');
    text.resize(file.read_at(0, text.data(), text.size()));
    return text;
}

// dnsmasq never sees half a file.
void write_text(std::string const& path, std::string const& text) {
    {
        world::remove_file(path + ".new");
        world::File file(path + ".new", world::File::Mode::create);
        file.write_at(0, text.data(), text.size());
    }
    world::rename_file(path + ".new", path);
}

// ---- the process ----

class Server {
public:
    explicit Server(std::string const& directory)
        : configuration_(directory + "/dnsmasq.conf"), process_(directory + "/dnsmasq.pid", configuration_) {}

    std::string const& configuration() const { return configuration_; }
    Daemon const& process() const { return process_; }

    void start(std::string const& name_space) const {
        in_namespace(name_space, [&] { run_well({"/usr/sbin/dnsmasq", "--conf-file=" + configuration_}); });
    }

private:
    std::string configuration_;
    Daemon process_;
};

// ---- what it reads ----

std::string common_lines(Server const& server) {
    // As root it stays root: it has only the driver's capabilities then, and could not read the lists as another user.
    return fmt::format("port=0\nno-resolv\nno-hosts\nno-ping\nbind-interfaces\nexcept-interface=lo\nleasefile-ro\n"
                       "dhcp-authoritative\nuser=root\ngroup=root\npid-file={}\nlog-facility=/dev/null\n",
                       server.process().pid_file());
}

std::string tag_of(Subnet const& subnet) { return "subnet-" + checked_id(subnet.id); }

std::string range_of(Subnet const& subnet, std::uint32_t lease_seconds) {
    auto const cidr = Cidr::parse(subnet.cidr, "subnet").network();
    if (!cidr.v6) {
        Cidr mask;
        mask.bytes.fill(0xff);
        mask.length = cidr.length;
        return fmt::format("dhcp-range=set:{},{},static,{},{}\n", tag_of(subnet), cidr.address(),
                           mask.network().address(), lease_seconds);
    }
    auto const& mode = subnet.ipv6_address_mode.empty() ? subnet.ipv6_ra_mode : subnet.ipv6_address_mode;
    std::string_view const words = mode == "slaac" ? "ra-only" : mode == "dhcpv6-stateless" ? "ra-stateless" : "static";
    return fmt::format("dhcp-range=set:{},{},{},{},{}\n", tag_of(subnet), cidr.address(), words, cidr.length,
                       lease_seconds);
}

// Hosts whom dnsmasq tells the same address only ever; a lease of none of its subnets is another's.
std::string hosts_of(Network const& network, std::vector<Subnet> const& served) {
    std::set<std::string> lines;
    for (auto const& lease : network.leases) {
        auto const address = Cidr::parse(lease.address, "address of a lease");
        bool const ours = std::any_of(served.begin(), served.end(), [&](Subnet const& subnet) {
            return Cidr::parse(subnet.cidr, "subnet").contains(address) && subnet.ipv6_address_mode != "slaac" &&
                   subnet.ipv6_address_mode != "dhcpv6-stateless";
        });
        if (!ours) continue;
        auto const host = checked_hostname(lease.hostname);
        lines.insert(fmt::format("{},{}{}\n", checked_mac(lease.mac),
                                 address.v6 ? fmt::format("[{}]", address.address()) : address.address(),
                                 host.empty() ? "" : "," + host));
    }
    return fmt::format("{}", fmt::join(lines, ""));
}

std::string options_of(Network const& network, std::vector<Subnet> const& served) {
    std::string text;
    std::vector<Cidr> own;
    for (auto const& address : network.dhcp_addresses) own.push_back(Cidr::parse(address, "DHCP address"));
    for (auto const& subnet : served) {
        auto const cidr = Cidr::parse(subnet.cidr, "subnet");
        auto const tag = tag_of(subnet);
        std::vector<std::string> nameservers;
        for (auto const& server : subnet.nameservers) {
            auto const address = Cidr::parse(server, "nameserver");
            if (address.v6 == cidr.v6)
                nameservers.push_back(cidr.v6 ? fmt::format("[{}]", address.address()) : address.address());
        }
        if (cidr.v6) {
            if (!nameservers.empty())
                text += fmt::format("tag:{},option6:dns-server,{}\n", tag, fmt::join(nameservers, ","));
            continue;
        }
        text += fmt::format("tag:{},26,{}\n", tag, network.mtu);
        // Without a value an option is not sent; dnsmasq would otherwise name itself.
        text += nameservers.empty() ? fmt::format("tag:{},6\n", tag)
                                    : fmt::format("tag:{},6,{}\n", tag, fmt::join(nameservers, ","));
        text += subnet.gateway.empty()
                    ? fmt::format("tag:{},3\n", tag)
                    : fmt::format("tag:{},3,{}\n", tag, Cidr::parse(subnet.gateway, "gateway").address());
        // A client that reads option 121 does not look at option 3 (RFC 3442), so the default route stands here too.
        std::vector<std::string> routes;
        for (auto const& address : own)
            if (!address.v6 && cidr.contains(Cidr::parse(address.address(), "DHCP address"))) {
                routes.push_back(fmt::format("{}/32,{}", metadata_address, address.address()));
                break;
            }
        for (auto const& route : subnet.routes) {
            auto const destination = Cidr::parse(route.destination, "destination of a route").network();
            auto const nexthop = Cidr::parse(route.nexthop, "nexthop of a route");
            if (!destination.v6 && !nexthop.v6)
                routes.push_back(fmt::format("{},{}", destination.text(), nexthop.address()));
        }
        if (!subnet.gateway.empty())
            routes.push_back(fmt::format("0.0.0.0/0,{}", Cidr::parse(subnet.gateway, "gateway").address()));
        for (int option : {121, 249}) // 249: the same for old Windows
            if (!routes.empty()) text += fmt::format("tag:{},{},{}\n", tag, option, fmt::join(routes, ","));
    }
    return text;
}

// Does an address that was told one guest now belong to nobody or another? dnsmasq remembers leases, and would not give
// it on.
bool took_away(std::string const& before, std::string const& after) {
    std::set<std::string> kept;
    auto const lines = [](std::string const& text, auto const& each) {
        for (std::size_t at = 0; at < text.size();) {
            auto const end = std::min(text.find('\n', at), text.size());
            each(text.substr(at, end - at));
            at = end + 1;
        }
    };
    lines(after, [&](std::string line) { kept.insert(std::move(line)); });
    bool lost = false;
    lines(before, [&](std::string const& line) { lost = lost || !kept.count(line); });
    return lost;
}

} // namespace

void ensure_dhcp(DhcpPlace const& place, Network const& network) {
    std::vector<Subnet> served;
    for (auto const& subnet : network.subnets)
        if (subnet.dhcp) served.push_back(subnet);
    if (served.empty()) return remove_dhcp(place.directory);
    world::make_directory(place.directory);
    Server const server(place.directory);
    auto const hosts_path = place.directory + "/hosts", options_path = place.directory + "/options";
    auto configuration = common_lines(server) + fmt::format("interface={}\ndhcp-hostsfile={}\ndhcp-optsfile={}\n",
                                                            place.link, hosts_path, options_path);
    bool advertises = false;
    for (auto const& subnet : served) {
        configuration += range_of(subnet, place.lease_seconds);
        advertises = advertises || Cidr::parse(subnet.cidr, "subnet").v6;
    }
    // Lifetime 0: this is not a router. The router of the network, if it has one, advertises itself.
    if (advertises) configuration += fmt::format("enable-ra\nra-param={},mtu:{},60,0\n", place.link, network.mtu);
    auto const hosts = hosts_of(network, served), options = options_of(network, served);
    auto const hosts_before = read_text(hosts_path);
    bool const same = read_text(server.configuration()) == configuration;
    bool const same_lists = hosts_before == hosts && read_text(options_path) == options;
    write_text(hosts_path, hosts);
    write_text(options_path, options);
    if (same && !took_away(hosts_before, hosts) && server.process().signal(same_lists ? 0 : SIGHUP)) return;
    server.process().stop();
    write_text(server.configuration(), configuration);
    server.start(place.name_space);
}

bool dhcp_runs(std::string const& directory, Network const& network) {
    return std::none_of(network.subnets.begin(), network.subnets.end(),
                        [](Subnet const& subnet) { return subnet.dhcp; }) ||
           Server(directory).process().signal(0);
}

bool advertiser_runs(std::string const& directory) {
    return !world::file_exists(directory) || Server(directory).process().signal(0);
}

void remove_dhcp(std::string const& directory) {
    if (!world::file_exists(directory)) return;
    Server const server(directory);
    server.process().stop();
    for (auto const& name : world::list_directory(directory)) world::remove_file(fmt::format("{}/{}", directory, name));
    rmdir(directory.c_str());
}

void ensure_advertiser(std::string const& directory, std::string const& name_space,
                       std::vector<AdvertisedLink> const& links) {
    if (links.empty()) return remove_dhcp(directory);
    world::make_directory(directory);
    Server const server(directory);
    auto configuration = common_lines(server) + "enable-ra\n";
    for (auto const& link : links) {
        configuration += fmt::format("interface={0}\nra-param={0},mtu:{1},30,1800\n", link.link, link.mtu);
        for (auto const& subnet : link.subnets) {
            auto const cidr = Cidr::parse(subnet.cidr, "subnet").network();
            auto const words = subnet.ipv6_ra_mode == "slaac"              ? "ra-only"
                               : subnet.ipv6_ra_mode == "dhcpv6-stateless" ? "ra-stateless"
                                                                           : "static";
            configuration += fmt::format("dhcp-range={},{},{},86400\n", cidr.address(), words, cidr.length);
        }
    }
    if (read_text(server.configuration()) == configuration && server.process().signal(0)) return;
    server.process().stop();
    write_text(server.configuration(), configuration);
    server.start(name_space);
}

} // namespace volutus::network::on_linux

#include "guest_documents.hpp"

#include "ssh_key.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <set>

namespace volutus::compute {

namespace {

std::string netmask(std::uint32_t length) {
    std::uint32_t const bits = length == 0 ? 0 : ~std::uint32_t{0} << (32 - std::min<std::uint32_t>(length, 32));
    return fmt::format("{}.{}.{}.{}", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255);
}

// An IPv6 prefix length as an address, as the format has it.
std::string netmask6(std::uint32_t length) {
    in6_addr address{};
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(length, 128); ++i)
        address.s6_addr[i / 8] = static_cast<std::uint8_t>(address.s6_addr[i / 8] | 0x80 >> i % 8);
    std::array<char, INET6_ADDRSTRLEN> out{};
    ::inet_ntop(AF_INET6, &address, out.data(), out.size());
    return out.data();
}

json::object network_of(ports::Nic const& nic, ports::Address const& address, std::size_t number) {
    bool const six = address.version == 6;
    json::array routes, services;
    if (!address.gateway.empty())
        routes.push_back(json::object{{"network", six ? "::" : "0.0.0.0"},
                                      {"netmask", six ? "::" : "0.0.0.0"},
                                      {"gateway", json::string(address.gateway)}});
    for (auto const& server : address.nameservers)
        services.push_back(json::object{{"type", "dns"}, {"address", json::string(server)}});
    return {{"id", fmt::format("network{}", number)},
            {"type", six ? "ipv6" : "ipv4"},
            {"link", json::string(nic.device)},
            {"ip_address", json::string(address.address)},
            {"netmask", six ? netmask6(address.prefix_length) : netmask(address.prefix_length)},
            {"routes", std::move(routes)},
            {"services", std::move(services)},
            {"network_id", json::string(nic.network)}};
}

} // namespace

json::object meta_data_of(Server const& server) {
    json::object out{{"uuid", json::string(server.id)},
                     {"name", json::string(server.name)},
                     {"hostname", json::string(server.hostname)},
                     {"project_id", json::string(server.project_id)},
                     {"availability_zone", json::string(server.availability_zone)},
                     {"launch_index", server.launch_index},
                     {"meta", json::encode(server.metadata)},
                     {"devices", json::array()},
                     {"dedicated_cpus", json::array()}};
    if (server.key_name && server.public_key) {
        out["public_keys"] = json::object{{json::string(*server.key_name), json::string(*server.public_key)}};
        out["keys"] = json::array{json::object{{"name", json::string(*server.key_name)},
                                               {"type", json::string(server.key_type.value_or("ssh"))},
                                               {"data", json::string(*server.public_key)}}};
    }
    return out;
}

json::object network_data_of(std::vector<ports::Nic> const& nics) {
    json::array links, networks, services;
    std::set<std::string> told;
    std::size_t number = 0;
    for (auto const& nic : nics) {
        links.push_back(json::object{{"id", json::string(nic.device)},
                                     {"vif_id", json::string(nic.port)},
                                     {"type", "bridge"},
                                     {"mtu", nic.mtu},
                                     {"ethernet_mac_address", json::string(nic.mac)}});
        for (auto const& address : nic.addresses) {
            networks.push_back(network_of(nic, address, number++));
            for (auto const& server : address.nameservers)
                if (told.insert(server).second)
                    services.push_back(json::object{{"type", "dns"}, {"address", json::string(server)}});
        }
    }
    return {{"links", std::move(links)}, {"networks", std::move(networks)}, {"services", std::move(services)}};
}

std::vector<hypervisor::File> config_drive_of(Server const& server, std::vector<ports::Nic> const& nics) {
    std::vector<hypervisor::File> files;
    auto add = [&](char const* name, std::string const& content) {
        files.push_back({std::string("openstack/latest/") + name, base64(content)});
    };
    add("meta_data.json", json::print(meta_data_of(server)));
    add("network_data.json", json::print(network_data_of(nics)));
    add("vendor_data.json", "{}");
    add("vendor_data2.json", "{}");
    if (server.user_data) files.push_back({"openstack/latest/user_data", *server.user_data}); // in base64 already
    return files;
}

} // namespace volutus::compute

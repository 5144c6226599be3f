#include "subnets.hpp"

#include "networks.hpp"
#include "refusal.hpp"
#include "subnet_pools.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace volutus::network_service {

namespace {

constexpr std::string_view quota_name = "subnet";

Address address_from(std::string_view text, std::string_view what) {
    auto const address = parse_address(text);
    if (!address)
        refuse_input(fmt::format("Invalid input for {}. Reason: '{}' is not a valid IP address.", what, text));
    return *address;
}

// All addresses for ports of a block but its gateway's, as ranges.
std::vector<Pool> whole_pools(Block const& block, std::optional<Address> const& gateway) {
    auto first = block.first(), last = block.last();
    if (block.base.version == 4 && block.length < 31) {
        first = first.plus(1);
        --last.value;
    } else if (block.base.version == 6 && block.length < 127) {
        first = first.plus(1);
    }
    std::vector<Pool> pools;
    auto add = [&](Address const& from, Address const& to) {
        if (from <= to) pools.push_back({to_string(from), to_string(to)});
    };
    if (gateway && first <= *gateway && *gateway <= last) {
        if (first < *gateway) add(first, {gateway->version, gateway->value - 1});
        if (*gateway < last) add(gateway->plus(1), last);
    } else {
        add(first, last);
    }
    return pools;
}

void check_pools(Subnet& subnet, Block const& block, std::optional<Address> const& gateway) {
    std::vector<std::pair<Address, Address>> ranges;
    for (auto& pool : subnet.allocation_pools) {
        auto const start = address_from(pool.start, "allocation_pools"),
                   end = address_from(pool.end, "allocation_pools");
        if (end < start || start.version != end.version)
            refuse(Code::invalid, "InvalidAllocationPool",
                   fmt::format("The allocation pool {}-{} is not valid.", pool.start, pool.end));
        if (!block.contains(start) || !block.contains(end))
            refuse(Code::invalid, "OutOfBoundsAllocationPool",
                   fmt::format("The allocation pool {}-{} spans beyond the subnet cidr {}.", pool.start, pool.end,
                               subnet.cidr));
        if (gateway && start <= *gateway && *gateway <= end)
            refuse(Code::conflict, "GatewayConflictWithAllocationPools",
                   fmt::format("Gateway ip {} conflicts with allocation pool {}-{}.", to_string(*gateway), pool.start,
                               pool.end));
        for (auto const& [other_start, other_end] : ranges)
            if (start <= other_end && other_start <= end)
                refuse(Code::conflict, "OverlappingAllocationPools",
                       fmt::format("Found overlapping allocation pools: {}-{} {}-{} for subnet {}.",
                                   to_string(other_start), to_string(other_end), pool.start, pool.end, subnet.cidr));
        ranges.emplace_back(start, end);
        pool = {to_string(start), to_string(end)};
    }
}

void check_modes(Subnet const& subnet, Block const& block) {
    auto const &ra = subnet.ipv6_ra_mode, &mode = subnet.ipv6_address_mode;
    if (!ra && !mode) return;
    if (block.base.version == 4)
        refuse_input("Invalid input for operation: ipv6_ra_mode or ipv6_address_mode cannot be set with ip_version=4.");
    if (!subnet.enable_dhcp)
        refuse_input("Invalid input for operation: ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is "
                     "set to False.");
    if (ra && mode && *ra != *mode)
        refuse_input(fmt::format("Invalid input for operation: ipv6_ra_mode set to '{}' with ipv6_address_mode set to "
                                 "'{}' is not valid. If both attributes are set, they must be the same value.",
                                 *ra, *mode));
    if (subnet.is_automatic() && block.length != 64)
        refuse_input(fmt::format("Invalid input for operation: Invalid CIDR {} for IPv6 address mode. OpenStack uses "
                                 "the EUI-64 address format, which requires the prefix to be /64.",
                                 subnet.cidr));
}

// The parts that create and update share. `gateway_given`: the body says something about it, null included.
void settle(Subnet& subnet, bool gateway_given, bool pools_given) {
    auto const block = subnet.block();
    if (!gateway_given && !subnet.gateway_ip)
        subnet.gateway_ip = to_string(block.length >= block.base.bits() - 1 ? block.base : block.base.plus(1));
    std::optional<Address> gateway;
    if (subnet.gateway_ip) {
        gateway = address_from(*subnet.gateway_ip, "gateway_ip");
        bool const last = block.base.version == 4 && block.length < 31 && *gateway == block.last();
        bool const first = block.length < block.base.bits() - 1 && *gateway == block.base;
        if (gateway->version != block.base.version || last || first)
            refuse_input("Invalid input for operation: Gateway is not valid on subnet.");
        subnet.gateway_ip = to_string(*gateway);
    }
    if (!pools_given) subnet.allocation_pools = whole_pools(block, gateway);
    check_pools(subnet, block, gateway);
    check_modes(subnet, block);
    for (auto& server : subnet.dns_nameservers) server = to_string(address_from(server, "dns_nameservers"));
    for (auto const& route : subnet.host_routes) {
        auto const to = parse_block(route.destination);
        auto const hop = parse_address(route.nexthop);
        if (!to || !hop || to->base.version != block.base.version || hop->version != block.base.version)
            refuse_input(fmt::format("Invalid input for operation: host route {} via {} is not of IP version {}.",
                                     route.destination, route.nexthop, subnet.ip_version));
    }
}

// Where the subnet's block comes from: the body, or a pool.
void give_block(Request& request, Subnet& subnet, std::map<std::string, SubnetPool>& pools,
                std::vector<Subnet> const& made) {
    if (subnet.use_default_subnetpool && !subnet.subnetpool_id) {
        for (auto const& pool : request.store().all<SubnetPool>(where("is_default", true)))
            if (pool.ip_version == subnet.ip_version && (pool.shared || pool.project_id == subnet.project_id))
                subnet.subnetpool_id = pool.id;
        if (!subnet.subnetpool_id)
            refuse_bad_request(fmt::format("No default subnetpool defined for IPv{}", subnet.ip_version));
    }
    std::optional<Block> wanted;
    if (!subnet.cidr.empty()) {
        wanted = parse_block(subnet.cidr);
        if (!wanted || subnet.cidr.find('/') == std::string::npos)
            refuse_input(fmt::format("Invalid input for cidr. Reason: '{}' is not a valid IP subnet.", subnet.cidr));
    }
    if (subnet.subnetpool_id) {
        auto const& id = *subnet.subnetpool_id;
        if (!pools.count(id)) pools.emplace(id, visible<SubnetPool>(request, id, "SubnetPoolNotFound"));
        auto const& pool = pools.at(id);
        std::vector<Block> used;
        for (auto const& other : request.store().all<Subnet>(where("subnetpool_id", json::string(id))))
            used.push_back(other.block());
        for (auto const& other : made)
            if (other.subnetpool_id == id) used.push_back(other.block());
        if (pool.ip_version != subnet.ip_version)
            refuse_bad_request(
                fmt::format("Cannot allocate IPv{} subnet from IPv{} subnet pool", subnet.ip_version, pool.ip_version));
        wanted = block_from(pool, wanted, subnet.prefixlen, used);
    }
    if (!wanted) refuse_bad_request("a subnetpool must be specified in the absence of a cidr");
    if (wanted->base.version != subnet.ip_version)
        refuse_input(
            fmt::format("Invalid input for operation: Invalid CIDR {} given as it does not match the ip_version {}.",
                        subnet.cidr, subnet.ip_version));
    if (subnet.enable_dhcp && wanted->length == wanted->base.bits())
        refuse_input("Invalid input for operation: Invalid CIDR, a subnet with DHCP needs more than one address.");
    subnet.cidr = to_string(*wanted);
}

void check_overlap(Subnet const& subnet, std::vector<Subnet> const& others) {
    for (auto const& other : others)
        if (other.id != subnet.id && other.block().overlaps(subnet.block()))
            refuse_input(fmt::format("Invalid input for operation: Requested subnet with cidr: {} for network: {} "
                                     "overlaps with another subnet.",
                                     subnet.cidr, subnet.network_id));
}

// One network of a bulk create, as it will be.
struct Growing {
    Network network;
    std::vector<Subnet> subnets;
    DhcpPort dhcp;
};

// Routers with a foot on the network have to be told about its subnets.
void mark_routers(Store& store, std::string const& network_id, Changed& changed) {
    for (auto const& port : store.all<Port>(where("network_id", json::string(network_id))))
        if (port.of_a_router()) changed.router(port.device_id);
}

} // namespace

void plan_dhcp_port(Store& store, Network const& network, std::vector<Subnet> const& subnets, Allocation& addresses,
                    Changed& changed, DhcpPort& into) {
    std::vector<FixedIp> wanted;
    for (auto const& subnet : subnets)
        if (subnet.enable_dhcp) wanted.push_back({subnet.id, std::nullopt});
    into.port = store.find<Port>(where("network_id", json::string(network.id)),
                                 where("device_owner", json::string(owners::dhcp)));
    if (wanted.empty()) {
        std::swap(into.port, into.removed);
        return;
    }
    if (!into.port) {
        auto& port = into.port.emplace();
        port.id = new_uuid();
        port.project_id = network.project_id;
        port.network_id = network.id;
        port.device_owner = owners::dhcp;
        port.device_id = "dhcp-" + network.id;
        port.port_security_enabled = false;
        port.security_groups.emplace();
        port.created_at = port.updated_at = timestamp_now();
        addresses.give_mac(port);
    }
    auto lost = addresses.plan(*into.port, wanted, subnets);
    into.freed = free_addresses(std::move(lost), *into.port, due_id(Thing::network, network.id), changed);
    touch(*into.port);
}

Reply Subnets::create(Request& request, std::vector<Subnet> const& wanted) {
    return retry_on_conflict([&] {
        auto made = wanted;
        auto& store = request.store();
        std::map<std::string, Growing> networks;
        std::map<std::string, SubnetPool> pools;
        std::vector<Subnet> done;
        for (std::size_t i = 0; i < made.size(); ++i) {
            auto& subnet = made[i];
            if (!networks.count(subnet.network_id)) {
                auto& growing = networks[subnet.network_id];
                growing.network = visible<Network>(request, subnet.network_id, "NetworkNotFound");
                request.enforce("create_subnet", {{"project_id", growing.network.project_id}});
                growing.subnets = store.all<Subnet>(where("network_id", json::string(subnet.network_id)));
            }
            auto& growing = networks.at(subnet.network_id);
            begin(request, subnet);
            give_block(request, subnet, pools, done);
            check_overlap(subnet, growing.subnets);
            auto const& body = request.bodies()[i];
            settle(subnet, body.contains("gateway_ip"), body.contains("allocation_pools"));
            subnet.audience = subnets_audience_of(growing.network);
            growing.network.subnets.push_back(subnet.id);
            growing.subnets.push_back(subnet);
            done.push_back(subnet);
        }
        Allocation addresses;
        Changed changed;
        for (auto& [id, growing] : networks) {
            plan_dhcp_port(store, growing.network, growing.subnets, addresses, changed, growing.dhcp);
            changed.network(id);
        }
        addresses.apply(store, [&] {
            Writes writes = changed.writes();
            for (auto const& subnet : made)
                writes +=
                    put(subnet) + claim_quota(subnet.project_id, quota_name, subnet.id, 1, settings_.limits.subnet);
            for (auto const& [id, growing] : networks) {
                writes += put(growing.network);
                if (growing.dhcp.port) writes += put(*growing.dhcp.port);
            }
            for (auto const& [id, pool] : pools)
                writes += put(pool); // who takes from it meanwhile is told to look again
            return writes;
        });
        return request.shown_all(made);
    });
}

Reply Subnets::update(Request& request) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto subnet = request.require<Subnet>();
        auto const before = subnet;
        request.change(subnet);
        auto const& body = request.body();
        // Pools stay as they are, also where the gateway changes.
        settle(subnet, true, true);
        if (body.contains("gateway_ip") && before.gateway_ip && before.gateway_ip != subnet.gateway_ip) {
            auto const used = store.find<Port>(where("fixed_subnets", json::string(subnet.id)),
                                               where("fixed_addresses", json::string(*before.gateway_ip)));
            if (used && used->device_owner == owners::router_interface)
                refuse(Code::conflict, "GatewayIpInUse",
                       fmt::format("Current gateway ip {} already in use by port {}. Unable to update.",
                                   *before.gateway_ip, used->id));
        }
        touch(subnet);
        auto const network = store.require<Network>(subnet.network_id);
        auto all = store.all<Subnet>(where("network_id", json::string(network.id)));
        for (auto& other : all)
            if (other.id == subnet.id) other = subnet;
        Allocation addresses;
        Changed changed;
        DhcpPort dhcp;
        bool const moves = before.enable_dhcp != subnet.enable_dhcp;
        if (moves) plan_dhcp_port(store, network, all, addresses, changed, dhcp);
        changed.network(network.id);
        mark_routers(store, network.id, changed);
        Writes gone;
        if (dhcp.removed) gone = remove_with_addresses(*dhcp.removed, due_id(Thing::network, network.id), changed);
        addresses.apply(store, [&] {
            Writes writes = put(subnet) + changed.writes() + gone + dhcp.freed;
            if (moves) writes += put(network);
            if (dhcp.port && moves) writes += put(*dhcp.port);
            return writes;
        });
        return request.shown(subnet);
    });
}

Reply Subnets::remove(Request& request) {
    return retry_on_conflict([&] {
        auto& store = request.store();
        auto const subnet = request.require<Subnet>();
        auto network = store.require<Network>(subnet.network_id);
        Changed changed;
        changed.network(network.id);
        Writes writes = volutus::remove(subnet) + release(subnet.id);
        for (auto port : store.all<Port>(where("fixed_subnets", json::string(subnet.id)))) {
            if (port.device_owner == owners::dhcp) continue;
            if (!subnet.is_automatic() || port.of_a_router())
                refuse(Code::conflict, "SubnetInUse",
                       fmt::format("Unable to complete operation on subnet {}: One or more ports have an IP allocation "
                                   "from this subnet.",
                                   subnet.id));
            // Its port made that address itself, and stops.
            for (std::size_t i = port.holders.size(); i-- > 0;) {
                if (port.fixed_subnets[i] != subnet.id) continue;
                auto const at = static_cast<std::ptrdiff_t>(i);
                port.fixed_ips->erase(port.fixed_ips->begin() + at);
                port.fixed_subnets.erase(port.fixed_subnets.begin() + at);
                port.fixed_addresses.erase(port.fixed_addresses.begin() + at);
                port.holders.erase(port.holders.begin() + at);
            }
            writes += put(port);
            changed.port(port.id);
        }
        auto& ids = network.subnets;
        ids.erase(std::remove(ids.begin(), ids.end(), subnet.id), ids.end());
        auto rest = store.all<Subnet>(where("network_id", json::string(network.id)));
        rest.erase(std::remove_if(rest.begin(), rest.end(), [&](Subnet const& one) { return one.id == subnet.id; }),
                   rest.end());
        Allocation addresses;
        DhcpPort dhcp;
        plan_dhcp_port(store, network, rest, addresses, changed, dhcp);
        if (dhcp.removed) writes += remove_with_addresses(*dhcp.removed, due_id(Thing::network, network.id), changed);
        try {
            addresses.apply(store, [&] {
                auto all = writes;
                all += put(network) + Writes(dhcp.freed) + changed.writes();
                if (dhcp.port) all += put(*dhcp.port);
                return all;
            });
        } catch (Error const& error) {
            if (error.code() != Code::conflict) throw;
            refuse(Code::conflict, "SubnetInUse",
                   fmt::format("Unable to complete operation on subnet {}: {}", subnet.id, error.what()));
        }
        return request.reply();
    });
}

} // namespace volutus::network_service

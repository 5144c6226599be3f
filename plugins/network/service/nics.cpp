#include "nics.hpp"

#include "floating_ip.hpp"
#include "ports.hpp"
#include "refusal.hpp"
#include "subnet.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace volutus::network_service {

namespace {

constexpr std::string_view compute_owner = "compute:";

bool is_admin(Call const& call) {
    auto const caller = caller_of(call);
    return !caller || caller->is_admin ||
           std::any_of(caller->roles.begin(), caller->roles.end(),
                       [](RoleRef const& role) { return role.name == "admin"; });
}

[[noreturn]] void no_network(std::string const& id) {
    refuse(Code::not_found, "NetworkNotFound", fmt::format("Network {} could not be found.", id));
}
[[noreturn]] void no_port(std::string const& id) {
    refuse(Code::not_found, "PortNotFound", fmt::format("Port {} could not be found.", id));
}

std::vector<Subnet> subnets_of(Store& store, std::string const& network) {
    return store.all<Subnet>(where("network_id", json::string(network)));
}

} // namespace

struct Nics::Plan {
    Network network;
    std::optional<Port> port;
    std::optional<std::string> fixed_ip;
};

std::vector<Nics::Plan> Nics::plan(Store& store, ports::Wanted const& wanted) const {
    auto const& call = store.call();
    bool const admin = is_admin(call);
    std::vector<Plan> plans;
    for (auto const& nic : wanted.nics) {
        Plan plan;
        plan.fixed_ip = nic.fixed_ip;
        if (nic.port) {
            plan.port = store.get<Port>(*nic.port);
            if (!plan.port || (plan.port->project_id != wanted.project_id && !admin)) no_port(*nic.port);
            if (!plan.port->device_id.empty() && plan.port->device_id != wanted.server)
                refuse(Code::conflict, "PortInUse", fmt::format("Port {} is still in use.", *nic.port));
            plan.network = store.require<Network>(plan.port->network_id);
            if (plan.port->fixed_addresses.empty() && plan.network.subnets.empty())
                refuse(Code::invalid, "PortRequiresFixedIP",
                       fmt::format("Port {} requires a FixedIP in order to be used.", *nic.port));
        } else if (nic.network) {
            auto network = store.get<Network>(*nic.network);
            if (!network || (network->audience != everybody && network->project_id != wanted.project_id && !admin))
                no_network(*nic.network);
            bool const outside = network->external && !network->shared && network->project_id != wanted.project_id;
            if (outside && !admin)
                refuse(Code::forbidden, "ExternalNetworkAttachForbidden",
                       fmt::format("It is not allowed to create an interface on external network {}", network->id));
            if (network->subnets.empty())
                refuse(Code::invalid, "NetworkRequiresSubnet",
                       fmt::format("Network {} requires a subnet in order to boot instances on.", network->id));
            plan.network = std::move(*network);
        } else {
            refuse_bad_request("A wanted interface names a network or a port.");
        }
        plans.push_back(std::move(plan));
    }
    if (plans.empty() && wanted.automatic) {
        auto own = store.all<Network>(where("project_id", json::string(wanted.project_id)));
        own.erase(std::remove_if(own.begin(), own.end(), [](Network const& one) { return one.external; }), own.end());
        if (own.empty()) {
            own = store.all<Network>(where("shared", true));
            own.erase(std::remove_if(own.begin(), own.end(), [](Network const& one) { return one.external; }),
                      own.end());
        }
        if (own.size() > 1)
            refuse(Code::conflict, "NetworkAmbiguous",
                   "Multiple possible networks found, use a Network ID to be more specific.");
        if (!own.empty() && !own.front().subnets.empty()) plans.push_back({own.front(), std::nullopt, std::nullopt});
    }
    return plans;
}

void Nics::check(Call& call, ports::Wanted const& wanted) {
    Store store(host_, call);
    auto const plans = plan(store, wanted);
    groups_.ensure_default(store, wanted.project_id);
    for (auto const& group : wanted.security_groups) groups_.find(store, wanted.project_id, group);
    for (auto const& one : plans) {
        if (!one.fixed_ip) continue;
        auto const address = parse_address(*one.fixed_ip);
        auto const subnets = subnets_of(store, one.network.id);
        if (!address || std::none_of(subnets.begin(), subnets.end(),
                                     [&](Subnet const& subnet) { return subnet.block().contains(*address); }))
            refuse(Code::invalid, "InvalidIpForNetwork",
                   fmt::format("Fixed IP address {} is not a valid ip address for network {}.", *one.fixed_ip,
                               one.network.id));
        auto const holder = store.find<Port>(where("network_id", json::string(one.network.id)),
                                             where("fixed_addresses", json::string(to_string(*address))));
        if (holder)
            refuse(
                Code::conflict, "IpAddressAlreadyAllocated",
                fmt::format("Fixed IP address {} is already in use on instance {}.", *one.fixed_ip, holder->device_id));
    }
    // A claim decides in the end; this tells the user before anything is begun.
    store::AccountQuery query;
    query.account = wanted.project_id;
    query.resource = std::string(port_quota);
    auto const fresh = std::count_if(plans.begin(), plans.end(), [](Plan const& one) { return !one.port; });
    for (auto const& account : store.accounts(query).accounts)
        if (account.total >= 0 && account.used + fresh > account.total)
            refuse(Code::over_quota, "OverQuota", "Quota exceeded for resources: ['port'].");
}

Port Nics::bound(Port port, ports::Wanted const& wanted, std::size_t nic) const {
    port.device_id = wanted.server;
    port.device_owner = std::string(compute_owner) +
                        (wanted.availability_zone.empty() ? settings_.availability_zone : wanted.availability_zone);
    port.host = wanted.host;
    port.hostname = wanted.hostname;
    port.nic = static_cast<std::int64_t>(nic);
    port.needs_network = true;
    return port;
}

std::set<std::string> Nics::bind(Store& store, ports::Wanted const& wanted) {
    auto const there = of_server(store, wanted.server);
    auto is_there = [&](std::string const& made_for) {
        return std::any_of(there.begin(), there.end(), [&](Port const& port) { return port.made_for == made_for; });
    };
    auto const plans = plan(store, wanted);
    std::vector<std::string> groups;
    for (auto const& group : wanted.security_groups) groups.push_back(groups_.find(store, wanted.project_id, group).id);
    if (groups.empty()) groups.push_back(groups_.ensure_default(store, wanted.project_id));

    std::vector<Port> ports, fresh;
    ports.reserve(plans.size()); // planned where they are
    Allocation addresses;
    Changed changed;
    for (std::size_t i = 0; i < plans.size(); ++i) {
        auto const& one = plans[i];
        if (one.port) {
            if (one.port->host != wanted.host || one.port->device_id != wanted.server) {
                ports.push_back(bound(*one.port, wanted, i));
                touch(ports.back());
            } else {
                mark_port(*one.port, changed);
                continue;
            }
        } else {
            auto const made_for = fmt::format("{}/{}", wanted.server, i);
            if (is_there(made_for)) continue;
            auto& port = ports.emplace_back();
            port.id = new_uuid();
            port.project_id = wanted.project_id;
            port.network_id = one.network.id;
            port.created_at = port.updated_at = timestamp_now();
            port.revision_number = 1;
            port.made_for = made_for;
            port = bound(std::move(port), wanted, i);
            port.port_security_enabled = one.network.port_security_enabled;
            port.security_groups.emplace();
            if (one.network.port_security_enabled) port.security_groups = groups;
            addresses.give_mac(port);
            std::optional<std::vector<FixedIp>> asked;
            if (one.fixed_ip) asked = {{std::nullopt, one.fixed_ip}};
            addresses.plan(port, asked, subnets_of(store, one.network.id));
        }
        mark_port(ports.back(), changed);
    }
    // Made before, on another host or not plugged there yet.
    for (auto const& port : there) {
        if (!port.made_for) continue;
        if (port.host != wanted.host) {
            fresh.push_back(bound(port, wanted, static_cast<std::size_t>(port.nic)));
            mark_port(fresh.back(), changed);
        }
    }
    if (!ports.empty() || !fresh.empty())
        addresses.apply(store, [&] {
            Writes writes = changed.writes();
            for (auto const& port : ports) {
                writes += put(port);
                if (port.stored_revision == 0)
                    writes += claim_quota(port.project_id, port_quota, port.id, 1, settings_.limits.port);
            }
            for (auto const& port : fresh) writes += put(port);
            return writes;
        });
    std::set<std::string> dues;
    for (auto const& port : of_server(store, wanted.server)) {
        dues.insert(due_id(Thing::port, port.id));
        dues.insert(due_id(Thing::network, port.network_id));
        for (auto const& group : port.groups()) dues.insert(due_id(Thing::group, group));
    }
    return dues;
}

// Until nothing of it is due any more. Follows the feed; whoever holds a thread here keeps it from the task that does the
// work, so the wait is short and the caller comes again.
void Nics::wait_for(Store& store, std::set<std::string> const& dues) const {
    OwnCall own(host_, world::now() + std::chrono::milliseconds(settings_.attach_patience_ms), store.call().trace());
    Client<store::contract> feed(host_);
    store::Changes since;
    since.kinds = {"network.due"};
    since.wait = false;
    since.since = std::numeric_limits<std::int64_t>::max();
    bool first = true;
    while (true) {
        std::uint64_t revision = 0;
        {
            store::Query now;
            now.kind = "network.due";
            now.limit = 1;
            revision = feed.call<&store::Store::query>(store.call(), now).revision;
        }
        std::string open;
        for (auto const& id : dues) {
            auto const due = store.get<Due>(id);
            if (!due) continue;
            if (due->error)
                throw Error(Code::unavailable, fmt::format("the network driver refuses {}: {}", id, *due->error));
            open = id;
        }
        if (open.empty()) return;
        if (!first && world::now() >= own.call().deadline())
            throw Error(Code::unavailable, fmt::format("{} is still being made ready on its host", open));
        first = false;
        since.since = revision;
        since.wait = true;
        try {
            feed.call<&store::Store::changes>(own.call(), since);
        } catch (Error const& error) {
            if (error.code() != Code::deadline) throw;
        }
    }
}

ports::Nics Nics::attach(Call& call, ports::Wanted const& wanted) {
    Store store(host_, call);
    auto const dues = retry_on_conflict([&] { return bind(store, wanted); });
    wait_for(store, dues);
    ports::Nics out;
    for (auto const& port : of_server(store, wanted.server)) out.nics.push_back(shown(store, port));
    return out;
}

void Nics::detach(Call& call, ports::ServerId const& server) {
    Store store(host_, call);
    retry_on_conflict([&] {
        Changed changed;
        Writes writes;
        for (auto port : of_server(store, server.server)) {
            mark_port(port, changed);
            if (port.made_for) {
                auto const ips = free_floating_ips(store, port, changed);
                writes += Writes(ips) + remove_with_addresses(port, due_id(Thing::port, port.id), changed);
                continue;
            }
            port.device_id.clear();
            port.device_owner.clear();
            port.host.reset();
            port.hostname.clear();
            port.needs_network = false;
            touch(port);
            writes += put(port);
        }
        if (!changed.nothing()) store.apply(std::move(writes) + changed.writes());
    });
}

std::vector<Port> Nics::of_server(Store& store, std::string const& server) const {
    if (server.empty()) return {};
    auto ports = store.all<Port>(where("device_id", json::string(server)));
    ports.erase(std::remove_if(ports.begin(), ports.end(),
                               [](Port const& port) { return port.device_owner.rfind(compute_owner, 0) != 0; }),
                ports.end());
    std::sort(ports.begin(), ports.end(),
              [](Port const& a, Port const& b) { return std::tie(a.nic, a.id) < std::tie(b.nic, b.id); });
    return ports;
}

ports::Nic Nics::shown(Store& store, Port const& port) const {
    ports::Nic nic;
    nic.server = port.device_id;
    nic.port = port.id;
    nic.network = port.network_id;
    if (auto const network = store.get<Network>(port.network_id)) {
        nic.network_name = network->name;
        nic.mtu = static_cast<std::uint32_t>(network->mtu);
    }
    nic.mac = port.mac_address;
    nic.status = port.status;
    nic.bridge = port.bridge;
    if (port.is_bound()) nic.device = port.device();
    nic.security_groups = port.groups();
    nic.made_for_server = port.made_for.has_value();
    auto const ips = store.all<FloatingIp>(where("port_id", json::string(port.id)));
    for (std::size_t i = 0; i < port.fixed_addresses.size(); ++i) {
        auto const subnet = store.get<Subnet>(port.fixed_subnets[i]);
        if (!subnet) continue;
        ports::Address address;
        address.address = port.fixed_addresses[i];
        address.mac = port.mac_address;
        address.version = static_cast<std::uint32_t>(subnet->ip_version);
        address.prefix_length = subnet->block().length;
        address.subnet_id = subnet->id;
        address.gateway = subnet->gateway_ip.value_or("");
        address.nameservers = subnet->dns_nameservers;
        for (auto const& ip : ips)
            if (ip.fixed_ip_address == address.address && ip.floating_ip_address)
                address.floating.push_back(*ip.floating_ip_address);
        nic.addresses.push_back(std::move(address));
    }
    return nic;
}

ports::Nics Nics::of_servers(Call& call, ports::Servers const& servers) {
    if (servers.servers.size() > 1000) throw Error(Code::too_large, "at most 1,000 servers are asked about at once");
    Store store(host_, call);
    ports::Nics out;
    for (auto const& server : servers.servers)
        for (auto const& port : of_server(store, server)) out.nics.push_back(shown(store, port));
    return out;
}

template <class Edit> void Nics::change_groups(Call& call, ports::Group const& group, Edit edit) {
    Store store(host_, call);
    retry_on_conflict([&] {
        auto ports = of_server(store, group.server);
        Changed changed;
        Writes writes;
        for (auto& port : ports) {
            if (!port.port_security_enabled.value_or(true)) continue;
            auto const before = port;
            auto const id = groups_.find(store, port.project_id, group.group).id;
            if (!port.security_groups) port.security_groups.emplace();
            if (!edit(*port.security_groups, id)) continue;
            mark_port(before, changed);
            mark_port(port, changed);
            touch(port);
            writes += put(port);
        }
        if (!changed.nothing()) store.apply(std::move(writes) + changed.writes());
        return 0;
    });
}

void Nics::add_group(Call& call, ports::Group const& group) {
    change_groups(call, group, [](std::vector<std::string>& groups, std::string const& id) {
        if (std::find(groups.begin(), groups.end(), id) != groups.end()) return false;
        groups.push_back(id);
        return true;
    });
}

void Nics::remove_group(Call& call, ports::Group const& group) {
    bool any = false;
    change_groups(call, group, [&](std::vector<std::string>& groups, std::string const& id) {
        auto const at = std::find(groups.begin(), groups.end(), id);
        if (at == groups.end()) return false;
        groups.erase(at);
        return any = true;
    });
    if (!any)
        refuse(Code::not_found, "SecurityGroupNotFound",
               fmt::format("Security group {} not associated with the instance {}", group.group, group.server));
}

ports::SecurityGroups Nics::groups(Call& call, ports::GroupIds const& wanted) {
    Store store(host_, call);
    auto const caller = caller_of(call);
    bool const all = is_admin(call);
    auto const project = caller && caller->project ? caller->project->id : std::string();
    ports::SecurityGroups out;
    auto add = [&](SecurityGroup const& group) {
        if (all || group.project_id == project)
            out.groups.push_back({group.id, group.name, group.description, group.project_id});
    };
    if (!wanted.ids.empty()) {
        for (auto const& group :
             store.all<SecurityGroup>(where("id", json::array(wanted.ids.begin(), wanted.ids.end()))))
            add(group);
        return out;
    }
    if (!project.empty()) groups_.ensure_default(store, project);
    auto const found =
        all ? store.all<SecurityGroup>() : store.all<SecurityGroup>(where("project_id", json::string(project)));
    for (auto const& group : found) add(group);
    return out;
}

std::optional<ports::Nic> Nics::find(Call& call, ports::Source const& source) {
    Store store(host_, call);
    auto const address = parse_address(source.address);
    if (!address) return std::nullopt;
    auto const port = store.find<Port>(where("network_id", json::string(source.network)),
                                       where("fixed_addresses", json::string(to_string(*address))));
    if (!port) return std::nullopt;
    return shown(store, *port);
}

} // namespace volutus::network_service

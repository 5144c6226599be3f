#include "prover.hpp"

#include "driver_view.hpp"
#include "due.hpp"
#include "subnet_pool.hpp"

#include <fmt/format.h>
#include <map>
#include <set>

namespace volutus::network_service {

namespace {

using Ids = std::set<std::string>;

class Comparison {
public:
    Comparison(Store& store, prover::Verdict& verdict) : store_(store), verdict_(verdict) {}

    void differ(std::string where, std::string what) {
        if (verdict_.differences.size() < 1000) verdict_.differences.push_back({std::move(where), std::move(what)});
    }
    // What is due has not been told yet, and is no difference.
    void compare(Thing thing, Ids const& wanted, std::vector<std::string> const& there) {
        Ids const have(there.begin(), there.end());
        for (auto const& id : wanted)
            if (!have.count(id) && !is_due(thing, id))
                differ("network " + due_id(thing, id), "is to be on the host, and the driver lacks it");
        for (auto const& id : have)
            if (!wanted.count(id) && !is_due(thing, id))
                differ("network " + due_id(thing, id), "is at the driver, and nothing needs it there");
    }
    template <class S> void count(std::string const& resource, std::vector<S> const& all) {
        std::map<std::string, std::int64_t> have;
        for (auto const& one : all)
            if (is_counted(one)) ++have[one.project_id];
        store::AccountQuery query;
        query.resource = resource;
        while (true) {
            auto const page = store_.accounts(query);
            for (auto const& account : page.accounts) {
                auto const real = have[account.account];
                have.erase(account.account);
                if (account.used != real)
                    differ(fmt::format("quota of {}", account.account),
                           fmt::format("counts {} of {}, and there are {}", account.used, resource, real));
            }
            if (!page.next_after) break;
            query.after = page.next_after;
        }
        for (auto const& [project, real] : have)
            differ(fmt::format("quota of {}", project), fmt::format("counts no {}, and there are {}", resource, real));
    }
    bool is_due(Thing thing, std::string const& id) { return store_.get<Due>(due_id(thing, id)).has_value(); }

private:
    template <class S> static bool is_counted(S const&) { return true; }
    // What the cloud made for itself is on nobody's account.
    static bool is_counted(Port const& port) {
        return port.device_owner != owners::dhcp && port.device_owner != owners::router_gateway &&
               port.device_owner != owners::floating_ip;
    }

    Store& store_;
    prover::Verdict& verdict_;
};

} // namespace

prover::Verdict Prover::verify(Call& call) {
    Store store(host_, call);
    prover::Verdict verdict;
    Comparison comparison(store, verdict);
    auto const there = drivers_.call<&network::Driver::list>(call);
    auto const networks = store.all<Network>();
    auto const groups = store.all<SecurityGroup>();
    auto const ports = store.all<Port>();
    auto const routers = store.all<Router>();

    Ids needed;
    for (auto const& network : networks)
        if (is_needed(store, network)) needed.insert(network.id);
    comparison.compare(Thing::network, needed, there.networks);
    needed.clear();
    for (auto const& group : groups)
        if (is_needed(store, group)) needed.insert(group.id);
    comparison.compare(Thing::group, needed, there.groups);
    needed.clear();
    for (auto const& port : ports)
        if (port.is_bound() && !port.of_the_network()) needed.insert(port.id);
    comparison.compare(Thing::port, needed, there.ports);
    needed.clear();
    Ids floating;
    for (auto const& router : routers) {
        if (comparison.is_due(Thing::router, router.id)) continue;
        for (auto const& ip : store.all<FloatingIp>(where("router_id", json::string(router.id))))
            floating.insert(fmt::format("{} {} {}", router.id, ip.floating_ip_address.value_or(""),
                                        ip.fixed_ip_address.value_or("")));
        if (is_needed(store, router)) needed.insert(router.id);
    }
    comparison.compare(Thing::router, needed, there.routers);
    for (auto const& line : there.floating_ips)
        if (!floating.erase(line) && !comparison.is_due(Thing::router, line.substr(0, line.find(' '))))
            comparison.differ("floating IP " + line, "is at the driver, and no document says so");
    for (auto const& line : floating)
        comparison.differ("floating IP " + line, "is to be on the host, and the driver lacks it");

    std::map<std::string, std::string> holders;
    for (auto const& port : ports)
        for (std::size_t i = 0; i < port.fixed_addresses.size(); ++i) {
            auto const key = port.fixed_subnets[i] + " " + port.fixed_addresses[i];
            if (auto const [at, fresh] = holders.emplace(key, port.id); !fresh)
                comparison.differ("network.port " + port.id, fmt::format("has the address {}, and so has port {}",
                                                                         port.fixed_addresses[i], at->second));
        }
    comparison.count("network", networks);
    comparison.count("subnet", store.all<Subnet>());
    comparison.count("port", ports);
    comparison.count("router", routers);
    comparison.count("floatingip", store.all<FloatingIp>());
    comparison.count("security_group", groups);
    comparison.count("security_group_rule", store.all<SecurityGroupRule>());
    comparison.count("subnetpool", store.all<SubnetPool>());
    return verdict;
}

} // namespace volutus::network_service

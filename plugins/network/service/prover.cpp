#include "prover.hpp"

#include "divergence.hpp"
#include "driver_view.hpp"
#include "subnet_pool.hpp"

#include <fmt/format.h>
#include <map>

namespace volutus::network_service {

namespace {

class Comparison {
public:
    Comparison(Store& store, prover::Verdict& verdict) : store_(store), verdict_(verdict) {}

    void differ(std::string where, std::string what, std::optional<std::string> mended = {}) {
        if (verdict_.differences.size() < 1000)
            verdict_.differences.push_back({std::move(where), std::move(what), std::move(mended)});
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

prover::Verdict Prover::compare(Call& call, bool repair) const {
    Store store(host_, call);
    prover::Verdict verdict;
    Comparison comparison(store, verdict);
    auto found = divergences(store, drivers_.call<&network::Driver::list>(call));
    if (repair) tell_again(store, found);
    for (auto& one : found) {
        std::optional<std::string> mended;
        if (repair && !one.mends.empty()) mended = "the driver is told again";
        comparison.differ(std::move(one.where), std::move(one.what), std::move(mended));
    }
    auto const ports = store.all<Port>();
    std::map<std::string, std::string> holders;
    for (auto const& port : ports)
        for (std::size_t i = 0; i < port.fixed_addresses.size(); ++i) {
            auto const key = port.fixed_subnets[i] + " " + port.fixed_addresses[i];
            if (auto const [at, fresh] = holders.emplace(key, port.id); !fresh)
                comparison.differ("network.port " + port.id, fmt::format("has the address {}, and so has port {}",
                                                                         port.fixed_addresses[i], at->second));
        }
    comparison.count("network", store.all<Network>());
    comparison.count("subnet", store.all<Subnet>());
    comparison.count("port", ports);
    comparison.count("router", store.all<Router>());
    comparison.count("floatingip", store.all<FloatingIp>());
    comparison.count("security_group", store.all<SecurityGroup>());
    comparison.count("security_group_rule", store.all<SecurityGroupRule>());
    comparison.count("subnetpool", store.all<SubnetPool>());
    return verdict;
}

} // namespace volutus::network_service

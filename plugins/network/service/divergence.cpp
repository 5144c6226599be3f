#include "divergence.hpp"

#include "driver_view.hpp"

#include <fmt/format.h>
#include <set>

namespace volutus::network_service {

namespace {

using Ids = std::set<std::string>;

class Comparison {
public:
    explicit Comparison(Store& store) : store_(store) {}

    void differ(std::string where, std::string what, std::string const& mends) {
        if (mends.empty() || !store_.get<Due>(mends)) all_.push_back({std::move(where), std::move(what), mends});
    }
    void compare(Thing thing, Ids const& wanted, std::vector<std::string> const& there) {
        Ids const have(there.begin(), there.end());
        for (auto const& id : wanted)
            if (!have.count(id))
                differ("network " + due_id(thing, id), "is to be on the host, and the driver lacks it",
                       due_id(thing, id));
        for (auto const& id : have)
            if (!wanted.count(id))
                differ("network " + due_id(thing, id), "is at the driver, and nothing needs it there",
                       due_id(thing, id));
    }
    std::vector<Divergence> all() && { return std::move(all_); }

private:
    Store& store_;
    std::vector<Divergence> all_;
};

template <class S> Ids needed(Store& store) {
    Ids ids;
    for (auto const& one : store.all<S>())
        if (is_needed(store, one)) ids.insert(one.id);
    return ids;
}

Ids bound_ports(Store& store) {
    Ids ids;
    for (auto const& port : store.all<Port>())
        if (port.is_bound() && !port.of_the_network()) ids.insert(port.id);
    return ids;
}

// As the driver lists them: "<router> <address> <fixed address>".
Ids translated(Store& store) {
    Ids lines;
    for (auto const& ip : store.all<FloatingIp>())
        if (ip.router_id)
            lines.insert(fmt::format("{} {} {}", *ip.router_id, ip.floating_ip_address.value_or(""),
                                     ip.fixed_ip_address.value_or("")));
    return lines;
}

} // namespace

std::vector<Divergence> divergences(Store& store, network::Inventory const& there) {
    Comparison comparison(store);
    auto const networks = needed<Network>(store), lines = translated(store);
    comparison.compare(Thing::network, networks, there.networks);
    comparison.compare(Thing::group, needed<SecurityGroup>(store), there.groups);
    comparison.compare(Thing::port, bound_ports(store), there.ports);
    comparison.compare(Thing::router, needed<Router>(store), there.routers);
    auto const router_of = [](std::string const& line) {
        return due_id(Thing::router, line.substr(0, line.find(' ')));
    };
    Ids const have(there.floating_ips.begin(), there.floating_ips.end());
    for (auto const& line : have)
        if (!lines.count(line))
            comparison.differ("floating IP " + line, "is at the driver, and no document says so", router_of(line));
    for (auto const& line : lines)
        if (!have.count(line))
            comparison.differ("floating IP " + line, "is to be on the host, and the driver lacks it", router_of(line));
    for (auto const& one : there.altered) {
        auto mends = fmt::format("{}/{}", one.thing, one.id);
        // What networks share is made again with any of them.
        if (one.thing == "host") mends = networks.empty() ? "" : due_id(Thing::network, *networks.begin());
        comparison.differ(fmt::format("network {}/{}", one.thing, one.id),
                          "is on the host, but not as it was made: " + one.what, mends);
    }
    return std::move(comparison).all();
}

void tell_again(Store& store, std::vector<Divergence> const& found) {
    std::set<std::string> ids;
    for (auto const& one : found)
        if (!one.mends.empty()) ids.insert(one.mends);
    constexpr std::size_t at_a_time = 500; // an apply takes 1,000 items
    while (!ids.empty()) {
        Changed changed;
        for (std::size_t n = 0; n < at_a_time && !ids.empty(); ++n)
            changed.due(std::move(ids.extract(ids.begin()).value()));
        store.apply(changed.writes());
    }
}

} // namespace volutus::network_service

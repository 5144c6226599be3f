#include "availability.hpp"

#include "port.hpp"
#include "refusal.hpp"
#include "subnet.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace volutus::network_service {

namespace {

constexpr Number largest = std::numeric_limits<std::int64_t>::max();

std::int64_t size_of(std::vector<Pool> const& pools) {
    Number size = 0;
    for (auto const& pool : pools) {
        auto const first = parse_address(pool.start), last = parse_address(pool.end);
        if (first && last) size += std::min(largest, last->value - first->value + 1);
    }
    return static_cast<std::int64_t>(std::min(largest, size));
}

// A version of 0: of both.
Availability availability_of(Store& store, Network const& network, std::int64_t version) {
    Availability shown;
    shown.network_id = network.id;
    shown.network_name = network.name;
    shown.project_id = network.project_id;
    auto const ports = store.all<Port>(where("network_id", json::string(network.id)));
    for (auto const& subnet : store.all<Subnet>(where("network_id", json::string(network.id)))) {
        if (version && subnet.ip_version != version) continue;
        auto& own = shown.subnets.emplace_back();
        own.subnet_id = subnet.id;
        own.subnet_name = subnet.name;
        own.cidr = subnet.cidr;
        own.ip_version = subnet.ip_version;
        own.total_ips = size_of(subnet.allocation_pools);
        for (auto const& port : ports)
            own.used_ips += std::count(port.fixed_subnets.begin(), port.fixed_subnets.end(), subnet.id);
        shown.used_ips += own.used_ips;
        shown.total_ips = static_cast<std::int64_t>(std::min(largest, Number(shown.total_ips) + Number(own.total_ips)));
    }
    return shown;
}

std::int64_t version_of(Request const& request) {
    auto const text = request.query("ip_version");
    if (!text) return 0;
    if (*text == "4" || *text == "6") return text->front() - '0';
    refuse_bad_request(fmt::format("Invalid filter ip_version={}: it is 4 or 6.", *text));
}

} // namespace

Reply Availabilities::list(Request& request) {
    auto const version = version_of(request);
    auto const named = [&](std::string_view query, std::string const& value) {
        auto const wanted = request.queries(query);
        return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
    };
    std::vector<Availability> all;
    for (auto const& network : request.store().all<Network>())
        if (named("network_id", network.id) && named("network_name", network.name) &&
            named("project_id", network.project_id) && named("tenant_id", network.project_id))
            all.push_back(availability_of(request.store(), network, version));
    return request.shown_all(all);
}

Reply Availabilities::show(Request& request) {
    auto const network = request.store().get<Network>(request.parameter("network_id"));
    if (!network)
        refuse(Code::not_found, "NetworkNotFound",
               fmt::format("Network {} could not be found.", request.parameter("network_id")));
    return request.shown(availability_of(request.store(), *network, 0));
}

} // namespace volutus::network_service

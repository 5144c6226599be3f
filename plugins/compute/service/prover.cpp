#include "prover.hpp"

#include "server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace volutus::compute {

namespace {

// Who claims how much of the resource from the host.
std::map<std::string, std::int64_t> claims_on(Store& store, ComputeHost const& host, std::string const& resource) {
    std::map<std::string, std::int64_t> held;
    store::AccountQuery query;
    query.account = host.id;
    query.resource = resource;
    while (true) {
        auto const page = store.accounts(query);
        for (auto const& claim : page.claims)
            if (claim.resource == resource) held[claim.consumer] += claim.amount;
        if (!page.next_after) return held;
        query.after = page.next_after;
    }
}

bool fits(Server const& server, hypervisor::Power power) {
    if (server.vm_state == "active") return power == hypervisor::Power::running;
    if (server.vm_state == "paused") return power == hypervisor::Power::paused;
    if (server.vm_state == "stopped") return power == hypervisor::Power::off || power == hypervisor::Power::crashed;
    return true; // in ERROR it is as it was left
}

} // namespace

prover::Verdict Prover::verify(Call& call) {
    Store store(backends_.host, call);
    std::map<std::string, Server> servers;
    for (auto& server : store.all<Server>()) servers.emplace(server.id, std::move(server));

    prover::Verdict verdict;
    auto differ = [&](std::string const& server, std::string what) {
        constexpr std::size_t most = 1000;
        if (verdict.differences.size() < most)
            verdict.differences.push_back({"compute.server " + server, std::move(what)});
    };
    std::set<std::string> found; // servers that a hypervisor has
    for (auto const& host : store.all<ComputeHost>()) {
        auto const there = backends_.hypervisors.at(host.driver)
                               .call<&hypervisor::Driver::list>(call, hypervisor::HostName{host.name})
                               .servers;
        for (auto const& state : there) {
            found.insert(state.id);
            auto const at = servers.find(state.id);
            if (at == servers.end())
                differ(state.id, fmt::format("is on {}, and no document knows it", host.name));
            else if (at->second.task_state)
                continue; // a task is at it
            else if (at->second.host != host.name)
                differ(state.id, fmt::format("is on {}, and should be on \"{}\"", host.name, at->second.host));
            else if (!fits(at->second, state.power))
                differ(state.id, fmt::format("is {}, and its guest is otherwise", at->second.vm_state));
        }
        for (auto const& [consumer, amount] : claims_on(store, host, "MEMORY_MB")) {
            auto const at = servers.find(consumer);
            if (at == servers.end())
                differ(consumer, fmt::format("holds {} MiB of {}, and no document knows it", amount, host.name));
            else if (!at->second.task_state && (at->second.provider != host.id || at->second.flavor.ram != amount))
                differ(consumer, fmt::format("holds {} MiB of {}, and should hold {} MiB of \"{}\"", amount, host.name,
                                             at->second.flavor.ram, at->second.host));
        }
    }
    for (auto const& [id, server] : servers) {
        bool const runs = server.vm_state == "active" || server.vm_state == "stopped" || server.vm_state == "paused";
        if (!server.task_state && runs && !found.count(id))
            differ(id, fmt::format("is {}, and {} lacks it", server.vm_state, server.host));
    }
    return verdict;
}

} // namespace volutus::compute

// Finding a host for a server, and claiming its room there.
#include "server_tasks.hpp"

#include <fmt/format.h>

namespace volutus::compute {

namespace {

scheduler::Demand demand_of(Server const& server) {
    scheduler::Demand demand;
    demand.resources = {{"VCPU", server.flavor.vcpus}, {"MEMORY_MB", server.flavor.ram}};
    auto const disk = server.flavor.disk + server.flavor.ephemeral + (server.flavor.swap + 1023) / 1024;
    if (disk > 0) demand.resources["DISK_GB"] = disk;
    for (auto const& [key, value] : server.flavor.extra_specs) {
        if (key.rfind("trait:", 0) == 0)
            (value == "forbidden" ? demand.forbidden : demand.required).push_back(key.substr(6));
    }
    return demand;
}

std::string why_none(scheduler::Candidates const& found) {
    std::string refused;
    for (auto const& refusal : found.refused) {
        refused += fmt::format("{}{} refused {}", refused.empty() ? "" : "; ", refusal.filter, refusal.count);
        if (!refusal.hosts.empty()) refused += fmt::format(" ({})", fmt::join(refusal.hosts, ", "));
    }
    if (refused.empty()) refused = fmt::format("there are {} hosts", found.hosts);
    return fmt::format("No valid host was found. There are not enough hosts available: {}.", refused);
}

} // namespace

// False when others were faster and the host is full. The claim stands in an apply of its own, so that the next host
// can be tried within the step; that it is of this try of the task, and of no late one, the task's revision proves.
bool ServerTasks::claim_on(Step& step, Store& store, Server server, ComputeHost const& host) const {
    server.provider = host.id;
    server.host = host.name;
    server.driver = host.driver;
    server.task_state = "spawning";
    server.availability_zone = host.zone;
    touch(server);
    Writes writes = put(server) + expect("kernel.task", step.task, step.call.operation().epoch);
    for (auto const& [resource, amount] : demand_of(server).resources)
        writes += claim(host.id, resource, server.id, amount);
    try {
        store.apply(std::move(writes));
        return true;
    } catch (Error const& error) {
        if (error.code() != Code::exhausted) throw;
        return false;
    }
}

store::Apply ServerTasks::place(Step& step) {
    Store store(backends_.host, step.call);
    auto const server = store.require<Server>(step.resource);
    if (!server.provider.empty()) return {}; // an earlier try of this step has done it
    auto demand = demand_of(server);
    for (auto const& host : store.all<ComputeHost>()) {
        bool const meant = server.forced_host ? host.name == *server.forced_host
                                              : !host.disabled && host.zone == server.availability_zone;
        if (!meant) demand.not_in.push_back(host.id);
    }
    while (true) {
        auto const found = backends_.scheduler.call<&scheduler::Scheduler::candidates>(step.call, demand);
        for (auto const& candidate : found.candidates) {
            auto const host = store.get<ComputeHost>(candidate.host);
            if (host && claim_on(step, store, server, *host)) return {};
            demand.not_in.push_back(candidate.host); // full by now, or no host of servers
        }
        if (found.candidates.empty()) throw Error(Code::exhausted, why_none(found));
        step.call.check();
    }
}

store::Apply ServerTasks::unplace(Step& step) {
    Store store(backends_.host, step.call);
    auto server = store.get<Server>(step.resource);
    if (!server || server->provider.empty()) return {};
    auto writes = release(server->id, server->provider);
    server->provider.clear();
    server->host.clear();
    server->driver.clear();
    touch(*server);
    return (put(*server) + std::move(writes)).apply;
}

} // namespace volutus::compute

// Finding a host for a server, and claiming its room there.
#include "server_tasks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace volutus::compute {

namespace {

// Whom the scheduler's index may be behind: the host's own document decides.
bool may_take(ComputeHost const& host, Server const& server) {
    if (server.forced_host) return host.name == *server.forced_host;
    return !host.disabled && host.zone == server.availability_zone;
}

scheduler::Demand demand_of(Store& store, Server const& server) {
    scheduler::Demand demand;
    demand.resources = resources_of(server);
    for (auto const& [key, value] : server.flavor.extra_specs) {
        if (key.rfind("trait:", 0) == 0)
            (value == "forbidden" ? demand.forbidden : demand.required).push_back(key.substr(6));
    }
    if (server.forced_host) {
        auto const host = store.find<ComputeHost>(where("name", json::string(*server.forced_host)));
        if (!host)
            throw Error(Code::exhausted, fmt::format("No valid host was found. {} is gone.", *server.forced_host));
        demand.in = {host->id};
    } else {
        demand.forbidden.emplace_back(disabled_trait);
        demand.member_of = {{aggregate_of_zone(server.availability_zone)}};
    }
    return demand;
}

std::string in_words(std::string const& filter) {
    if (filter == "aggregates") return "availability zone";
    if (filter == std::string("forbidden trait ") + disabled_trait) return "disabled";
    return filter;
}

// For tenants: how many hosts there are, and which, is the operator's, who finds the names in the log. `short_of`: what
// the hosts of not_in lacked when the claim was tried.
std::string why_none(scheduler::Candidates const& found, std::set<std::string> const& short_of) {
    std::set<std::string> reasons = short_of;
    for (auto const& refusal : found.refused)
        if (refusal.filter != "not_in") reasons.insert(in_words(refusal.filter));
    if (reasons.empty()) reasons.insert(found.hosts == 0 ? "there are none" : "they were taken meanwhile");
    return fmt::format("No valid host was found. There are not enough hosts available: {}.", fmt::join(reasons, ", "));
}

std::string names_of(Store& store, scheduler::Refusal const& refusal) {
    std::vector<std::string> names;
    for (auto const& id : refusal.hosts) {
        auto const host = store.get<ComputeHost>(id);
        names.push_back(host ? host->name : id);
    }
    return fmt::format("{} refused {}: {}{}", refusal.filter, refusal.count, fmt::join(names, ", "),
                       names.size() < refusal.count ? ", ..." : "");
}

} // namespace

// What the host is short of when others were faster, otherwise nothing. The claim stands in an apply of its own, so that
// the next host can be tried within the step; that it is of this try of the task, and of no late one, the task's revision
// proves.
std::optional<std::string> ServerTasks::claim_on(Step& step, Store& store, Server server,
                                                 ComputeHost const& host) const {
    server.provider = host.id;
    server.host = host.name;
    server.driver = host.driver;
    server.task_state = "spawning";
    server.availability_zone = host.zone;
    touch(server);
    Writes writes = put(server) + expect("kernel.task", step.task, step.call.operation().epoch);
    for (auto const& [resource, amount] : resources_of(server)) writes += claim(host.id, resource, server.id, amount);
    try {
        store.apply(std::move(writes));
        return std::nullopt;
    } catch (Error const& error) {
        if (error.code() != Code::exhausted) throw;
        return json::text(json::parse_object(error.details()).at("resource"));
    }
}

store::Apply ServerTasks::place(Step& step) {
    Store store(backends_.host, step.call);
    auto const server = store.require<Server>(step.resource);
    if (!server.provider.empty()) return {}; // an earlier try of this step has done it
    auto demand = demand_of(store, server);
    std::set<std::string> short_of;
    while (true) {
        auto const found = backends_.scheduler.call<&scheduler::Scheduler::candidates>(step.call, demand);
        for (auto const& candidate : found.candidates) {
            auto const host = store.get<ComputeHost>(candidate.host);
            demand.not_in.push_back(candidate.host); // should it be full by now, or no host of servers
            if (!host || !may_take(*host, server)) continue;
            auto const lacked = claim_on(step, store, server, *host);
            if (!lacked) return {};
            short_of.insert(*lacked);
        }
        if (found.candidates.empty()) {
            for (auto const& refusal : found.refused)
                backends_.host.log(Level::info, "a server found no host",
                                   {{"server", server.id}, {"why", names_of(store, refusal)}});
            throw Error(Code::exhausted, why_none(found, short_of));
        }
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

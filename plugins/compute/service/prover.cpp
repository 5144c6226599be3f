#include "prover.hpp"

#include "server.hpp"
#include "server_tasks.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>

namespace volutus::compute {

namespace {

using Amounts = std::map<std::string, std::int64_t>; // by resource

struct Finding {
    prover::Difference difference;
    std::function<std::string()> mend; // says what it did; empty where nothing can be done from here
};

bool fits(Server const& server, hypervisor::Power power) {
    if (server.vm_state == "active") return power == hypervisor::Power::running;
    if (server.vm_state == "paused") return power == hypervisor::Power::paused;
    if (server.vm_state == "stopped") return power == hypervisor::Power::off || power == hypervisor::Power::crashed;
    return true; // in ERROR it is as it was left
}

bool has_guest(Server const& server) {
    return server.vm_state == "active" || server.vm_state == "stopped" || server.vm_state == "paused";
}

std::string in_words(Amounts const& amounts) {
    std::string words;
    for (auto const& [resource, amount] : amounts)
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", amount, resource);
    return words.empty() ? "nothing" : words;
}

class Comparison {
public:
    Comparison(Backends const& backends, Call& call) : backends_(backends), call_(call), store_(backends.host, call) {}

    std::vector<Finding> findings() {
        for (auto& server : store_.all<Server>()) servers_.emplace(server.id, std::move(server));
        for (auto const& host : store_.all<ComputeHost>()) {
            compare_guests(host);
            compare_claims(host);
        }
        for (auto const& [id, server] : servers_)
            if (!server.task_state && has_guest(server) && !found_.count(id))
                differ(id, fmt::format("is {}, and {} lacks it", server.vm_state, server.host),
                       [this, server] { return bring_back(server); });
        return std::move(findings_);
    }

private:
    void differ(std::string const& server, std::string what, std::function<std::string()> mend) {
        findings_.push_back({{"compute.server " + server, std::move(what), {}}, std::move(mend)});
    }

    void compare_guests(ComputeHost const& host) {
        auto const hypervisor = backends_.hypervisors.at(host.driver);
        for (auto const& guest :
             hypervisor.call<&hypervisor::Driver::list>(call_, hypervisor::HostName{host.name}).servers) {
            found_.insert(guest.id);
            auto const at = servers_.find(guest.id);
            if (at == servers_.end()) {
                differ(guest.id, fmt::format("is on {}, and no document knows it", host.name),
                       [this, host, id = guest.id] { return remove_guest(host, id); });
                continue;
            }
            auto const& server = at->second;
            if (server.task_state) continue; // a task is at it
            if (server.host != host.name)
                differ(guest.id, fmt::format("is on {}, and should be on \"{}\"", host.name, server.host), {});
            else if (!fits(server, guest.power))
                differ(guest.id, fmt::format("is {}, and its guest is otherwise", server.vm_state),
                       [this, server, power = guest.power] { return bring_to_state(server, power); });
        }
    }

    // Whoever holds something of the host, and whoever should.
    void compare_claims(ComputeHost const& host) {
        std::map<std::string, Amounts> held = claims_on(host);
        for (auto const& [id, server] : servers_)
            if (server.provider == host.id) held[id];
        for (auto const& [consumer, amounts] : held) {
            auto const at = servers_.find(consumer);
            if (at == servers_.end()) {
                differ(consumer, fmt::format("holds {} of {}, and no document knows it", in_words(amounts), host.name),
                       [this, host, id = consumer] {
                           store_.apply(release(id, host.id) + expect("compute.server", id, {}));
                           return std::string("released");
                       });
                continue;
            }
            auto const& server = at->second;
            if (server.task_state) continue;
            auto const wanted = server.provider == host.id ? resources_of(server) : Amounts();
            if (amounts != wanted)
                differ(
                    consumer,
                    fmt::format("holds {} of {}, and should hold {}", in_words(amounts), host.name, in_words(wanted)),
                    [this, host, server, wanted] { return claim_again(host, server, wanted); });
        }
    }

    std::map<std::string, Amounts> claims_on(ComputeHost const& host) {
        std::map<std::string, Amounts> held;
        store::AccountQuery query;
        query.account = host.id;
        while (true) {
            auto const page = store_.accounts(query);
            for (auto const& claim : page.claims) held[claim.consumer][claim.resource] += claim.amount;
            if (!page.next_after) return held;
            query.after = page.next_after;
        }
    }

    // ---- mending ----

    std::string remove_guest(ComputeHost const& host, std::string const& id) {
        if (store_.get<Server>(id)) return "it has a document by now";
        backends_.hypervisors.at(host.driver)
            .call<&hypervisor::Driver::remove>(call_, hypervisor::ServerId{id, host.name});
        return "the guest was removed";
    }

    std::string claim_again(ComputeHost const& host, Server const& server, Amounts const& wanted) {
        auto writes = release(server.id, host.id) + put(server); // only as it was when it was looked at
        for (auto const& [resource, amount] : wanted) writes += claim(host.id, resource, server.id, amount);
        store_.apply(std::move(writes));
        return "claimed anew";
    }

    template <class Task>
    std::string begin(Server server, char const* task_state, Task const& task, char const* becomes) {
        server.task_state = task_state;
        touch(server);
        store_.apply(put(server) + replacing(start(task, server, {{"becomes", becomes}})));
        return fmt::format("it is being made {} again", server.vm_state);
    }

    std::string bring_to_state(Server const& server, hypervisor::Power power) {
        if (server.vm_state == "stopped") return begin(server, "powering-off", stop_server, "stopped");
        if (server.vm_state == "paused" && power == hypervisor::Power::running)
            return begin(server, "pausing", pause_server, "paused");
        if (server.vm_state == "active" && power == hypervisor::Power::paused)
            return begin(server, "unpausing", unpause_server, "active");
        return bring_back(server);
    }

    std::string bring_back(Server server) {
        if (server.vm_state == "paused") server.vm_state = "active"; // what was in its memory is lost
        return begin(std::move(server), "rebooting_hard", reset_server, "active");
    }

    Backends const& backends_;
    Call& call_;
    Store store_;
    std::map<std::string, Server> servers_;
    std::set<std::string> found_; // servers that a hypervisor has
    std::vector<Finding> findings_;
};

constexpr std::size_t most = 1000; // differences told

} // namespace

prover::Verdict Prover::verify(Call& call) {
    prover::Verdict verdict;
    for (auto& finding : Comparison(backends_, call).findings())
        if (verdict.differences.size() < most) verdict.differences.push_back(std::move(finding.difference));
    return verdict;
}

prover::Verdict Prover::repair(Call& call) {
    prover::Verdict verdict;
    Comparison comparison(backends_, call);
    for (auto& [difference, mend] : comparison.findings()) {
        if (verdict.differences.size() == most) break; // the next repair goes on
        try {
            if (mend) difference.mended = mend();
        } catch (Error const& error) {
            difference.what += fmt::format("; mending it failed: {}", error.what());
        }
        verdict.differences.push_back(std::move(difference));
    }
    return verdict;
}

} // namespace volutus::compute

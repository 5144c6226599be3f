#include "watcher.hpp"

#include <fmt/format.h>

namespace volutus::compute {

namespace {
using namespace std::chrono_literals;
constexpr auto one_look = 2s;      // that a driver waits for news: so long stop() may take
constexpr auto brief_look = 500ms; // while a server's task is waited for
constexpr auto after_failure = 5s;
constexpr auto between_hosts = 30s;
} // namespace

void Watcher::start(Call& call) {
    {
        world::Lock lock(mutex_);
        stopping_ = false;
    }
    cloud::ContractName const wanted{std::string(hypervisor::contract.name)};
    for (auto const& driver : backends_.cloud.call<&cloud::Cloud::providers>(call, wanted).targets)
        threads_.emplace_back("compute.events", [this, driver] { follow(driver); });
    threads_.emplace_back("compute.hosts", [this] { keep_hosts(); });
}

void Watcher::stop() {
    {
        world::Lock lock(mutex_);
        stopping_ = true;
        stopping_told_.notify_all();
    }
    threads_.clear();
}

bool Watcher::wait(world::Duration pause) {
    world::Lock lock(mutex_);
    stopping_told_.wait_until(lock, world::now() + pause, [this] { return stopping_; });
    return !stopping_;
}

void Watcher::keep_hosts() {
    while (wait(between_hosts)) {
        OwnCall own(backends_.host, world::now() + between_hosts);
        try {
            hosts_.keep(own.call());
        } catch (std::exception const& error) {
            backends_.host.log(Level::warning, "the hosts could not be brought up to date; trying again",
                               {{"error", error.what()}});
        }
    }
}

void Watcher::follow(std::string const& driver) {
    hypervisor::Since since;
    bool look_at_all = true;       // what happened while nobody watched
    std::set<std::string> changed; // servers to be looked at; those that a task works on stay until it has ended
    while (wait(0s)) {
        try {
            if (!changed.empty()) compare_each(changed);
            OwnCall own(backends_.host, world::now() + (look_at_all ? 60s : changed.empty() ? one_look : brief_look));
            if (look_at_all) {
                // From here on; then nothing is lost between the look and the next event.
                OwnCall brief(backends_.host, world::now() + 1s);
                since.number = backends_.hypervisors.at(driver)
                                   .call<&hypervisor::Driver::events>(brief.call(), hypervisor::Since{})
                                   .next;
                compare_all(own.call(), driver, changed);
                look_at_all = false;
                continue;
            }
            auto const news = backends_.hypervisors.at(driver).call<&hypervisor::Driver::events>(own.call(), since);
            since.number = news.next;
            look_at_all = news.missed;
            for (auto const& state : news.changed) changed.insert(state.id);
        } catch (Error const& error) {
            if (error.code() == Code::deadline && since.number != 0) continue; // no news
            look_at_all = true;
            backends_.host.log(Level::warning, "the events of a hypervisor could not be read; trying again",
                               {{"driver", driver}, {"error", error.what()}});
            if (!wait(after_failure)) return;
        }
    }
}

void Watcher::compare_all(Call& call, std::string const& driver, std::set<std::string>& changed) {
    Store store(backends_.host, call);
    for (auto& server : store.all<Server>()) {
        if (server.driver != driver || server.vm_state == "error") continue;
        auto const id = server.id;
        if (!compare(call, store, std::move(server))) changed.insert(id);
    }
}

void Watcher::compare_each(std::set<std::string>& changed) {
    OwnCall own(backends_.host, world::now() + 60s);
    Store store(backends_.host, own.call());
    for (auto at = changed.begin(); at != changed.end();) {
        auto server = store.get<Server>(*at);
        if (!server || compare(own.call(), store, std::move(*server)))
            at = changed.erase(at);
        else
            ++at;
    }
}

// Events may be old by now, so the guest itself is asked; and only a server that no task works on is changed, as it was
// when the guest was asked. False where a task is at it: what it does may be older than the event.
bool Watcher::compare(Call& call, Store& store, Server server) {
    if (server.task_state) return false;
    if (server.host.empty()) return true;
    auto const state = backends_.hypervisors.at(server.driver)
                           .call<&hypervisor::Driver::show>(call, hypervisor::ServerId{server.id, server.host});
    if (!state) return true; // a guest that is missing is for the operator to look at
    bool const off = state->power == hypervisor::Power::off || state->power == hypervisor::Power::crashed;
    if (off && (server.vm_state == "active" || server.vm_state == "paused")) {
        server.vm_state = "stopped";
        server.power_state = state->power == hypervisor::Power::crashed ? power::crashed : power::off;
    } else if (state->power == hypervisor::Power::running && server.vm_state == "stopped") {
        server.vm_state = "active";
        server.power_state = power::running;
    } else {
        return true;
    }
    touch(server);
    try {
        store.apply(put(server));
        return true;
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw;
        return false; // a task has begun
    }
}

} // namespace volutus::compute

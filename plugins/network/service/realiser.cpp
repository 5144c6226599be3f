#include "realiser.hpp"

#include "divergence.hpp"
#include "driver_view.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace volutus::network_service {

namespace {

constexpr std::chrono::seconds first_pause{1}, longest_pause{60};

// Nothing is wrong with the thing itself; the driver, or the way to it, is.
bool is_passing(Code code) {
    switch (code) {
    case Code::unavailable:
    case Code::not_executed:
    case Code::unknown_outcome:
    case Code::deadline:
    case Code::cancelled:
    case Code::stale: return true;
    default: return false;
    }
}

template <class S>
Writes put_status(S& object, std::string_view status, std::optional<std::string> const& reason = std::nullopt) {
    if (object.status == status && object.status_reason == reason) return {};
    object.status = status;
    object.status_reason = reason;
    return put(object);
}
Writes put_reason(SecurityGroup& group, std::optional<std::string> const& reason) {
    if (group.status_reason == reason) return {};
    group.status_reason = reason;
    return put(group);
}

// Before the driver hears of a port the document says that it may have: whoever deletes it then keeps its addresses
// until the driver has let go.
void announce(Store& store, Port& port) {
    if (port.at_driver) return;
    port.at_driver = true;
    store.save(port);
}

} // namespace

struct Realiser::Task {
    Due due;
    Thing thing = Thing::network;
    std::string id;
    bool wanted = false; // on the host
    // First what others stand on, and away with it last.
    int rank() const { return wanted ? static_cast<int>(thing) : 7 - static_cast<int>(thing); }
};

Realiser::Task Realiser::look(Store& store, Due const& due) const {
    Task task;
    task.due = due;
    auto const slash = due.id.find('/');
    task.id = due.id.substr(slash + 1);
    for (auto thing : {Thing::network, Thing::group, Thing::port, Thing::router})
        if (due_id(thing, task.id) == due.id) task.thing = thing;
    switch (task.thing) {
    case Thing::network:
        if (auto const network = store.get<Network>(task.id)) task.wanted = is_needed(store, *network);
        break;
    case Thing::group:
        if (auto const group = store.get<SecurityGroup>(task.id)) task.wanted = is_needed(store, *group);
        break;
    case Thing::port:
        if (auto const port = store.get<Port>(task.id)) task.wanted = port->is_bound() && !port->of_the_network();
        break;
    case Thing::router:
        if (auto const router = store.get<Router>(task.id)) task.wanted = is_needed(store, *router);
        break;
    }
    return task;
}

Writes Realiser::perform_network(Call& call, Store& store, Task const& task) {
    auto network = store.get<Network>(task.id);
    if (!network || !task.wanted) {
        drivers_.call<&network::Driver::remove_network>(call, network::Id{task.id});
    } else {
        auto own = store.find<Port>(where("network_id", json::string(task.id)),
                                    where("device_owner", json::string(owners::dhcp)));
        if (own) announce(store, *own);
        drivers_.call<&network::Driver::ensure_network>(call, network_for_driver(store, *network));
    }
    Writes writes;
    if (network) writes += put_status(*network, "ACTIVE");
    for (auto& port : store.all<Port>(where("network_id", json::string(task.id)),
                                      where("device_owner", json::string(owners::dhcp)))) {
        if (!task.wanted && port.at_driver) {
            port.at_driver = false;
            port.status = "DOWN";
            port.status_reason.reset();
            writes += put(port);
        } else {
            writes += put_status(port, task.wanted ? "ACTIVE" : "DOWN");
        }
    }
    return writes;
}

Writes Realiser::perform_group(Call& call, Store& store, Task const& task) {
    auto group = store.get<SecurityGroup>(task.id);
    if (group && task.wanted)
        drivers_.call<&network::Driver::ensure_group>(call, group_for_driver(store, *group));
    else
        drivers_.call<&network::Driver::remove_group>(call, network::Id{task.id});
    return group ? put_reason(*group, std::nullopt) : Writes();
}

Writes Realiser::perform_port(Call& call, Store& store, Task const& task) {
    auto port = store.get<Port>(task.id);
    if (!port || !task.wanted) {
        drivers_.call<&network::Driver::remove_port>(call, network::Id{task.id});
        if (!port || port->of_the_network()) return {};
        if (!port->at_driver) return put_status(*port, "DOWN");
        port->at_driver = false;
        port->bridge.clear();
        port->status = "DOWN";
        port->status_reason.reset();
        return put(*port);
    }
    announce(store, *port);
    auto const plugged = drivers_.call<&network::Driver::ensure_port>(call, port_for_driver(*port));
    auto const status = port->admin_state_up ? "ACTIVE" : "DOWN";
    if (port->bridge == plugged.bridge) return put_status(*port, status);
    port->status = status;
    port->status_reason.reset();
    port->bridge = plugged.bridge;
    return put(*port);
}

Writes Realiser::perform_router(Call& call, Store& store, Task const& task) {
    auto router = store.get<Router>(task.id);
    Writes writes;
    if (router) writes += put_status(*router, "ACTIVE");
    if (!router || !task.wanted) {
        drivers_.call<&network::Driver::remove_router>(call, network::Id{task.id});
    } else {
        for (auto& port : store.all<Port>(where("device_id", json::string(task.id))))
            if (port.of_a_router()) announce(store, port);
        drivers_.call<&network::Driver::ensure_router>(call, router_for_driver(store, *router));
        for (auto& port : store.all<Port>(where("device_id", json::string(task.id))))
            if (port.of_a_router())
                writes += put_status(port, port.admin_state_up && router->admin_state_up ? "ACTIVE" : "DOWN");
    }
    std::set<std::string> seen;
    auto settle = [&](FloatingIp& ip) {
        if (!seen.insert(ip.id).second) return;
        bool const here = router && task.wanted && ip.router_id == router->id;
        if (!here && ip.told_to != task.id) return;
        auto const status = here ? "ACTIVE" : "DOWN";
        auto const told = here ? std::optional<std::string>(task.id) : std::nullopt;
        if (ip.told_to == told) return void(writes += put_status(ip, status));
        ip.status = status;
        ip.status_reason.reset();
        ip.told_to = told;
        writes += put(ip);
    };
    for (auto& ip : store.all<FloatingIp>(where("router_id", json::string(task.id)))) settle(ip);
    for (auto& ip : store.all<FloatingIp>(where("told_to", json::string(task.id)))) settle(ip);
    return writes;
}

Writes Realiser::perform(Call& call, Store& store, Task const& task) {
    switch (task.thing) {
    case Thing::network: return perform_network(call, store, task);
    case Thing::group: return perform_group(call, store, task);
    case Thing::port: return perform_port(call, store, task);
    case Thing::router: return perform_router(call, store, task);
    }
    return {};
}

// The reason, where its tenant reads it. What the driver has of it works on, as far as anyone knows.
Writes Realiser::failed(Store& store, Task const& task, std::string const& reason) const {
    Writes writes;
    auto in_error = [&](auto found) {
        if (found) writes += put_status(*found, "ERROR", reason);
    };
    switch (task.thing) {
    case Thing::network: in_error(store.get<Network>(task.id)); break;
    case Thing::group:
        if (auto group = store.get<SecurityGroup>(task.id)) writes += put_reason(*group, reason);
        break;
    case Thing::port: // those of the network say what their network or router says
        if (auto port = store.get<Port>(task.id); port && !port->of_the_network())
            writes += put_status(*port, "ERROR", reason);
        break;
    case Thing::router:
        in_error(store.get<Router>(task.id));
        for (auto& ip : store.all<FloatingIp>(where("router_id", json::string(task.id))))
            if (ip.told_to != task.id) writes += put_status(ip, "ERROR", reason);
        break;
    }
    return writes;
}

store::Apply Realiser::held_up(Step& step) {
    Store store(host_, step.call);
    for (auto due : store.all<Due>(where("lane", json::string(step.resource)))) {
        if (due.error == step.error) continue;
        auto writes = failed(store, look(store, due), step.error);
        due.error = step.error;
        try {
            store.apply(std::move(writes) + put(due));
        } catch (Error const& error) {
            if (error.code() != Code::precondition) throw; // changed meanwhile: the next try looks again
        }
    }
    return {};
}

// Frees what nobody uses any more.
void Realiser::let_go(Store& store) {
    for (auto const& kept : store.all<Kept>()) {
        if (store.get<Due>(kept.until)) continue;
        Writes writes = remove(kept);
        if (!kept.pool.empty()) writes += give_back(kept.pool, kept.holder, kept.value);
        store.apply(std::move(writes));
    }
}

// A router or port may have got a network since the look at what is due, which the driver was not told of yet. The next
// look finds it, and puts it first.
bool Realiser::network_came(Store& store, std::vector<Due> const& known) const {
    auto const is_known = [&](Due const& one) {
        return std::any_of(known.begin(), known.end(), [&](Due const& other) { return other.id == one.id; });
    };
    auto const now = store.all<Due>(where("lane", json::string(prompt_lane)));
    return std::any_of(now.begin(), now.end(), [&](Due const& one) {
        return one.id.rfind(due_id(Thing::network, ""), 0) == 0 && !is_known(one);
    });
}

// How many the driver refused.
std::size_t Realiser::do_all(Step& step, Store& store, std::vector<Due> const& due) {
    std::vector<Task> tasks;
    for (auto const& one : due) tasks.push_back(look(store, one));
    std::stable_sort(tasks.begin(), tasks.end(), [](Task const& a, Task const& b) { return a.rank() < b.rank(); });
    std::size_t refused = 0;
    for (auto const& task : tasks) {
        step.call.check();
        try {
            auto outcome = perform(step.call, store, task);
            store.apply(std::move(outcome) + remove(task.due));
        } catch (Error const& error) {
            if (error.code() == Code::precondition) continue; // changed meanwhile: it is looked at again
            if (is_passing(error.code()))
                throw Error(Code::unavailable, error.what()); // of the way to the driver, whatever goes it
            if (error.code() == Code::not_found && step.resource == prompt_lane && network_came(store, due)) continue;
            ++refused;
            try {
                auto due = task.due;
                due.lane = again_lane;
                due.error = error.what();
                store.apply(failed(store, task, error.what()) + expect("network.due", due.id, due.stored_revision) +
                            mark(due));
                host_.log(Level::error, fmt::format("the network driver refused {}: {}; it is tried again", task.due.id,
                                                    error.what()));
            } catch (Error const& other) {
                if (other.code() != Code::precondition) throw; // changed meanwhile: what was refused is not wanted now
            }
        }
    }
    return refused;
}

store::Apply Realiser::realise(Step& step) {
    Store store(host_, step.call);
    bool const again = step.resource == again_lane;
    if (again && !step.state.contains("pause")) {
        step.state["pause"] = first_pause.count();
        step.again(first_pause);
        return {};
    }
    while (true) {
        auto const lane = store.require<Lane>(step.resource);
        auto const due = store.all<Due>(where("lane", json::string(lane.id)));
        std::size_t refused = 0;
        if (!due.empty()) refused = do_all(step, store, due);
        let_go(store);
        if (due.empty()) return expect("network.lane", lane.id, lane.stored_revision).apply;
        if (again && refused > 0) {
            auto const pause = std::min<std::int64_t>(2 * step.state.at("pause").as_int64(), longest_pause.count());
            step.state["pause"] = pause;
            step.again(std::chrono::seconds(pause));
            return {};
        }
    }
}

void Realiser::recover(Call& call) {
    Store store(host_, call);
    std::vector<Divergence> found;
    try {
        found = divergences(store, drivers_.call<&network::Driver::list>(call));
    } catch (Error const& error) {
        host_.log(Level::warning, fmt::format("the network driver does not say what is on the host, so nothing is made "
                                              "again that was lost: {}",
                                              error.what()));
        return;
    }
    for (auto const& one : found)
        host_.log(Level::warning, fmt::format("{} {}; the driver is told again", one.where, one.what));
    tell_again(store, found);
}

} // namespace volutus::network_service

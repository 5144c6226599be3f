// Messages between simulated machines: late, lost, twice and out of order, as the seed has it.
#pragma once

#include <kernel/world/scheduler.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace volutus::world {

class Node;

struct NetworkFaults {
    Duration least = std::chrono::microseconds(50), most = std::chrono::milliseconds(1); // of a message's way
    std::uint32_t lost_one_in = 0;
    std::uint32_t doubled_one_in = 0;
    std::uint32_t late_one_in = 0; // then its way takes up to:
    Duration late_at_most = std::chrono::seconds(60);
};

class Network {
public:
    using Handler = std::function<std::string(std::string const&)>;

    Network(Scheduler& scheduler, NetworkFaults const& faults) : scheduler_(scheduler), faults_(faults) {}

    // Who answers calls to the machine of the running fiber, until its program ends. Runs in a fiber for each call.
    void serve(Handler handler);

    // Calls what `to` serves. nullopt: the deadline came first, and the request may have been executed not at all, once
    // or twice, or may be later. A machine that is down or serves nothing is silent.
    std::optional<std::string> call(Node& to, std::string request, Instant deadline);

    // Runs the function in a new fiber of `to` when the message arrives. It vanishes if the machine is down then.
    void deliver(Node& to, std::function<void()> message);

    void cut(Node& one, Node& other); // what is under way between them is lost too
    void heal(Node& one, Node& other);
    void heal_all() { cuts_.clear(); }

private:
    void send(Node& from, Node& to, std::function<void()> arrived);
    bool is_cut(Node const& one, Node const& other) const;

    Scheduler& scheduler_;
    NetworkFaults const& faults_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> cuts_; // ids, the lower first
};

} // namespace volutus::world

// The addresses of ports, taken from the ledger in the apply that puts the ports:
//
//     Allocation addresses;
//     addresses.plan(port, wanted, subnets);
//     auto const applied = addresses.apply(store, [&] { return put(port); });
//
// A subnet has several ranges, and a network several subnets: an apply that finds one exhausted is made again with the
// next.
#pragma once

#include "due.hpp"
#include "port.hpp"
#include "subnet.hpp"

#include <functional>
#include <vector>

namespace volutus::network_service {

class Allocation {
public:
    // Gives the port the addresses wanted: of a body, or, without a value, what a port gets by itself. What it has
    // already it keeps; what it loses is returned. The port stays where it is until apply() has returned. Throws what
    // a user should read.
    std::vector<Kept> plan(Port& port, std::optional<std::vector<FixedIp>> const& wanted,
                           std::vector<Subnet> const& subnets);

    // `rest` gives the other writes, the puts of the planned ports among them; it may be asked several times. Ports
    // whose MAC was made here get another one where it is in use. Fills in the addresses.
    store::Applied apply(Store& store, std::function<Writes()> const& rest);

    // Within `rest`: the first address of a planned port is written into another document of the same apply, too.
    Writes also_into(Port const& port, std::string kind, std::string id, std::string pointer) const;

    // A MAC for a port that asks for none, before its addresses are planned.
    void give_mac(Port& port);

private:
    struct Range {
        std::string subnet_id, pool;
        Block block;
        std::int64_t first = 0, last = 0;
    };
    struct Slot {
        Port* port = nullptr;
        std::size_t index = 0;
        std::string holder;
        std::vector<Range> ranges;
        std::size_t at = 0;
        std::optional<std::int64_t> value; // the one wanted

        Range const& range() const { return ranges[at]; }
    };

    void add_one(Port& port, FixedIp const& wanted, std::vector<Subnet> const& subnets);
    void add_by_itself(Port& port, std::vector<Subnet> const& subnets);
    void add_slot(Port& port, std::vector<Range> ranges, std::optional<Address> address = {});
    void add_automatic(Port& port, Subnet const& subnet);
    static std::vector<Range> ranges_of(Subnet const& subnet);
    static Range whole(Subnet const& subnet);
    void settle(Slot const& slot) const;
    Writes takes() const;
    void learn(store::Applied const& applied) const;
    bool go_on(Error const& error);
    bool make_other_mac(Error const& error);

    std::vector<Slot> slots_;
    std::vector<Port*> made_macs_;
};

// Removes a port. What the driver may still use is kept until `until` is done, the rest is free at once.
Writes remove_with_addresses(Port const& port, std::string const& until, Changed& changed);
// The same for addresses alone.
Writes free_addresses(std::vector<Kept> lost, Port const& port, std::string const& until, Changed& changed);

} // namespace volutus::network_service

#include "allocation.hpp"

#include "refusal.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace volutus::network_service {

namespace {

constexpr std::string_view port_kind = "network.port";

// An address that a port has: under which name the ledger knows it.
std::optional<Kept> kept_of(Port const& port, std::size_t i) {
    if (port.holders.at(i).empty()) return std::nullopt;
    Kept kept;
    kept.pool = "network.subnet." + port.fixed_subnets.at(i);
    kept.holder = port.holders.at(i);
    return kept;
}

Subnet const* subnet_by_id(std::vector<Subnet> const& subnets, std::string_view id) {
    for (auto const& subnet : subnets)
        if (subnet.id == id) return &subnet;
    return nullptr;
}

bool is_usable(Block const& block, std::int64_t offset) {
    if (block.base.version == 6) return block.length >= 127 || offset != 0;
    return block.length >= 31 || (offset > 0 && offset < largest_offset(block));
}

} // namespace

Allocation::Range Allocation::whole(Subnet const& subnet) {
    using Limits = std::numeric_limits<std::int64_t>;
    auto const block = subnet.block();
    if (block.base.version == 4) return {subnet.id, subnet.ledger_pool(), block, 0, largest_offset(block)};
    return {subnet.id, subnet.ledger_pool(), block, Limits::min() + 1, Limits::max() - 1};
}

std::vector<Allocation::Range> Allocation::ranges_of(Subnet const& subnet) {
    std::vector<Range> ranges;
    auto const all = whole(subnet);
    for (auto const& pool : subnet.allocation_pools) {
        auto const first = offset_in(all.block, *parse_address(pool.start));
        auto const last = offset_in(all.block, *parse_address(pool.end));
        auto const largest = largest_offset(all.block);
        if (!first || *first < 0 || *first > largest) continue;
        auto& range = ranges.emplace_back(all);
        range.first = *first;
        range.last = last && *last >= 0 ? std::min(*last, largest) : largest;
    }
    return ranges;
}

void Allocation::add_slot(Port& port, std::vector<Range> ranges, std::optional<Address> address) {
    Slot slot;
    slot.port = &port;
    slot.index = port.fixed_ips->size();
    slot.holder = fmt::format("{}/{}", port.id, port.next_holder++);
    slot.ranges = std::move(ranges);
    port.fixed_ips->emplace_back();
    port.fixed_subnets.emplace_back();
    port.fixed_addresses.emplace_back();
    port.holders.push_back(slot.holder);
    if (address) {
        slot.value = offset_in(slot.range().block, *address);
        if (!slot.value || !is_usable(slot.range().block, *slot.value))
            refuse(Code::invalid, "InvalidIpForSubnet",
                   fmt::format("IP address {} is not a valid IP for the specified subnet.", to_string(*address)));
    }
    settle(slot);
    slots_.push_back(std::move(slot));
}

// What of the slot stands in the port: the subnet, and the address where it is known.
void Allocation::settle(Slot const& slot) const {
    auto& port = *slot.port;
    auto const text = slot.value ? to_string(address_at(slot.range().block, *slot.value)) : std::string();
    (*port.fixed_ips)[slot.index] = {slot.range().subnet_id, text};
    port.fixed_subnets[slot.index] = slot.range().subnet_id;
    port.fixed_addresses[slot.index] = text;
}

void Allocation::add_automatic(Port& port, Subnet const& subnet) {
    auto const text = to_string(eui64_address(subnet.block(), port.mac_address));
    port.fixed_ips->push_back({subnet.id, text});
    port.fixed_subnets.push_back(subnet.id);
    port.fixed_addresses.push_back(text);
    port.holders.emplace_back();
}

void Allocation::add_one(Port& port, FixedIp const& wanted, std::vector<Subnet> const& subnets) {
    Subnet const* subnet = nullptr;
    std::optional<Address> address;
    if (wanted.subnet_id) {
        subnet = subnet_by_id(subnets, *wanted.subnet_id);
        if (!subnet)
            refuse(Code::invalid, "InvalidInput",
                   fmt::format("Invalid input for operation: Failed to create port on network {}, because fixed_ips "
                               "included invalid subnet {}.",
                               port.network_id, *wanted.subnet_id));
    }
    if (wanted.ip_address) {
        address = parse_address(*wanted.ip_address);
        for (auto const& one : subnets)
            if (!subnet && address && one.block().contains(*address)) subnet = &one;
        if (!subnet || !address)
            refuse(Code::invalid, "InvalidIpForNetwork",
                   fmt::format("IP address {} is not a valid IP for any of the subnets on the specified network.",
                               *wanted.ip_address));
        if (!subnet->block().contains(*address))
            refuse(Code::invalid, "InvalidIpForSubnet",
                   fmt::format("IP address {} is not a valid IP for the specified subnet.", *wanted.ip_address));
    }
    if (!subnet) refuse_input("Invalid input for operation: IP allocation requires subnet_id or ip_address.");
    if (!subnet->is_automatic()) {
        auto ranges = address ? std::vector{whole(*subnet)} : ranges_of(*subnet);
        if (ranges.empty())
            refuse(Code::conflict, "IpAddressGenerationFailure",
                   fmt::format("No more IP addresses available on network {}.", port.network_id));
        return add_slot(port, std::move(ranges), address);
    }
    if (!address || *address == eui64_address(subnet->block(), port.mac_address)) return add_automatic(port, *subnet);
    if (port.of_a_router()) return add_slot(port, {whole(*subnet)}, address);
    refuse(Code::invalid, "AllocationOnAutoAddressSubnet",
           fmt::format("IPv6 address {} can not be directly assigned to a port on subnet {} since the subnet is "
                       "configured for automatic addresses",
                       *wanted.ip_address, subnet->id));
}

// One of each IP version, and one on each subnet where ports make their own.
void Allocation::add_by_itself(Port& port, std::vector<Subnet> const& subnets) {
    for (std::int64_t version : {4, 6}) {
        std::vector<Range> ranges;
        bool any = false;
        for (auto const& subnet : subnets) {
            if (subnet.ip_version != version || subnet.is_automatic()) continue;
            any = true;
            for (auto& range : ranges_of(subnet)) ranges.push_back(std::move(range));
        }
        if (any && ranges.empty())
            refuse(Code::conflict, "IpAddressGenerationFailure",
                   fmt::format("No more IP addresses available on network {}.", port.network_id));
        if (any) add_slot(port, std::move(ranges));
    }
    for (auto const& subnet : subnets)
        if (subnet.is_automatic()) add_automatic(port, subnet);
}

std::vector<Kept> Allocation::plan(Port& port, std::optional<std::vector<FixedIp>> const& wanted,
                                   std::vector<Subnet> const& subnets) {
    auto const before = port;
    std::vector<bool> stays(before.holders.size());
    port.fixed_ips.emplace();
    port.fixed_subnets.clear();
    port.fixed_addresses.clear();
    port.holders.clear();
    // What it has and keeps: the same address, or any address of a subnet where only the subnet is named.
    auto keep = [&](FixedIp const& one) {
        auto const same = one.ip_address ? parse_address(*one.ip_address) : std::nullopt;
        for (std::size_t i = 0; i < stays.size(); ++i) {
            bool const meant = one.ip_address ? same && parse_address(before.fixed_addresses[i]) == same
                                              : one.subnet_id == before.fixed_subnets[i];
            if (stays[i] || !meant || (one.subnet_id && *one.subnet_id != before.fixed_subnets[i])) continue;
            stays[i] = true;
            port.fixed_ips->push_back((*before.fixed_ips)[i]);
            port.fixed_subnets.push_back(before.fixed_subnets[i]);
            port.fixed_addresses.push_back(before.fixed_addresses[i]);
            port.holders.push_back(before.holders[i]);
            return true;
        }
        return false;
    };
    if (!wanted) {
        add_by_itself(port, subnets);
    } else {
        for (auto const& one : *wanted)
            if (!keep(one)) add_one(port, one, subnets);
    }
    std::vector<Kept> lost;
    for (std::size_t i = 0; i < stays.size(); ++i)
        if (!stays[i])
            if (auto kept = kept_of(before, i)) lost.push_back(std::move(*kept));
    return lost;
}

void Allocation::give_mac(Port& port) {
    if (!port.mac_address.empty()) return;
    port.mac_address = random_mac();
    made_macs_.push_back(&port);
}

Writes Allocation::takes() const {
    Writes writes;
    for (auto const& slot : slots_) {
        auto const& range = slot.range();
        if (slot.value) {
            writes += take(range.pool, slot.holder, range.first, range.last, *slot.value);
            continue;
        }
        // Twice the same value: for what is shown, and for what lists filter by.
        auto const base = to_string(range.block.base);
        for (auto const* pointer : {"/fixed_ips/{}/ip_address", "/fixed_addresses/{}"})
            writes +=
                take_into({std::string(port_kind), slot.port->id, fmt::format(fmt::runtime(pointer), slot.index), base},
                          range.pool, slot.holder, range.first, range.last);
    }
    return writes;
}

Writes Allocation::also_into(Port const& port, std::string kind, std::string id, std::string pointer) const {
    for (auto const& slot : slots_)
        if (slot.port == &port && slot.index == 0 && !slot.value)
            return take_into({std::move(kind), std::move(id), std::move(pointer), to_string(slot.range().block.base)},
                             slot.range().pool, slot.holder, slot.range().first, slot.range().last);
    return {};
}

void Allocation::learn(store::Applied const& applied) const {
    auto taken = applied.taken.begin();
    for (auto const& slot : slots_) {
        auto known = slot;
        known.value = *taken;
        settle(known);
        taken += slot.value ? 1 : 2;
    }
}

bool Allocation::go_on(Error const& error) {
    auto const details = json::parse_object(error.details());
    auto const pool = detail_of(error, "pool");
    if (error.code() == Code::conflict) {
        for (auto const& slot : slots_)
            if (slot.value && slot.range().pool == pool && details.at("value") == json::value(*slot.value))
                refuse(Code::conflict, "IpAddressAlreadyAllocated",
                       fmt::format("IP address {} already allocated in subnet {}",
                                   slot.port->fixed_addresses[slot.index], slot.range().subnet_id));
        return false;
    }
    for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
        if (slot->value || slot->range().pool != pool || details.at("first") != json::value(slot->range().first))
            continue;
        if (++slot->at == slot->ranges.size())
            refuse(Code::conflict, "IpAddressGenerationFailure",
                   fmt::format("No more IP addresses available on network {}.", slot->port->network_id));
        settle(*slot);
        return true;
    }
    return false;
}

bool Allocation::make_other_mac(Error const& error) {
    auto const kind = detail_of(error, "kind");
    if (kind != port_kind && kind != "network.kept") return false;
    for (auto* port : made_macs_) {
        // Which of them it was the store does not say; addresses that follow from the MAC are told by the caller's plan.
        bool const automatic =
            std::find(port->holders.begin(), port->holders.end(), std::string()) != port->holders.end();
        if (automatic) continue;
        auto const before = std::exchange(port->mac_address, random_mac());
        for (auto& pair : port->allowed_address_pairs)
            if (pair.mac_address == before) pair.mac_address = port->mac_address;
    }
    return !made_macs_.empty();
}

store::Applied Allocation::apply(Store& store, std::function<Writes()> const& rest) {
    constexpr int most_macs = 5;
    int macs = 0;
    while (true) {
        try {
            auto applied = store.apply(takes() + rest());
            learn(applied);
            return applied;
        } catch (Error const& error) {
            if (!detail_of(error, "pool").empty() && go_on(error)) continue;
            if (error.code() == Code::conflict && ++macs < most_macs && make_other_mac(error)) continue;
            throw;
        }
    }
}

Writes free_addresses(std::vector<Kept> lost, Port const& port, std::string const& until, Changed& changed) {
    Writes writes;
    for (auto& kept : lost) {
        if (!port.at_driver) {
            writes += give_back(kept.pool, kept.holder);
            continue;
        }
        kept.until = until;
        changed.keep(std::move(kept));
    }
    return writes;
}

Writes remove_with_addresses(Port const& port, std::string const& until, Changed& changed) {
    std::vector<Kept> lost;
    for (std::size_t i = 0; i < port.holders.size(); ++i)
        if (auto kept = kept_of(port, i)) lost.push_back(std::move(*kept));
    if (port.at_driver) {
        Kept mac;
        mac.until = until;
        mac.network_id = port.network_id;
        mac.mac_address = port.mac_address;
        changed.keep(std::move(mac));
    }
    return volutus::remove(port) + release(port.id) + free_addresses(std::move(lost), port, until, changed);
}

} // namespace volutus::network_service

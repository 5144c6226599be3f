// volutus.placement/1: a service tells which hosts it has and what they can take. Provided by the placement service.
// What is taken from a host is claimed in the ledger, from the account with the provider's id: by whoever takes it, in
// the apply that takes it.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace volutus::placement {

struct Inventory {
    std::string resource_class; // "VCPU", "MEMORY_MB", "DISK_GB", "CUSTOM_..."
    std::int64_t total = 0, reserved = 0, min_unit = 1, max_unit = 0, step_size = 1; // max_unit 0 = total
    double allocation_ratio = 1.0;
};
BOOST_DESCRIBE_STRUCT(Inventory, (), (resource_class, total, reserved, min_unit, max_unit, step_size, allocation_ratio))

struct Provider {
    std::string id, name; // a UUID; a name that is unique
    std::vector<Inventory> inventories;
    std::vector<std::string> traits;     // those of the caller's; others that an operator set stay
    std::vector<std::string> aggregates; // UUIDs; the same
};
BOOST_DESCRIBE_STRUCT(Provider, (), (id, name, inventories, traits, aggregates))

struct ProviderId {
    std::string id;
};
BOOST_DESCRIBE_STRUCT(ProviderId, (), (id))

struct Placement {
    virtual ~Placement() = default;
    // Makes it, or brings inventories, traits and aggregates up to date; writes nothing when nothing differs.
    virtual void keep(Call&, Provider const&) = 0;
    // Succeeds when it is gone; conflict while something is claimed from it.
    virtual void remove(Call&, ProviderId const&) = 0;
};
inline constexpr auto contract = volutus::contract<Placement>("volutus.placement/1", required<&Placement::keep>("keep"),
                                                              required<&Placement::remove>("remove"));

} // namespace volutus::placement

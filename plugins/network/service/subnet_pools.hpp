// What is done to subnet pools.
#pragma once

#include "address.hpp"
#include "settings.hpp"
#include "subnet_pool.hpp"

namespace volutus::network_service {

class SubnetPools {
public:
    explicit SubnetPools(Settings const& settings) : settings_(settings) {}

    Reply create(Request& request, SubnetPool const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

private:
    Settings const& settings_;
};

// A block of the pool for a new subnet: the one asked for, or the lowest free one of a length, or of the pool's default
// length. `used`: those of the pool's subnets. Throws what a user should read.
Block block_from(SubnetPool const& pool, std::optional<Block> const& wanted, std::optional<std::int64_t> length,
                 std::vector<Block> const& used);

} // namespace volutus::network_service

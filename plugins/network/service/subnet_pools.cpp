#include "subnet_pools.hpp"

#include "refusal.hpp"
#include "subnet.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace volutus::network_service {

namespace {

std::vector<Block> blocks_of(std::vector<std::string> const& prefixes) {
    std::vector<Block> blocks;
    for (auto const& prefix : prefixes) {
        auto const block = parse_block(prefix);
        if (!block)
            refuse_input(fmt::format("Invalid input for prefixes. Reason: '{}' is not a valid IP subnet.", prefix));
        blocks.push_back(*block);
    }
    std::sort(blocks.begin(), blocks.end(), [](Block const& a, Block const& b) { return a.base < b.base; });
    return blocks;
}

// Two halves of a block become the block, and what lies in another goes: what the API shows is the shortest list.
std::vector<std::string> shortest(std::vector<Block> blocks) {
    std::vector<Block> kept;
    for (auto block : blocks) {
        if (!kept.empty() && kept.back().overlaps(block)) {
            if (block.length < kept.back().length) kept.back() = block;
        } else {
            kept.push_back(block);
        }
        while (kept.size() > 1) {
            auto const& left = kept[kept.size() - 2];
            auto const& right = kept.back();
            if (left.length != right.length || left.length == 0) break;
            auto const both = block_of(left.base, left.length - 1);
            if (both.base != left.base || both.last() != right.last()) break;
            kept.pop_back();
            kept.back() = both;
        }
    }
    std::vector<std::string> texts;
    for (auto const& block : kept) texts.push_back(to_string(block));
    return texts;
}

void complete(SubnetPool& pool) {
    auto const blocks = blocks_of(pool.prefixes);
    auto const version = blocks.front().base.version;
    for (auto const& block : blocks)
        if (block.base.version != version)
            refuse(Code::invalid, "PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");
    pool.ip_version = version;
    pool.prefixes = shortest(blocks);
    std::int64_t const bits = blocks.front().base.bits();
    if (!pool.min_prefixlen) pool.min_prefixlen = version == 4 ? 8 : 64;
    if (!pool.max_prefixlen) pool.max_prefixlen = bits;
    if (!pool.default_prefixlen) pool.default_prefixlen = pool.min_prefixlen;
    auto const low = *pool.min_prefixlen, high = *pool.max_prefixlen, usual = *pool.default_prefixlen;
    if (low > bits || high > bits || low > high || usual < low || usual > high)
        refuse(
            Code::invalid, "IllegalSubnetPoolPrefixBounds",
            fmt::format("Illegal prefix bounds: min_prefixlen {}, default_prefixlen {}, max_prefixlen {} of {} bits.",
                        low, usual, high, bits));
    pool.audience = pool.shared ? everybody : pool.project_id;
}

} // namespace

Block block_from(SubnetPool const& pool, std::optional<Block> const& wanted, std::optional<std::int64_t> length,
                 std::vector<Block> const& used) {
    auto const size = static_cast<std::uint32_t>(wanted ? wanted->length : length.value_or(*pool.default_prefixlen));
    if (size < *pool.min_prefixlen)
        refuse(Code::invalid, "MinPrefixSubnetAllocationError",
               fmt::format("Unable to allocate subnet with prefix length {}, minimum allowed prefix is {}.", size,
                           *pool.min_prefixlen));
    if (size > *pool.max_prefixlen)
        refuse(Code::invalid, "MaxPrefixSubnetAllocationError",
               fmt::format("Unable to allocate subnet with prefix length {}, maximum allowed prefix is {}.", size,
                           *pool.max_prefixlen));
    auto const clash = [&](Block const& block) {
        return std::find_if(used.begin(), used.end(), [&](Block const& other) { return other.overlaps(block); });
    };
    for (auto const& prefix : blocks_of(pool.prefixes)) {
        if (wanted) {
            if (prefix.length <= wanted->length && prefix.contains(wanted->base) && clash(*wanted) == used.end())
                return *wanted;
            continue;
        }
        if (size < prefix.length) continue;
        auto candidate = block_of(prefix.base, size);
        while (prefix.contains(candidate.base)) {
            auto const other = clash(candidate);
            if (other == used.end()) return candidate;
            // Behind whichever of the two ends later: blocks are aligned, so one holds the other.
            auto const last = std::max(candidate.last(), other->last());
            if (last >= prefix.last()) break;
            candidate = block_of(last.plus(1), size);
        }
    }
    if (wanted)
        refuse(Code::conflict, "SubnetAllocationError",
               fmt::format(
                   "Failed to allocate subnet: Cannot allocate requested subnet from the available set of prefixes"));
    refuse(Code::conflict, "SubnetAllocationError",
           fmt::format("Failed to allocate subnet: Insufficient prefix space to allocate subnet size /{}.", size));
}

Reply SubnetPools::create(Request& request, SubnetPool const& wanted) {
    auto pool = wanted;
    begin(request, pool);
    complete(pool);
    request.apply(put(pool) + claim_quota(pool.project_id, "subnetpool", pool.id, 1, settings_.limits.subnetpool));
    return request.shown(pool);
}

Reply SubnetPools::update(Request& request) {
    return retry_on_conflict([&] {
        auto pool = request.require<SubnetPool>();
        auto const before = blocks_of(pool.prefixes);
        auto const version = pool.ip_version;
        request.change(pool);
        complete(pool);
        auto const after = blocks_of(pool.prefixes);
        bool const holds = std::all_of(before.begin(), before.end(), [&](Block const& old) {
            return std::any_of(after.begin(), after.end(),
                               [&](Block const& now) { return now.length <= old.length && now.contains(old.base); });
        });
        if (!holds || version != pool.ip_version)
            refuse(Code::invalid, "IllegalSubnetPoolPrefixUpdate",
                   "Illegal update to prefixes: a prefix can only be added, or become a larger one.");
        touch(pool);
        request.apply(put(pool));
        return request.shown(pool);
    });
}

Reply SubnetPools::remove(Request& request) {
    return retry_on_conflict([&] {
        auto const pool = request.require<SubnetPool>();
        if (request.store().find<Subnet>(where("subnetpool_id", json::string(pool.id))))
            refuse(Code::conflict, "SubnetPoolDeleteError",
                   fmt::format("Unable to delete subnet pool: Subnet pool has existing allocations."));
        request.apply(volutus::remove(pool) + release(pool.id));
        return request.reply();
    });
}

} // namespace volutus::network_service

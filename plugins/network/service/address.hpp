// Addresses and blocks of them as numbers. IPv4 and IPv6 alike; what mixes the two is never equal and never inside.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace volutus::network_service {

__extension__ using Number = unsigned __int128;

struct Address {
    std::uint32_t version = 4;
    Number value = 0;

    auto operator<=>(Address const&) const = default;
    std::uint32_t bits() const { return version == 4 ? 32 : 128; }
    Address plus(Number offset) const { return {version, value + offset}; }
};

std::optional<Address> parse_address(std::string_view text);
std::string to_string(Address const& address); // canonical: RFC 5952

// A block of addresses: base has no bits beyond the prefix.
struct Block {
    Address base;
    std::uint32_t length = 0;

    Address first() const { return base; }
    Address last() const;
    bool contains(Address const& address) const { return first() <= address && address <= last(); }
    bool overlaps(Block const& other) const;
    // An address with its prefix length: "10.0.0.5/24".
    std::string with_length(Address const& address) const;
};

std::optional<Block> parse_block(std::string_view text); // bits beyond the prefix are dropped
Block block_of(Address const& address, std::uint32_t length);
std::string to_string(Block const& block);

// The part of a block whose addresses the ledger gives out by itself: their offsets, as a take's values. Of a very large
// block it is the lower part.
std::int64_t largest_offset(Block const& block);
// A port may ask for any address of the first 2^64 of a block. Those of the upper half have negative numbers, and two
// have none: a take's values need a neighbour at each end.
std::optional<std::int64_t> offset_in(Block const& block, Address const& address);
Address address_at(Block const& block, std::int64_t offset);

// The address that a port of this MAC gives itself on a /64 by RFC 4291, appendix A.
Address eui64_address(Block const& block, std::string_view mac);
std::string random_mac(); // of the range fa:16:3e

} // namespace volutus::network_service

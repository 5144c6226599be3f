#include "address.hpp"

#include <volutus/world.hpp>

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <limits>

namespace volutus::network_service {

namespace {
constexpr Number offset_limit = Number{1} << 62; // a take's values are signed and need a neighbour at each end

Number mask_of(std::uint32_t bits, std::uint32_t length) {
    if (length == 0) return 0;
    Number const ones = bits == 128 ? ~Number{0} : (Number{1} << bits) - 1;
    return ones ^ (length == bits ? 0 : (Number{1} << (bits - length)) - 1);
}
} // namespace

std::optional<Address> parse_address(std::string_view text) {
    std::string const terminated(text);
    std::array<unsigned char, 16> bytes{};
    Address out;
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
        out.version = 4;
    else if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1)
        out.version = 6;
    else
        return std::nullopt;
    for (std::size_t i = 0; i < out.bits() / 8; ++i) out.value = out.value << 8 | bytes[i];
    return out;
}

std::string to_string(Address const& address) {
    std::array<unsigned char, 16> bytes{};
    auto const count = address.bits() / 8;
    for (std::uint32_t i = 0; i < count; ++i)
        bytes[count - 1 - i] = static_cast<unsigned char>(address.value >> (8 * i));
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(address.version == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

Address Block::last() const {
    return {base.version,
            base.value | (mask_of(base.bits(), 0) ^ mask_of(base.bits(), base.bits()) ^ mask_of(base.bits(), length))};
}

bool Block::overlaps(Block const& other) const {
    return base.version == other.base.version && first() <= other.last() && other.first() <= last();
}

std::string Block::with_length(Address const& address) const {
    return fmt::format("{}/{}", to_string(address), length);
}

std::optional<Block> parse_block(std::string_view text) {
    auto const slash = text.find('/');
    auto const address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    std::uint32_t length = address->bits();
    if (slash != text.npos) {
        auto const digits = text.substr(slash + 1);
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (error != std::errc() || end != digits.data() + digits.size() || length > address->bits())
            return std::nullopt;
    }
    return block_of(*address, length);
}

Block block_of(Address const& address, std::uint32_t length) {
    return {{address.version, address.value & mask_of(address.bits(), length)}, length};
}

std::string to_string(Block const& block) { return block.with_length(block.base); }

std::int64_t largest_offset(Block const& block) {
    auto const span = block.last().value - block.base.value;
    return static_cast<std::int64_t>(span < offset_limit ? span : offset_limit);
}

std::optional<std::int64_t> offset_in(Block const& block, Address const& address) {
    if (!block.contains(address)) return std::nullopt;
    auto const offset = address.value - block.base.value;
    if (offset > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    auto const number = static_cast<std::int64_t>(static_cast<std::uint64_t>(offset));
    if (number == std::numeric_limits<std::int64_t>::min() || number == std::numeric_limits<std::int64_t>::max())
        return std::nullopt;
    return number;
}

Address address_at(Block const& block, std::int64_t offset) {
    return block.base.plus(static_cast<std::uint64_t>(offset));
}

Address eui64_address(Block const& block, std::string_view mac) {
    std::array<unsigned, 6> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        std::from_chars(mac.data() + 3 * i, mac.data() + 3 * i + 2, bytes[i], 16);
    std::array<unsigned, 8> const id{bytes[0] ^ 2u, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]};
    Number low = 0;
    for (auto byte : id) low = low << 8 | byte;
    return block.base.plus(low);
}

std::string random_mac() {
    auto const bits = world::random_u64();
    return fmt::format("fa:16:3e:{:02x}:{:02x}:{:02x}", bits & 0xff, bits >> 8 & 0xff, bits >> 16 & 0xff);
}

} // namespace volutus::network_service

#include <volutus/address.hpp>

#include <arpa/inet.h>

#include <array>

namespace volutus {

std::optional<std::string> address_plus(std::string_view base, std::int64_t offset) {
    std::string const text(base);
    if (text.find('\0') != std::string::npos) return std::nullopt;
    auto const family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
    std::array<unsigned char, 16> bytes{}; // in network order
    if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
    auto carry = offset;
    for (auto i = family == AF_INET ? 4 : 16; i-- > 0;) {
        auto const sum = bytes[i] + (carry & 0xff);
        bytes[i] = static_cast<unsigned char>(sum);
        carry = (carry >> 8) + (sum >> 8); // the sign stays: a negative offset borrows
    }
    if (carry != 0) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> printed{};
    inet_ntop(family, bytes.data(), printed.data(), printed.size());
    return std::string(printed.data());
}

} // namespace volutus

#include "addresses.hpp"

#include <volutus/error.hpp>
#include <volutus/formats.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace volutus::network::on_linux {

namespace {

[[noreturn]] void refuse(char const* what, std::string const& text, char const* right) {
    throw Error(Code::invalid, fmt::format("{} \"{}\" is not {}", what, text, right));
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

} // namespace

Cidr Cidr::parse(std::string const& text, char const* what) {
    constexpr auto right = "an address or a CIDR";
    auto const slash = text.find('/');
    auto const address = text.substr(0, slash);
    Cidr parsed;
    parsed.v6 = address.find(':') != std::string::npos;
    if (inet_pton(parsed.v6 ? AF_INET6 : AF_INET, address.c_str(), parsed.bytes.data()) != 1) refuse(what, text, right);
    parsed.length = parsed.width();
    if (slash != std::string::npos) {
        auto const* begin = text.data() + slash + 1;
        auto const* end = text.data() + text.size();
        auto const [stopped, error] = std::from_chars(begin, end, parsed.length);
        if (error != std::errc() || stopped != end || parsed.length > parsed.width()) refuse(what, text, right);
    }
    return parsed;
}

bool Cidr::contains(Cidr const& address) const {
    if (v6 != address.v6 || address.length < length) return false;
    auto cut = address;
    cut.length = length;
    return cut.network() == network();
}

Cidr Cidr::network() const {
    auto cleared = *this;
    for (unsigned bit = length; bit < width(); ++bit)
        cleared.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> bit % 8));
    return cleared;
}

std::string Cidr::address() const {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof(text));
    return text;
}

std::string Cidr::text() const { return fmt::format("{}/{}", address(), length); }

std::string checked_mac(std::string const& mac) {
    if (!is_mac(mac)) refuse("MAC address", mac, "six pairs of hexadecimal digits parted by colons");
    auto lower = mac;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

std::string const& checked_id(std::string const& id) {
    bool const fine =
        !id.empty() && id.size() <= 64 && is_letter_or_digit(id.front()) &&
        std::all_of(id.begin(), id.end(), [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
    if (!fine) refuse("id", id, "1 to 64 letters, digits, '-' and '_'");
    return id;
}

std::string const& checked_device(std::string const& name) {
    bool const fine = !name.empty() && name.size() <= 15 && is_letter_or_digit(name.front()) &&
                      std::all_of(name.begin(), name.end(),
                                  [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
    if (!fine) refuse("device", name, "a link's name of 1 to 15 letters, digits, '-', '_' and '.'");
    return name;
}

std::string checked_hostname(std::string const& name) {
    bool const fine = name.size() <= 63 &&
                      std::all_of(name.begin(), name.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
    if (!fine) refuse("hostname", name, "one label of letters, digits and '-'");
    return name;
}

std::string link_local_of(std::string const& mac) {
    Cidr address;
    address.v6 = true;
    address.length = 128;
    unsigned pairs[6] = {};
    for (unsigned i = 0; i < 6; ++i) std::from_chars(mac.data() + 3 * i, mac.data() + 3 * i + 2, pairs[i], 16);
    auto const byte = [&](unsigned i) { return static_cast<std::uint8_t>(pairs[i]); };
    // RFC 4291, appendix A: ff:fe in the middle, the universal bit turned over.
    address.bytes = {0xfe,    0x80,    0,    0,    0,       0,       0,      0, static_cast<std::uint8_t>(byte(0) ^ 2),
                     byte(1), byte(2), 0xff, 0xfe, byte(3), byte(4), byte(5)};
    return address.address();
}

} // namespace volutus::network::on_linux

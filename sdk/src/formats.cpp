#include <volutus/formats.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>

namespace volutus {

namespace {

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Compares with a picture in which 'x' is a hexadecimal digit, '9' a digit, and anything else itself.
bool looks_like(std::string_view text, std::string_view picture) {
    if (text.size() != picture.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const fits = picture[i] == 'x'   ? is_hex(text[i])
                          : picture[i] == '9' ? is_digit(text[i])
                                              : text[i] == picture[i];
        if (!fits) return false;
    }
    return true;
}

bool is_address(int family, std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    return text.size() < INET6_ADDRSTRLEN && text.find('\0') == text.npos &&
           inet_pton(family, std::string(text).c_str(), parsed.data()) == 1;
}

std::string print_time(world::WallTime at, std::size_t* micros) {
    auto const since_epoch = at.time_since_epoch().count();
    std::time_t seconds = static_cast<std::time_t>(since_epoch / 1000000);
    *micros = static_cast<std::size_t>(since_epoch % 1000000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts)};
}

} // namespace

bool is_uuid(std::string_view text) {
    return looks_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") ||
           looks_like(text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}
bool is_mac(std::string_view text) { return looks_like(text, "xx:xx:xx:xx:xx:xx"); }
bool is_ipv4(std::string_view text) { return is_address(AF_INET, text); }
bool is_ipv6(std::string_view text) { return is_address(AF_INET6, text); }
bool is_ip(std::string_view text) { return is_ipv4(text) || is_ipv6(text); }

bool is_cidr(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == text.npos) return false;
    auto const address = text.substr(0, slash), bits = text.substr(slash + 1);
    if (bits.empty() || bits.size() > 3 || !std::all_of(bits.begin(), bits.end(), is_digit)) return false;
    int const length = std::stoi(std::string(bits));
    return (is_ipv4(address) && length <= 32) || (is_ipv6(address) && length <= 128);
}
bool is_ip_or_cidr(std::string_view text) { return is_ip(text) || is_cidr(text); }

bool is_base64(std::string_view text) {
    std::size_t digits = 0, padding = 0;
    for (char c : text) {
        if (c == '\n' || c == '\r') continue; // MIME's line breaks, as clients send them
        if (c == '=') {
            ++padding;
        } else {
            if (padding || !(std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/')) return false;
            ++digits;
        }
    }
    return padding <= 2 && (digits + padding) % 4 == 0;
}

bool is_url(std::string_view text) {
    for (std::string_view scheme : {"http://", "https://"}) {
        if (text.substr(0, scheme.size()) != scheme) continue;
        auto const rest = text.substr(scheme.size());
        return !rest.empty() && rest[0] != '/' &&
               std::none_of(rest.begin(), rest.end(), [](unsigned char c) { return c <= ' '; });
    }
    return false;
}

bool is_timestamp(std::string_view text) {
    if (text.size() < 19 || !looks_like(text.substr(0, 10), "9999-99-99") || (text[10] != 'T' && text[10] != ' ') ||
        !looks_like(text.substr(11, 8), "99:99:99"))
        return false;
    auto rest = text.substr(19);
    if (!rest.empty() && rest[0] == '.') {
        rest.remove_prefix(1);
        while (!rest.empty() && is_digit(rest[0])) rest.remove_prefix(1);
    }
    return rest.empty() || rest == "Z" ||
           ((rest[0] == '+' || rest[0] == '-') &&
            (looks_like(rest.substr(1), "99:99") || looks_like(rest.substr(1), "9999")));
}

bool is_trimmed(std::string_view text) {
    auto const blank = [](unsigned char c) { return c <= ' '; };
    return !text.empty() && !blank(static_cast<unsigned char>(text.front())) &&
           !blank(static_cast<unsigned char>(text.back())) &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

std::string new_uuid() {
    std::array<unsigned char, 16> bytes{};
    world::random_bytes(bytes.data(), bytes.size());
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        out += digits[bytes[i] >> 4];
        out += digits[bytes[i] & 15];
    }
    return out;
}

std::string new_plain_uuid() {
    auto id = new_uuid();
    id.erase(std::remove(id.begin(), id.end(), '-'), id.end());
    return id;
}

std::string timestamp(world::WallTime at) {
    std::size_t micros = 0;
    return print_time(at, &micros) + "Z";
}

std::string timestamp_with_micros(world::WallTime at) {
    std::size_t micros = 0;
    auto const seconds = print_time(at, &micros);
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%06zuZ", micros);
    return seconds + fraction.data();
}

} // namespace volutus

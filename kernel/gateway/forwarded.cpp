#include "kernel/gateway/forwarded.hpp"

#include "kernel/gateway/request.hpp"

#include <volutus/error.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace volutus::kernel::gateway {

namespace {
using Address = std::array<std::uint8_t, 16>;

// An address without a port; IPv4 in its IPv6 form.
std::optional<Address> parse_address(std::string_view text) {
    std::string const copy(text);
    Address out{};
    if (::inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) return out;
    out = {};
    out[10] = out[11] = 0xff;
    if (::inet_pton(AF_INET, copy.c_str(), out.data() + 12) == 1) return out;
    return std::nullopt;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The parts of a list, quoted strings kept whole.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    bool quoted = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] == '"') quoted = !quoted;
        if (i == text.size() || (text[i] == separator && !quoted)) {
            out.push_back(trim(text.substr(start, i - start)));
            start = i + 1;
        }
    }
    return out;
}

// Several headers of one name are one list.
std::vector<std::string_view> list_of(std::span<Field const> headers, std::string_view name) {
    std::vector<std::string_view> out;
    for (auto const& field : headers)
        if (equal_ignoring_case(field.name, name))
            for (auto const part : split(field.value, ',')) out.push_back(part);
    return out;
}

// "203.0.113.7", "203.0.113.7:4711", "[2001:db8::1]:4711" and the same in quotes, without port and quotes.
std::string_view bare_address(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (!text.empty() && text.front() == '[') return text.substr(1, text.find(']') - 1);
    if (std::count(text.begin(), text.end(), ':') == 1) return text.substr(0, text.find(':'));
    return text;
}

std::string_view unquoted(std::string_view text) {
    return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

void take_scheme(std::string_view text, Origin& origin) {
    for (auto const* scheme : {"http", "https"})
        if (equal_ignoring_case(text, scheme)) origin.scheme = scheme;
}

void take_host(std::string_view text, Origin& origin) {
    if (valid_host(text)) origin.host = text;
}

void take_prefix(std::string_view text, Origin& origin) {
    while (!text.empty() && text.back() == '/') text.remove_suffix(1);
    bool const clean = std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7f && std::string_view("\"'<>\\?#").find(c) == std::string_view::npos;
    });
    if (!text.empty() && text.front() == '/' && !text.starts_with("//") && clean) origin.prefix = text;
}

// One element of Forwarded; gives its "for".
std::string_view take_element(std::string_view element, Origin& origin) {
    std::string_view client;
    for (auto const pair : split(element, ';')) {
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        auto const key = trim(pair.substr(0, equals));
        auto const value = unquoted(trim(pair.substr(equals + 1)));
        if (equal_ignoring_case(key, "proto")) take_scheme(value, origin);
        if (equal_ignoring_case(key, "host")) take_host(value, origin);
        if (equal_ignoring_case(key, "for")) client = bare_address(value);
    }
    return client;
}
} // namespace

Networks::Networks(std::vector<std::string> const& texts) {
    for (auto const& text : texts) {
        auto const slash = text.find('/');
        auto const address = parse_address(text.substr(0, slash));
        bool const v4 = text.find(':') == std::string::npos;
        unsigned const width = v4 ? 32 : 128;
        unsigned prefix = width;
        bool good = address.has_value();
        if (slash != std::string::npos) {
            auto const* const last = text.data() + text.size();
            auto const parsed = std::from_chars(text.data() + slash + 1, last, prefix);
            good = good && parsed.ec == std::errc{} && parsed.ptr == last && prefix <= width;
        }
        if (!good)
            throw Error(
                Code::invalid,
                fmt::format("\"{}\" is no network; write an address or address/prefix, such as 10.0.0.0/8", text));
        networks_.push_back({*address, prefix + (v4 ? 96 : 0)});
    }
}

bool Networks::hold(std::string_view address) const {
    if (networks_.empty()) return false;
    auto const parsed = parse_address(address);
    if (!parsed) return false;
    return std::any_of(networks_.begin(), networks_.end(), [&](Network const& network) {
        unsigned const whole = network.prefix / 8;
        unsigned const bits = network.prefix % 8;
        if (!std::equal(parsed->begin(), parsed->begin() + whole, network.address.begin())) return false;
        return bits == 0 || ((*parsed)[whole] ^ network.address[whole]) >> (8 - bits) == 0;
    });
}

std::string client_of(std::string_view address) {
    auto const parsed = parse_address(address);
    bool const is_v6 = parsed && address.find(':') != std::string_view::npos;
    return is_v6 ? '[' + std::string(reinterpret_cast<char const*>(parsed->data()), 8) : std::string(address);
}

bool valid_host(std::string_view text) {
    if (text.empty() || text.size() > 255) return false;
    auto host = text;
    std::string_view port;
    if (text.front() == '[') {
        auto const end = text.find(']');
        if (end == std::string_view::npos || !parse_address(text.substr(1, end - 1))) return false;
        port = text.substr(end + 1);
        host = {};
    } else if (auto const colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
        if (host.empty()) return false;
    }
    bool const name = std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_';
    });
    if (port.empty()) return name;
    return name && port.front() == ':' && port.size() >= 2 && port.size() <= 6 &&
           std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void apply_forwarded(std::span<Field const> headers, Networks const& trusted, Origin& origin) {
    if (!trusted.hold(origin.client)) return;
    auto const elements = list_of(headers, "Forwarded");
    for (auto element = elements.rbegin(); element != elements.rend() && trusted.hold(origin.client); ++element) {
        auto const client = take_element(*element, origin);
        if (!parse_address(client)) break; // "unknown" or a made-up name: nothing further left can be trusted
        origin.client = client;
    }
    auto const prefixes = list_of(headers, "X-Forwarded-Prefix");
    if (!prefixes.empty()) take_prefix(prefixes.back(), origin);
    if (!elements.empty()) return;

    auto const clients = list_of(headers, "X-Forwarded-For");
    for (auto client = clients.rbegin(); client != clients.rend() && trusted.hold(origin.client); ++client) {
        auto const address = bare_address(*client);
        if (!parse_address(address)) break;
        origin.client = address;
    }
    auto const schemes = list_of(headers, "X-Forwarded-Proto");
    if (!schemes.empty()) take_scheme(schemes.back(), origin);
    auto const hosts = list_of(headers, "X-Forwarded-Host");
    if (!hosts.empty()) take_host(hosts.back(), origin);
}

} // namespace volutus::kernel::gateway

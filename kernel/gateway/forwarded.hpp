// How the client sees this server, when proxies that the operator trusts stand in between.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::gateway {

struct Field;

// Addresses "10.0.0.0/8", "::1" that belong to the operator's proxies.
class Networks {
public:
    Networks() = default;
    explicit Networks(std::vector<std::string> const& texts); // Error invalid names the text that is no network
    bool hold(std::string_view address) const;
    bool empty() const { return networks_.empty(); }

private:
    struct Network {
        std::array<std::uint8_t, 16> address; // IPv4 as ::ffff:a.b.c.d
        unsigned prefix;
    };
    std::vector<Network> networks_;
};

struct Origin {
    std::string scheme; // "http" or "https"
    std::string host;   // with the port, if it was given: "cloud.example:8443"
    std::string prefix; // what a proxy cut off the path: "" or "/cloud"
    std::string client; // the address of the client
};

// `origin` comes in as the socket and Host say. Forwarded counts before X-Forwarded-For, -Proto, -Host and -Prefix;
// neither counts unless origin.client is of `trusted`. Lists are read from the right, the nearest proxy's end, and on
// to the left only while the element's own "for" is trusted too: what lies beyond is a client's invention. Values that
// are no host, scheme or path are passed over.
void apply_forwarded(std::span<Field const> headers, Networks const& trusted, Origin& origin);

// What counts as one client where many are bounded together: an IPv4 address, or the network of 64 bits that an IPv6
// host has for itself. What is no address stands for itself.
std::string client_of(std::string_view address);

bool valid_host(std::string_view text); // host, address or [address], with an optional port

} // namespace volutus::kernel::gateway

// Addresses as they come from documents, checked and in one spelling. Whatever goes into a command, a ruleset or a
// configuration file has passed through here, so none of these can be made to say something else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace volutus::network::on_linux {

struct Cidr {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{}; // the first 4 for IPv4
    unsigned length = 0;                  // of the prefix

    // "10.0.0.3", "10.0.0.3/24", "fd00::1/64"; Code::invalid names `what` otherwise.
    static Cidr parse(std::string const& text, char const* what);

    unsigned width() const { return v6 ? 128 : 32; }
    bool whole() const { return length == width(); } // one address
    bool contains(Cidr const& address) const;
    Cidr network() const;        // with the host's bits cleared
    std::string address() const; // without the length
    std::string text() const;    // with the length
    std::string shortest() const { return whole() ? address() : text(); }
    friend bool operator==(Cidr const&, Cidr const&) = default;
};

std::string checked_mac(std::string const& mac);            // in lower case
std::string const& checked_id(std::string const& id);       // letters, digits, '-', '_'; at most 64
std::string const& checked_device(std::string const& name); // a name that Linux gives a link
std::string checked_hostname(std::string const& name);      // one label; "" stays
std::string link_local_of(std::string const& mac);          // the address that a guest forms from its MAC (EUI-64)

} // namespace volutus::network::on_linux

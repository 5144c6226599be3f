// The names that the driver gives on the host. All begin with the cloud's prefix, so that several clouds live on one
// host and each can be cleared away by its names alone; the link names' third part is hexadecimal, so a longer prefix
// of another cloud is never taken for ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace volutus::network::on_linux {

class Names {
public:
    explicit Names(std::string prefix); // Code::invalid: 1 to 4 lower-case letters and digits, a letter first
    std::string const& prefix() const { return prefix_; }

    // Links, at most 15 characters: the prefix, a letter, and ten digits that stand for the id.
    std::string bridge(std::string_view network) const { return link('n', network); }
    std::string outside(std::string_view port) const { return link('p', port); } // the end of a pair on the bridge
    std::string inside(std::string_view port) const { return link('q', port); }  // its end in a namespace
    std::string host_gateway(std::string_view network) const { return link('g', network); }
    std::string vlan(std::string_view network) const { return link('v', network); }
    bool is_link(char kind, std::string_view name) const;

    std::string network_namespace(std::string_view network) const;
    std::string router_namespace(std::string_view router) const;
    std::optional<std::string> router_of(std::string_view name) const; // the id in a namespace's name
    std::string const& table() const { return prefix_; }

private:
    std::string link(char kind, std::string_view id) const;
    std::string prefix_;
};

} // namespace volutus::network::on_linux

// Tells the neighbours on a link who has an IPv4 address now: gratuitous ARP.
#pragma once

#include "addresses.hpp"

#include <string>
#include <vector>

namespace volutus::network::on_linux {

// In the namespace of the thread that calls. A link that is down announces nothing.
void announce(std::string const& link, std::string const& mac, std::vector<Cidr> const& addresses);

} // namespace volutus::network::on_linux

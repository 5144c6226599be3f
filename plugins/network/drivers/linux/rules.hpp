// Security rules in nftables' words.
#pragma once

#include <volutus/contract/network.hpp>

#include <string>

namespace volutus::network::on_linux {

// The set of the members' addresses of a group: version 4 or 6.
std::string members_set(unsigned version, std::string const& group);

// A rule that accepts what `rule` allows, without its chain. Code::invalid names what is wrong with it.
std::string accepting(Rule const& rule);

} // namespace volutus::network::on_linux

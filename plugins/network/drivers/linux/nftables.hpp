// libnftables: rulesets as text. One text is one transaction: all of it or nothing, and no packet sees half of it. Works
// on the network namespace of the thread that calls. Any thread.
#pragma once

#include <volutus/json.hpp>

#include <string>

namespace volutus::network::on_linux {

// Code::conflict where something is still in use, Code::not_found where something named is missing, else internal.
void nft_apply(std::string const& ruleset);

// What `nft -j list ...` shows; empty where that is not there.
json::array nft_show(std::string const& what);

} // namespace volutus::network::on_linux

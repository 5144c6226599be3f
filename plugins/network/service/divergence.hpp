// Where the host differs from the documents, apart from what is due and so will be told the driver anyway.
#pragma once

#include "due.hpp"

#include <volutus/contract/network.hpp>
#include <volutus/store.hpp>

#include <string>
#include <vector>

namespace volutus::network_service {

struct Divergence {
    std::string where, what; // for people
    std::string mends;       // id of the Due by which the driver is told again; "" = there is none
};
std::vector<Divergence> divergences(Store& store, network::Inventory const& there);
// Makes due what mends them; the realiser does the rest.
void tell_again(Store& store, std::vector<Divergence> const& found);

} // namespace volutus::network_service

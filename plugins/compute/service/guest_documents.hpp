// The documents that a guest reads about itself, on its config drive and from the metadata service.
#pragma once

#include "server.hpp"

#include <volutus/contract/hypervisor.hpp>

namespace volutus::compute {

json::object meta_data_of(Server const& server);
json::object network_data_of(std::vector<ports::Nic> const& nics);
std::vector<hypervisor::File> config_drive_of(Server const& server, std::vector<ports::Nic> const& nics);

} // namespace volutus::compute

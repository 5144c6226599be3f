// What of servers is shown otherwise than it is kept.
#pragma once

#include "server.hpp"

#include <volutus/request.hpp>

namespace volutus::compute {

json::object shown_addresses(Request& request, Server const& server);
json::object flavor_reference(Request& request, Server const& server);
json::object embedded_flavor(Request& request, Server const& server);
json::value shown_image(Request& request, Server const& server);
json::array server_links(Request& request, Server const& server);
std::string shown_config_drive(Request& request, Server const& server);
std::string shown_host_id(Request& request, Server const& server);
std::string host_status(Request& request, Server const& server);
std::optional<std::string> shown_host(Request& request, Server const& server);
std::string shown_instance_name(Request& request, Server const& server);
json::array shown_groups(Request& request, Server const& server);
json::array no_volumes(Request& request, Server const& server);
json::array no_groups(Request& request, Server const& server);
std::optional<std::string> nothing_known(Request& request, Server const& server);
std::string root_device(Request& request, Server const& server);
std::int64_t no_progress(Request& request, Server const& server);
json::value shown_fault(Request& request, Server const& server);
std::string shown_status(Request& request, Server const& server);
std::string shown_vm_state(Request& request, Server const& server);
// Leaves out what an API's server has only in some states.
void fit_state(Request& request, Server const& server, json::object& shown);

json::object address_of(std::string const& address, std::uint32_t version);

} // namespace volutus::compute

// Network namespaces with a name, as `ip netns` keeps them under /run/netns. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace volutus::network::on_linux {

bool has_namespace(std::string const& name);
std::uint64_t number_of_namespace(std::string const& name); // another after it was made anew; 0 = not there
void ensure_namespace(std::string const& name);             // its loopback is up
void remove_namespace(std::string const& name);             // with all links in it
std::vector<std::string> namespaces();                      // names, sorted

// Runs `work` in the namespace and waits for it; what it throws is thrown here. Sockets that it opens and programs that
// it starts stay in the namespace. The work gets a thread of its own, for a thread that could not be brought back to the
// host's namespace would do all later work in the wrong place.
void in_namespace(std::string const& name, std::function<void()> const& work);
// As in_namespace(), in one that has no name and ends with the work.
void in_new_namespace(std::function<void()> const& work);

// Writes a value below /proc/sys/net of the caller's namespace, such as ("ipv4/ip_forward", "1").
void set_kernel_parameter(std::string const& name, std::string const& value);

} // namespace volutus::network::on_linux

// Runs a program of the host to its end: never through a shell, with a small environment of its own.
#pragma once

#include <volutus/call.hpp>

#include <string>
#include <vector>

namespace volutus::compute::libvirt {

// What the program wrote to standard output, of which at most 1 MiB is taken. Code::internal, with what it wrote to
// standard error, when it ends with another code than 0; when the call is cancelled or its deadline comes, the program
// is killed first.
std::string run_program(Call& call, std::vector<std::string> const& arguments);

} // namespace volutus::compute::libvirt

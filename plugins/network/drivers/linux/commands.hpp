// Programs of the host: started with their arguments, never by a shell, from this one place. A program lives in the
// network namespace of the thread that starts it. Any thread.
#pragma once

#include <volutus/json.hpp>

#include <string>
#include <vector>

namespace volutus::network::on_linux {

struct Finished {
    int status = 0; // exit status; 128 + n when signal n ended it
    std::string output, errors;
};

// Waits for its end; one that takes longer than 30 s is killed. Output and errors are kept up to 8 MiB each. Throws
// Code::unavailable where the program cannot be started.
Finished run(std::vector<std::string> const& arguments, std::string const& input = {});

// As run(), but a failure throws Code::internal with what the program said.
std::string run_well(std::vector<std::string> const& arguments, std::string const& input = {});

// Lines for `ip -batch`, in the network namespace of that name ("" = the host's). Nothing is run for no lines.
void ip_batch(std::string const& name_space, std::vector<std::string> const& lines);

// What `ip -j ...` shows.
json::array ip_show(std::string const& name_space, std::vector<std::string> const& arguments);

} // namespace volutus::network::on_linux

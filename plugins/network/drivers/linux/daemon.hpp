// A program that goes on when the plugin ends, found again by the file that it wrote its number into.
#pragma once

#include "descriptor.hpp"

#include <volutus/world.hpp>

#include <string>

namespace volutus::network::on_linux {

class Daemon {
public:
    // A number in a file may be another program's by now: it is ours if `sign` stands in its command line.
    Daemon(std::string pid_file, std::string sign) : pid_file_(std::move(pid_file)), sign_(std::move(sign)) {}

    std::string const& pid_file() const { return pid_file_; }
    bool signal(int number) const; // false where it does not run; 0 only looks

    // Asks it to end, and after the patience makes it. Returns when it has ended; unavailable where it lives on even so.
    void stop(world::Duration patience = std::chrono::seconds(10)) const;

private:
    // Keeps its number from passing on to another program. None where it does not run.
    Descriptor find() const;

    std::string pid_file_, sign_;
};

} // namespace volutus::network::on_linux

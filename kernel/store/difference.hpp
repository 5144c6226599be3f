// What the prover finds: a place where two things that must agree do not.
#pragma once

#include <string>

namespace volutus::kernel::store {

struct Difference {
    std::string place;    // such as "compute.server 6f1c..., unique key" or "account project-1/cores"
    std::string expected; // what it should be, by what it is derived from
    std::string found;
};

} // namespace volutus::kernel::store

// What a server is made of: its size, and what is said about its kind.
#pragma once

#include <volutus/store.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::compute {

struct Flavor : Stored {
    std::string id, name;
    std::int64_t ram = 0, vcpus = 0, disk = 0, ephemeral = 0, swap = 0; // MiB, -, GiB, GiB, MiB
    double rxtx_factor = 1.0;
    bool is_public = true, disabled = false;
    std::optional<std::string> description;
    std::map<std::string, std::string> extra_specs;
    std::vector<std::string> projects; // that may use it while it is not public
    std::string created_at, updated_at;
};
Resource const& resource_of(Flavor const*);

} // namespace volutus::compute

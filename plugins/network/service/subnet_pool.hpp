#pragma once

#include "standard.hpp"

namespace volutus::network_service {

struct SubnetPool : Standard {
    std::vector<std::string> prefixes;
    std::optional<std::int64_t> default_prefixlen, min_prefixlen, max_prefixlen, default_quota;
    std::int64_t ip_version = 4;
    bool shared = false, is_default = false;
    std::string audience;
};
Resource const& resource_of(SubnetPool const*);

} // namespace volutus::network_service

// The toy service's one resource.
#pragma once

#include <volutus/store.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace volutus::toy_service {

struct Widget : Stored {
    std::string id, project_id, name, status;
    std::string colour;
    std::int64_t size = 1;
    std::optional<std::int64_t> serial; // given while it is placed, free again when it is gone
    std::optional<std::string> fault;   // why it is in error
    std::string created_at, updated_at;
};
Resource const& resource_of(Widget const*);

} // namespace volutus::toy_service

// [plugin.image_service.config]
#pragma once

#include <cstdint>

namespace volutus::image_service {

struct Settings {
    std::int64_t size_limit = 0;  // bytes of one image
    std::int64_t quota_count = 0; // images of a project; -1 = unlimited
    std::int64_t quota_mib = 0;   // of all images of a project; -1 = unlimited
};

} // namespace volutus::image_service

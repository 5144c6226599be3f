// Bounds of what one image may hold, and of one patch.
#pragma once

#include <cstddef>

namespace volutus::image_service {

inline constexpr std::size_t most_tags = 128;
inline constexpr std::size_t most_properties = 128;
inline constexpr std::size_t most_members = 128;
inline constexpr std::size_t most_changes = 1000;
inline constexpr std::size_t longest_name = 255; // of an image, a tag, a property

} // namespace volutus::image_service

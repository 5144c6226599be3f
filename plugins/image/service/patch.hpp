// The JSON patches of the image API: a list of add, replace and remove, each of one top-level key of the image.
#pragma once

#include "image.hpp"

#include <volutus/request.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace volutus::image_service {

inline constexpr std::string_view patch_type = "application/openstack-images-v2.1-json-patch";
inline constexpr std::string_view older_patch_type = "application/openstack-images-v2.0-json-patch";

struct Change {
    enum class Does { add, replace, remove };
    Does does = Does::add;
    std::string key; // unescaped
    json::value value;
};

// `older`: {"replace": "/name", "value": ...} instead of {"op": "replace", "path": "/name", "value": ...}.
std::vector<Change> read_patch(json::value const& document, bool older);

// Throws forbidden for what the service alone sets, conflict for what is not there, invalid for a bad value.
void apply_change(Change const& change, Image& image);

// Throws forbidden where a body names what the service alone sets.
void refuse_fixed(json::object const& body);

} // namespace volutus::image_service

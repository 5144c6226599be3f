// Who sees which image. Policy rules decide what one may do; this decides what is there for one at all: an image is seen
// by its owner, by everybody where it is public or community, and by its members where it is shared.
#pragma once

#include "image.hpp"

#include <volutus/request.hpp>

namespace volutus::image_service {

struct Viewer {
    std::string project;
    bool everything = false; // an operator, or the cloud itself
};
Viewer viewer_of(Request& request);
Viewer viewer_of(Call const& call); // of a contract's call

bool sees(Viewer const& viewer, Image const& image);
bool owns(Viewer const& viewer, Image const& image);

// The names under which lists find an image: "*" for everybody, "community", a project's id for its own, and
// "<status>:<project>" for a member.
std::vector<std::string> audience_of(Image const& image);
std::string as_member(std::string_view status, std::string_view project);

// Of the path's {image_id}: what the caller sees and the route's policy lets him use. What he does not see is missing;
// what he sees and may not use is forbidden.
Image find(Request& request);
json::object target_of(Request& request, Image const& image); // what policy rules about an image are told

// An image to be written: with its derived fields brought up to date.
Writes stored(Image& image);

} // namespace volutus::image_service

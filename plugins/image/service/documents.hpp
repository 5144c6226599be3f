// What the API says of itself: its versions, and JSON Schemas of what it shows.
#pragma once

#include <volutus/request.hpp>

namespace volutus::image_service {

struct Document : Stored {
    std::string id;
};
Resource const& resource_of(Document const*);

Reply versions(Request& request);
Reply image_schema(Request& request);
Reply images_schema(Request& request);
Reply member_schema(Request& request);
Reply members_schema(Request& request);
Reply import_methods(Request& request);

} // namespace volutus::image_service

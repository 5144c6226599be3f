// What is done to images but for their data.
#pragma once

#include "access.hpp"
#include "settings.hpp"

#include <volutus/contract/images.hpp>

namespace volutus::image_service {

inline constexpr std::string_view count_quota = "image_count_total";
inline constexpr std::string_view size_quota = "image_size_total"; // MiB

class Images {
public:
    explicit Images(Settings const& settings) : settings_(settings) {}

    Reply create(Request& request);
    Reply list(Request& request);
    Reply show(Request& request);
    Reply update(Request& request);
    Reply remove(Request& request);
    Reply deactivate(Request& request);
    Reply reactivate(Request& request);
    Reply add_tag(Request& request);
    Reply remove_tag(Request& request);

private:
    Settings const& settings_;
};

// What an image with data holds of its project's quota; nothing for one without.
Writes claim_size(Image const& image, Settings const& settings);

// Refusals of the API's own that no error code of the platform stands for, such as 410 and 415.
Reply refusal(Request const& request, unsigned status, std::string_view message);
// Rules about values, not about whose image it is: who may make an image public, for one.
void check_visibility(Request& request, Image const& image, std::string_view wanted);

} // namespace volutus::image_service

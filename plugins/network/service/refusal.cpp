#include "refusal.hpp"

#include <fmt/format.h>

namespace volutus::network_service {

void refuse(Code code, std::string_view type, std::string const& message) {
    throw Error(code, message, json::print(json::object{{"type", type}}));
}

void refuse_bad_request(std::string const& message) { refuse(Code::invalid, "BadRequest", message); }

void refuse_input(std::string const& message) { refuse(Code::invalid, "InvalidInput", message); }

Reply error_form(Failure const& failure, ServiceTraits const& traits) {
    auto told = failure;
    auto const* resource = failure.details.if_contains("resource");
    if (failure.code == Code::over_quota && resource && resource->is_string())
        told.message = fmt::format("Quota exceeded for resources: ['{}'].", json::view(resource->get_string()));
    return errors::typed(told, traits);
}

std::string detail_of(Error const& error, std::string_view key) {
    if (error.details().empty()) return {};
    auto const details = json::parse_object(error.details());
    auto const* value = details.if_contains(key);
    return value && value->is_string() ? json::text(*value) : std::string();
}

} // namespace volutus::network_service
